//! What snapshots need of a disk. Main traits: [`Disk`], [`Content`].

use std::ffi::OsString;
use std::io::{self, Read, Seek, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link.
    Link,
    /// Something that is made anew by whoever needs it: a socket, a pipe, a device. The word for it.
    Other(&'static str),
}

/// An extended attribute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
pub struct Xattr {
    /// Its name, with its namespace.
    pub name: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// What a file system keeps about a file, folder or link beside its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Attributes {
    /// The mode's permission bits, with set-user, set-group and sticky.
    pub mode: u32,
    /// The owner's number.
    pub uid: u32,
    /// The group's number.
    pub gid: u32,
    /// When its content last changed: seconds since the epoch.
    pub seconds: i64,
    /// And nanoseconds after that.
    pub nanos: u32,
    /// Its extended attributes, in order. Access control lists are among them.
    pub xattrs: Vec<Xattr>,
}

/// What is seen at a path, without following a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// What it is.
    pub kind: Kind,
    /// The size of a file in bytes.
    pub size: u64,
    /// Whether less than that is kept on the disk: the file has holes.
    pub has_holes: bool,
    /// What tells this file from every other: two paths with the same are one file.
    pub identity: (u64, u64),
    /// How many paths it has.
    pub names: u64,
    /// What is kept about it.
    pub attributes: Attributes,
}

/// A file that is being written.
pub trait Content: Write {
    /// Goes on at `offset`; what lies between is a hole.
    ///
    /// # Errors
    /// As the system's own call.
    fn skip_to(&mut self, offset: u64) -> io::Result<()>;

    /// Sets the size.
    ///
    /// # Errors
    /// As the system's own call.
    fn set_size(&mut self, size: u64) -> io::Result<()>;

    /// Makes what was written survive a loss of power. The file's name is the folder's to keep.
    ///
    /// # Errors
    /// As the system's own call.
    fn sync(&mut self) -> io::Result<()>;
}

/// A disk. Every method that changes something is one step: a kill comes before it or after it, and in the middle of a
/// write. A rename happens as a whole or not at all.
///
/// # Errors
/// Each method fails as the system's own call does.
#[expect(clippy::missing_errors_doc, reason = "said once for all of them")]
pub trait Disk {
    /// A file that is being read.
    type Reader: Read + Seek;
    /// A file that is being written.
    type Writer: Content;

    /// Looks at a path without following a link.
    fn look(&self, path: &Path) -> io::Result<Look>;

    /// Returns the names in a folder, in order.
    fn list(&self, path: &Path) -> io::Result<Vec<OsString>>;

    /// Returns what a link points to.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;

    /// Opens a file that is no link.
    fn open(&self, path: &Path) -> io::Result<Self::Reader>;

    /// Returns where a file has content, in order; all between is holes.
    fn extents(&self, path: &Path) -> io::Result<Vec<Range<u64>>>;

    /// Makes a file that was not there.
    fn create(&self, path: &Path) -> io::Result<Self::Writer>;

    /// Makes a folder that was not there.
    fn create_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes a symbolic link that was not there.
    fn create_link(&self, target: &Path, path: &Path) -> io::Result<()>;

    /// Gives a file another name beside the one that it has.
    fn add_name(&self, existing: &Path, path: &Path) -> io::Result<()>;

    /// Sets what is kept about a path, without following a link; extended attributes that are not named are removed.
    fn set(&self, path: &Path, attributes: &Attributes) -> io::Result<()>;

    /// Gives something another name, in place of the file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file or link.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and all that is in it, in as many steps as there are things.
    fn remove_tree(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a folder survive a loss of power.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Makes everything below a folder survive a loss of power: names, content and attributes.
    fn sync_below(&self, path: &Path) -> io::Result<()>;
}
