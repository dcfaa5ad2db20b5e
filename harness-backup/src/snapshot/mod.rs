//! Raw snapshots of an app's volumes, taken and restored only while nothing of the app runs. Main functions: [`take`],
//! [`restore`], [`recover`]; main type: [`Shelf`].
//!
//! A snapshot is one archive per volume, `tar` in `zstd` (so `tar --zstd -x` reads it without this program), and a
//! manifest with the digests of both. Each volume is streamed, so that memory stays flat; what is new is made beside what
//! is old and takes its place at once; a kill at any moment leaves, after [`recover`], the old or the new, whole.
//!
//! ```
//! use harness_backup::snapshot::{Shelf, Volume, Witness, recover, restore, take};
//! use harness_core::name::StackName;
//!
//! /// Looks for tasks of the stack; here there are never any.
//! struct Nothing(StackName);
//!
//! impl Witness for Nothing {
//!     fn stack(&self) -> &StackName {
//!         &self.0
//!     }
//!     fn tasks(&self) -> Result<Vec<String>, String> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let folder = camino::Utf8Path::from_path(folder.path()).ok_or("not UTF-8")?;
//! # let path = folder.join("volume");
//! # std::fs::create_dir(&path)?;
//! let witness = Nothing(StackName::try_from("blog_example_org".to_owned())?);
//! let volumes = [Volume { name: "content".to_owned(), path: path.clone() }];
//! let shelf = Shelf::new(folder.join("blog"));
//!
//! std::fs::write(path.join("post"), "hello")?;
//! let taken = take(&volumes, &shelf, &witness)?;
//! assert_eq!(taken.manifest.volumes[0].entries, 1);
//!
//! std::fs::write(path.join("post"), "lost")?;
//! recover(&shelf, &witness)?; // at every start
//! restore(&shelf, &volumes, &witness)?;
//! assert_eq!(std::fs::read_to_string(path.join("post"))?, "hello");
//! # Ok(())
//! # }
//! ```

mod digest;
mod failure;
mod inodes;
mod manifest;
mod memory;
mod pack;
mod pax;
mod real;
mod recover;
mod restore;
mod seam;
mod swap;
mod take;
mod unpack;
mod verify;
mod witness;

pub use digest::Digest;
pub use failure::DiskError;
pub use manifest::{Kept, Manifest, Packing, Shelf, ShelfError, Volume};
pub use memory::{Crash, MemoryDisk, MemoryFile};
pub use real::{RealDisk, RealFile};
pub use recover::{RecoverError, Recovered, RecoveredRestore, recover};
pub use restore::{RestoreError, restore};
pub use seam::{Attributes, Content, Disk, Kind, Look, Xattr};
pub use take::{TakeError, Taken, take};
pub use verify::verify;
pub use witness::{StillDeployed, Witness};

#[cfg(test)]
mod kill_tests;
#[cfg(test)]
mod real_tests;
