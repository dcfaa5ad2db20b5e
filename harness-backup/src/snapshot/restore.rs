//! Restoring a snapshot. Main items: [`restore`], [`RestoreError`].

use std::io::{self, BufReader, Read};

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::StackName;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::digest::{Digest, Digesting};
use super::failure::{At as _, DiskError};
use super::manifest::{FORMAT, Kept, Manifest, Shelf, ShelfError, Volume};
use super::recover::{RecoverError, recover};
use super::seam::{Attributes, Disk};
use super::swap::{NEW, STAGING, stage, swap, unstage};
use super::unpack::{UnpackError, unpack};
use super::witness::{StillDeployed, Witness, undeployed};

/// The file that says that a restore is under way, and how far it is.
pub(super) const JOURNAL: &str = "restore.json";

/// A restore that is under way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Journal {
    pub(super) format: u32,
    pub(super) step: JournalStep,
    pub(super) volumes: Vec<Journaled>,
}

/// How far a restore is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum JournalStep {
    /// The new content is staged beside the old: a kill undoes it.
    Staging,
    /// The new content is whole and takes the old one's place: a kill is followed by the rest of it.
    Swapping,
}

/// A volume that is being restored.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Journaled {
    pub(super) path: Utf8PathBuf,
    /// What its own folder had.
    pub(super) before: Attributes,
    /// What its own folder is to have.
    pub(super) after: Attributes,
}

/// The volumes were not restored: each is as it was, or as it is to be once the shelf is recovered.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The stack is deployed, or may be.
    #[error(transparent)]
    Deployed(#[from] StillDeployed),
    /// What was left by one that was killed could not be cleared up.
    #[error("cannot clear up what was left on the shelf")]
    Recover(#[from] RecoverError),
    /// The shelf cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// There is no snapshot.
    #[error("there is no snapshot in {0}: take one first")]
    None(Utf8PathBuf),
    /// It is another stack's.
    #[error("the snapshot in {folder} is of stack `{found}`, and `{expected}` is to be restored")]
    OtherStack {
        /// Where it is.
        folder: Utf8PathBuf,
        /// Whose volumes it holds.
        found: StackName,
        /// Whose volumes were given.
        expected: StackName,
    },
    /// It holds other volumes than were given.
    #[error("the snapshot holds the volumes {}, and {} were given: create or name the same", list(.kept), list(.given))]
    OtherVolumes {
        /// Those that it holds.
        kept: Vec<String>,
        /// Those that were given.
        given: Vec<String>,
    },
    /// An archive is not what was written.
    #[error("the archive of volume `{volume}` is damaged: {reason}")]
    Damaged {
        /// The volume.
        volume: String,
        /// What was found.
        reason: String,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".to_owned() } else { format!("`{}`", names.join("`, `")) }
}

/// Puts what the snapshot holds in the place of what the volumes hold. Nothing of that is touched before every archive
/// has been read to its end and is what was written; a kill at any moment leaves, once [`recover`] was called, all
/// volumes as they were or all as the snapshot has them.
///
/// It blocks until it is done.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore<D: Disk>(
    shelf: &Shelf<D>,
    volumes: &[Volume],
    witness: &impl Witness,
) -> Result<Manifest, RestoreError> {
    undeployed(witness)?;
    recover(shelf, witness)?;
    let manifest = wanted(shelf, volumes, witness)?;
    let disk = &shelf.disk;
    let mut journaled = Vec::new();
    for volume in volumes {
        let kept = of(&manifest, volume)?;
        let seen = disk.look(volume.path.as_std_path()).at("look at", &volume.path)?;
        let (before, after) = (seen.attributes, kept.root.clone());
        journaled.push(Journaled { path: volume.path.clone(), before, after });
    }
    let mut journal = Journal { format: FORMAT, step: JournalStep::Staging, volumes: journaled };
    shelf.set_record(JOURNAL, &journal)?;
    let whole = staged(shelf, volumes, &manifest, witness).and_then(|()| {
        journal.step = JournalStep::Swapping;
        Ok(shelf.set_record(JOURNAL, &journal)?)
    });
    if let Err(error) = whole {
        // What cannot be undone now is at the next start. If only the last sync failed, it is to be finished then.
        let step = shelf.record::<Journal>(JOURNAL).ok().flatten().map(|now| now.step);
        if step == Some(JournalStep::Staging) {
            drop(undo(shelf, &journal));
        }
        return Err(error);
    }
    finish(shelf, &journal)?;
    Ok(manifest)
}

/// Returns what the snapshot holds, if that is what was asked for.
fn wanted<D: Disk>(
    shelf: &Shelf<D>,
    volumes: &[Volume],
    witness: &impl Witness,
) -> Result<Manifest, RestoreError> {
    let folder = shelf.folder.clone();
    let Some(manifest) = shelf.snapshot()? else { return Err(RestoreError::None(folder)) };
    if manifest.stack != *witness.stack() {
        let (found, expected) = (manifest.stack, witness.stack().clone());
        return Err(RestoreError::OtherStack { folder, found, expected });
    }
    let mut kept: Vec<String> = manifest.names().map(str::to_owned).collect();
    let mut given: Vec<String> = volumes.iter().map(|volume| volume.name.clone()).collect();
    kept.sort();
    given.sort();
    if kept == given { Ok(manifest) } else { Err(RestoreError::OtherVolumes { kept, given }) }
}

fn of<'a>(manifest: &'a Manifest, volume: &Volume) -> Result<&'a Kept, RestoreError> {
    let kept = manifest.volumes.iter().find(|kept| kept.name == volume.name);
    kept.ok_or_else(|| RestoreError::OtherVolumes {
        kept: manifest.names().map(str::to_owned).collect(),
        given: vec![volume.name.clone()],
    })
}

/// Unpacks everything beside what the volumes hold, so that it survives a loss of power.
fn staged<D: Disk>(
    shelf: &Shelf<D>,
    volumes: &[Volume],
    manifest: &Manifest,
    witness: &impl Witness,
) -> Result<(), RestoreError> {
    let data = shelf.data(manifest.generation);
    for volume in volumes {
        let kept = of(manifest, volume)?;
        stage(&shelf.disk, volume.path.as_std_path())?;
        let into = volume.path.join(STAGING).join(NEW);
        opened(shelf, &data, kept, |content| {
            unpack(&shelf.disk, content, into.as_std_path(), shelf.packing.chunk)
        })?;
        shelf.disk.sync_below(volume.path.as_std_path()).at("keep", &volume.path)?;
    }
    Ok(undeployed(witness)?)
}

/// Reads an archive to its end, lets `act` read the tar in it, and checks that both are what was written.
pub(super) fn opened<D: Disk>(
    shelf: &Shelf<D>,
    data: &Utf8Path,
    kept: &Kept,
    act: impl FnOnce(&mut dyn Read) -> Result<(), UnpackError>,
) -> Result<(), RestoreError> {
    let damaged = |reason: String| RestoreError::Damaged { volume: kept.name.clone(), reason };
    let path = data.join(&kept.file);
    let file = match shelf.disk.open(path.as_std_path()) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(damaged(format!("{path} is not there")));
        }
        Err(error) => return Err(DiskError::new("open", &path, error).into()),
    };
    let chunk = shelf.packing.chunk;
    let file = BufReader::with_capacity(chunk, Digesting::new(file));
    let decoder = zstd::Decoder::with_buffer(file).at("decompress", &path)?;
    let mut content = BufReader::with_capacity(chunk, Digesting::new(decoder));
    act(&mut content).map_err(|error| match error {
        UnpackError::Damaged(reason) => damaged(reason),
        UnpackError::Disk(error) => RestoreError::Disk(error),
    })?;
    io::copy(&mut content, &mut io::sink())
        .map_err(|e| damaged(format!("it cannot be read: {e}")))?;
    let (seen, decoder) = content.into_inner().finish();
    same("content", &kept.content, &seen).map_err(damaged)?;
    let mut file = decoder.finish();
    io::copy(&mut file, &mut io::sink()).at("read", &path)?;
    let (seen, _) = file.into_inner().finish();
    same("file", &kept.compressed, &seen).map_err(damaged)
}

fn same(what: &str, expected: &Digest, seen: &Digest) -> Result<(), String> {
    if expected == seen {
        Ok(())
    } else {
        Err(format!("its {what} is {seen}, and {expected} was written"))
    }
}

/// Removes what was staged.
pub(super) fn undo<D: Disk>(shelf: &Shelf<D>, journal: &Journal) -> Result<(), DiskError> {
    for volume in &journal.volumes {
        unstage(&shelf.disk, volume.path.as_std_path(), Some(&volume.before))?;
    }
    shelf.remove_record(JOURNAL)
}

/// Puts what was staged in its place, in every volume.
pub(super) fn finish<D: Disk>(shelf: &Shelf<D>, journal: &Journal) -> Result<(), DiskError> {
    for volume in &journal.volumes {
        swap(&shelf.disk, volume.path.as_std_path(), &volume.after)?;
    }
    shelf.remove_record(JOURNAL)
}
