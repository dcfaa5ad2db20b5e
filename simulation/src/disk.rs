//! The disk of a simulated process: in memory, and perhaps used in a wrong way. Main type: [`PlayedDisk`].

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use runner::disk::{Disk, Entry, MemoryDisk};

/// A disk in memory, as one process uses it.
#[derive(Clone, Debug)]
pub(crate) struct PlayedDisk {
    pub(crate) memory: MemoryDisk,
    /// Files are written where they stand, not beside.
    pub(crate) in_place: bool,
}

impl Disk for PlayedDisk {
    fn create_folder(&self, path: &Utf8Path) -> io::Result<()> {
        self.memory.create_folder(path)
    }

    fn create_folders(&self, path: &Utf8Path) -> io::Result<()> {
        self.memory.create_folders(path)
    }

    fn canonical(&self, path: &Utf8Path) -> io::Result<Utf8PathBuf> {
        self.memory.canonical(path)
    }

    fn write(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        self.memory.write(path, bytes)
    }

    fn append(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        self.memory.append(path, bytes)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        self.memory.rename(from, to)
    }

    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.memory.read(path)
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Entry>> {
        self.memory.list(path)
    }

    fn remove_file(&self, path: &Utf8Path) -> io::Result<()> {
        self.memory.remove_file(path)
    }

    fn remove_folder(&self, path: &Utf8Path) -> io::Result<()> {
        self.memory.remove_folder(path)
    }

    fn remove_folders(&self, path: &Utf8Path) -> io::Result<()> {
        self.memory.remove_folders(path)
    }

    fn replace(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        if self.in_place {
            self.memory.write(path, bytes)
        } else {
            self.memory.replace(path, bytes)
        }
    }
}
