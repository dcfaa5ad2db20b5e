//! The machine's own disk. Main type: [`RealDisk`].

use std::fs::OpenOptions;
use std::io::{self, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::seam::{Disk, Entry, Kind};

/// The machine's own disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_folder(&self, path: &Utf8Path) -> io::Result<()> {
        std::fs::create_dir(path)
    }

    fn create_folders(&self, path: &Utf8Path) -> io::Result<()> {
        std::fs::create_dir_all(path)
    }

    fn canonical(&self, path: &Utf8Path) -> io::Result<Utf8PathBuf> {
        path.canonicalize_utf8()
    }

    fn write(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        std::fs::write(path, bytes)
    }

    fn append(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        // One write call: a kill tears at most what is added.
        OpenOptions::new().create(true).append(true).open(path)?.write_all(bytes)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in path.read_dir_utf8()? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_file() => Kind::File,
                kind if kind.is_dir() => Kind::Folder,
                _ => Kind::Other,
            };
            entries.push(Entry { name: entry.file_name().to_owned(), kind });
        }
        entries.sort();
        Ok(entries)
    }

    fn remove_file(&self, path: &Utf8Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Utf8Path) -> io::Result<()> {
        std::fs::remove_dir(path)
    }

    fn remove_folders(&self, path: &Utf8Path) -> io::Result<()> {
        std::fs::remove_dir_all(path)
    }
}
