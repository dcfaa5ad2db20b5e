//! What a snapshot holds. Main types: [`Manifest`], [`Shelf`].

use std::io::{self, Read as _, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::StackName;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digest::Digest;
use super::failure::{At as _, DiskError};
use super::real::RealDisk;
use super::seam::{Attributes, Content as _, Disk};

/// The version of the files on a shelf.
pub(super) const FORMAT: u32 = 1;

/// The file that names the snapshot. It is replaced as a whole, and with it the snapshot.
pub(super) const MANIFEST: &str = "snapshot.json";

/// What the names of the folders with archives begin with.
pub(super) const DATA: &str = "data-";

/// What the names of files that are being written end with.
pub(super) const PARTIAL: &str = ".new";

/// A volume of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name, which tells it from the stack's others.
    pub name: String,
    /// The folder with its content.
    pub path: Utf8PathBuf,
}

/// How archives are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packing {
    /// The level of zstd.
    pub level: i32,
    /// Threads that compress beside the one that reads; with 0 there is no other thread.
    pub workers: u32,
    /// How many bytes are read and written at a time.
    pub chunk: usize,
}

impl Default for Packing {
    fn default() -> Self {
        Self { level: 3, workers: 1, chunk: 256 << 10 }
    }
}

/// Where one app's snapshot is kept: a folder of its own, with the last one known to be good. One process at a time
/// works on it; that is its caller's to see to.
#[derive(Clone, Debug)]
pub struct Shelf<D = RealDisk> {
    pub(super) disk: D,
    pub(super) folder: Utf8PathBuf,
    pub(super) packing: Packing,
}

impl Shelf {
    /// Returns the shelf in a folder, which is made when there is something to keep.
    pub fn new(folder: impl Into<Utf8PathBuf>) -> Self {
        Self::on(RealDisk, folder)
    }
}

impl<D: Disk> Shelf<D> {
    /// Returns the shelf in a folder of a disk.
    pub fn on(disk: D, folder: impl Into<Utf8PathBuf>) -> Self {
        Self { disk, folder: folder.into(), packing: Packing::default() }
    }

    /// Sets how archives are written.
    #[must_use]
    pub fn packing(mut self, packing: Packing) -> Self {
        self.packing = packing;
        self
    }

    /// Returns what the snapshot holds, or nothing if there is none.
    ///
    /// # Errors
    /// See [`ShelfError`].
    pub fn snapshot(&self) -> Result<Option<Manifest>, ShelfError> {
        let manifest: Option<Manifest> = self.record(MANIFEST)?;
        match manifest {
            Some(manifest) if manifest.format != FORMAT => Err(ShelfError::Format {
                path: self.folder.join(MANIFEST),
                format: manifest.format,
            }),
            manifest => Ok(manifest),
        }
    }

    /// Returns the folder of a snapshot's archives.
    pub(super) fn data(&self, generation: u64) -> Utf8PathBuf {
        self.folder.join(format!("{DATA}{generation}"))
    }

    /// Reads one of the files that say how things stand.
    pub(super) fn record<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ShelfError> {
        let path = self.folder.join(name);
        let mut reader = match self.disk.open(path.as_std_path()) {
            Ok(reader) => reader,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DiskError::new("open", &path, error).into()),
        };
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).at("read", &path)?;
        let read = serde_json::from_slice(&bytes);
        read.map(Some).map_err(|source| ShelfError::Unreadable { path, source })
    }

    /// Replaces one of the files that say how things stand: a reader sees the old one or the new one, also after a loss
    /// of power.
    pub(super) fn set_record<T: Serialize>(&self, name: &str, record: &T) -> Result<(), DiskError> {
        let path = self.folder.join(name);
        let partial = self.folder.join(format!("{name}{PARTIAL}"));
        let bytes =
            serde_json::to_vec_pretty(record).map_err(io::Error::other).at("write", &path)?;
        let mut file = self.disk.create(partial.as_std_path()).at("make", &partial)?;
        file.write_all(&bytes).at("write", &partial)?;
        file.sync().at("write", &partial)?;
        self.disk.rename(partial.as_std_path(), path.as_std_path()).at("replace", &path)?;
        self.disk.sync_folder(self.folder.as_std_path()).at("keep", &path)
    }

    /// Removes one of the files that say how things stand.
    pub(super) fn remove_record(&self, name: &str) -> Result<(), DiskError> {
        let path = self.folder.join(name);
        self.disk.remove(path.as_std_path()).at("remove", &path)?;
        self.disk.sync_folder(self.folder.as_std_path()).at("keep", &self.folder)
    }
}

/// What a snapshot holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Manifest {
    pub(super) format: u32,
    /// The stack whose volumes they are.
    pub stack: StackName,
    /// Which of the shelf's snapshots it is; each is one more than the one before it.
    pub generation: u64,
    /// The volumes, as they were given.
    pub volumes: Vec<Kept>,
}

impl Manifest {
    /// Returns the names of the volumes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.volumes.iter().map(|kept| kept.name.as_str())
    }
}

/// A volume in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Kept {
    /// The volume's name.
    pub name: String,
    /// The archive's file name.
    pub(super) file: String,
    /// The archive as tar wrote it.
    pub content: Digest,
    /// The file: the same, compressed.
    pub compressed: Digest,
    /// Files, folders and links in it.
    pub entries: u64,
    /// What was left out, because whoever needs it makes it anew: sockets, pipes and devices, by name.
    pub left_out: Vec<String>,
    /// What is kept about the volume's own folder.
    pub(super) root: Attributes,
}

/// A shelf cannot be read.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A file on the shelf is not what it should be.
    #[error("{path} is damaged: expected a record in JSON; put it aside to begin anew")]
    Unreadable {
        /// The file.
        path: Utf8PathBuf,
        /// What was found.
        source: serde_json::Error,
    },
    /// A snapshot of another version of this program.
    #[error(
        "{path} is of format {format}, and only {FORMAT} is known here: use the program that wrote it"
    )]
    Format {
        /// The file.
        path: Utf8PathBuf,
        /// Its format.
        format: u32,
    },
}

/// Returns a volume's name if it can be a file's name too, as Docker's names can.
pub(super) fn is_plain(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    name.bytes().all(plain) && name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric)
}

/// Returns the archive's file name for a volume.
pub(super) fn archive_of(volume: &str) -> String {
    format!("{volume}.tar.zst")
}

/// Returns the folder above the shelf's, whose names say that it is there.
pub(super) fn above(folder: &Utf8Path) -> &Utf8Path {
    match folder.parent() {
        Some(parent) if parent != "" => parent,
        Some(_) | None => Utf8Path::new("."),
    }
}
