//! What to do at the start, where a kill may have come. Main items: [`recover`], [`RecoverError`].

use std::io;

use camino::Utf8PathBuf;
use thiserror::Error;

use super::failure::{At as _, DiskError};
use super::manifest::{DATA, FORMAT, PARTIAL, Shelf, ShelfError};
use super::restore::{JOURNAL, Journal, JournalStep, finish, undo};
use super::seam::{Disk, Kind};
use super::swap::is_there;
use super::witness::{StillDeployed, Witness, undeployed};

/// What was found on a shelf and cleared up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// What became of a restore that had been killed.
    pub restore: Option<RecoveredRestore>,
    /// Files and folders that belonged to nothing, and were removed.
    pub removed: Vec<Utf8PathBuf>,
}

/// What became of a restore that had been killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveredRestore {
    /// Nothing had been touched yet: the volumes hold what they held.
    Undone,
    /// The volumes hold what the snapshot holds.
    Finished,
}

/// What a kill left is still there.
#[derive(Debug, Error)]
pub enum RecoverError {
    /// The stack is deployed, or may be, and its volumes are in the middle of a restore.
    #[error("a restore was ended half-way and cannot be cleared up")]
    Deployed(#[from] StillDeployed),
    /// A volume in the middle of a restore is gone.
    #[error(
        "a restore was ended half-way, and {0} is not there any more: create the volume again, or remove {JOURNAL} beside the snapshot"
    )]
    Gone(Utf8PathBuf),
    /// The shelf cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Clears up what a kill left: finishes or undoes a restore, and removes what belongs to no snapshot. It may be killed
/// too, and called again. [`take`](super::take) and [`restore`](super::restore) begin with it; who deploys an app whose
/// volumes may have been restored calls it before.
///
/// # Errors
/// See [`RecoverError`].
pub fn recover<D: Disk>(
    shelf: &Shelf<D>,
    witness: &impl Witness,
) -> Result<Recovered, RecoverError> {
    let disk = &shelf.disk;
    let mut recovered = Recovered::default();
    let journal: Option<Journal> = shelf.record(JOURNAL)?;
    if let Some(journal) = journal {
        if journal.format != FORMAT {
            let path = shelf.folder.join(JOURNAL);
            return Err(ShelfError::Format { path, format: journal.format }.into());
        }
        undeployed(witness)?;
        for volume in &journal.volumes {
            if !is_there(disk, volume.path.as_std_path())? {
                return Err(RecoverError::Gone(volume.path.clone()));
            }
        }
        recovered.restore = Some(match journal.step {
            JournalStep::Staging => {
                undo(shelf, &journal)?;
                RecoveredRestore::Undone
            }
            JournalStep::Swapping => {
                finish(shelf, &journal)?;
                RecoveredRestore::Finished
            }
        });
    }
    let current = shelf.snapshot()?.map(|manifest| shelf.data(manifest.generation));
    let names = match disk.list(shelf.folder.as_std_path()) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(recovered),
        Err(error) => return Err(DiskError::new("list", &shelf.folder, error).into()),
    };
    for name in names {
        let Some(name) = name.to_str() else { continue };
        let path = shelf.folder.join(name);
        let is_data = name.starts_with(DATA) && Some(&path) != current.as_ref();
        if !is_data && !name.ends_with(PARTIAL) {
            continue;
        }
        let seen = disk.look(path.as_std_path()).at("look at", &path)?;
        if seen.kind == Kind::Folder {
            disk.remove_tree(path.as_std_path()).at("remove", &path)?;
        } else {
            disk.remove(path.as_std_path()).at("remove", &path)?;
        }
        recovered.removed.push(path);
    }
    Ok(recovered)
}
