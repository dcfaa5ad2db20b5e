//! What a disk did not do, and where. Main type: [`DiskError`].

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The disk did not do what it was asked to.
#[derive(Debug, Error)]
#[error("cannot {doing} {}", path.display())]
pub struct DiskError {
    /// What was asked of it.
    pub doing: &'static str,
    /// With what.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl DiskError {
    pub(super) fn new(doing: &'static str, path: impl AsRef<Path>, source: io::Error) -> Self {
        Self { doing, path: path.as_ref().to_owned(), source }
    }
}

/// Says what was being done when the disk refused.
pub(super) trait At<T> {
    fn at(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, DiskError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, doing: &'static str, path: impl AsRef<Path>) -> Result<T, DiskError> {
        self.map_err(|source| DiskError::new(doing, path, source))
    }
}
