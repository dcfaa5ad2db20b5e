//! What a run needs of a disk. Main trait: [`Disk`].

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// An entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What an entry of a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link or something else that is not the run's own.
    Other,
}

/// A disk. Every method is one step: a kill comes before it, after it, or in the middle of what it writes.
///
/// # Errors
/// Each method fails as the system's own call does.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them")]
pub trait Disk: Clone + std::fmt::Debug + Send + Sync + 'static {
    /// Makes a folder; one that is there is an error.
    fn create_folder(&self, path: &Utf8Path) -> io::Result<()>;

    /// Makes a folder and those above it, where they are not there.
    fn create_folders(&self, path: &Utf8Path) -> io::Result<()>;

    /// Returns the path without links and relative parts.
    fn canonical(&self, path: &Utf8Path) -> io::Result<Utf8PathBuf>;

    /// Writes a file, in place of what it held.
    fn write(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()>;

    /// Adds to the end of a file, which is made if it is not there.
    fn append(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file another name, in place of the file that has it.
    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()>;

    /// Reads a file.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;

    /// Returns what is in a folder, in order.
    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Entry>>;

    /// Removes a file.
    fn remove_file(&self, path: &Utf8Path) -> io::Result<()>;

    /// Removes an empty folder.
    fn remove_folder(&self, path: &Utf8Path) -> io::Result<()>;

    /// Removes a folder and all that is in it.
    fn remove_folders(&self, path: &Utf8Path) -> io::Result<()>;

    /// Writes a file whole beside its place, then gives it its name: a reader sees the old one or the new one.
    fn replace(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        let temporary = Utf8PathBuf::from(format!("{path}.new"));
        self.write(&temporary, bytes)?;
        self.rename(&temporary, path)
    }
}
