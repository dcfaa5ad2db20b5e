//! Taking a snapshot. Main items: [`take`], [`TakeError`].

use std::collections::BTreeSet;
use std::io::{self, BufWriter, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

use super::digest::Digesting;
use super::failure::{At as _, DiskError};
use super::manifest::{FORMAT, Kept, MANIFEST, Manifest, Shelf, ShelfError, Volume, above};
use super::manifest::{archive_of, is_plain};
use super::pack::{PackError, pack};
use super::recover::{RecoverError, recover};
use super::seam::{Content as _, Disk};
use super::witness::{StillDeployed, Witness, undeployed};

/// A snapshot that was taken, and is the shelf's only one.
#[derive(Debug)]
pub struct Taken {
    /// What it holds.
    pub manifest: Manifest,
    /// Why the one before it could not be removed; the next start tries again.
    pub old_not_removed: Option<DiskError>,
}

/// No snapshot was taken. The one before it is as it was.
#[derive(Debug, Error)]
pub enum TakeError {
    /// The stack is deployed, or may be.
    #[error(transparent)]
    Deployed(#[from] StillDeployed),
    /// There are no volumes: what would be kept is nothing.
    #[error("stack `{0}` has no volumes, and an empty snapshot would pass for a good one")]
    NoVolumes(harness_core::name::StackName),
    /// A name that cannot be told from another, or cannot name a file.
    #[error("`{0}` cannot be kept as a volume: expected names as Docker's are, each once")]
    Name(String),
    /// What was left by one that was killed could not be cleared up.
    #[error("cannot clear up what was left on the shelf")]
    Recover(#[from] RecoverError),
    /// The shelf cannot be read.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// Something changed a volume while it was read, although nothing of the stack runs.
    #[error("volume `{volume}` is in use: {path} changed while it was read")]
    InUse {
        /// The volume.
        volume: String,
        /// The file.
        path: String,
    },
    /// A volume has what a restore from another shelf left.
    #[error(
        "volume `{volume}` is in the middle of a restore: {path} is there; recover the shelf that it was restored from"
    )]
    HalfRestored {
        /// The volume.
        volume: String,
        /// What was found.
        path: String,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Takes a snapshot of the volumes and puts it in the place of the shelf's old one, which is kept until the new one is
/// whole. A kill at any moment leaves the old one or the new one.
///
/// It blocks until it is done.
///
/// # Errors
/// See [`TakeError`].
pub fn take<D: Disk>(
    volumes: &[Volume],
    shelf: &Shelf<D>,
    witness: &impl Witness,
) -> Result<Taken, TakeError> {
    undeployed(witness)?;
    let mut names = BTreeSet::new();
    if let Some(bad) = volumes.iter().find(|v| !is_plain(&v.name) || !names.insert(&v.name)) {
        return Err(TakeError::Name(bad.name.clone()));
    }
    if volumes.is_empty() {
        return Err(TakeError::NoVolumes(witness.stack().clone()));
    }
    recover(shelf, witness)?;
    let old = shelf.snapshot()?.map(|old| old.generation);
    let generation = old.map_or(1, |old| old.saturating_add(1));
    let data = shelf.data(generation);
    make_folders(shelf, &data)?;
    let built = build(volumes, shelf, &data, witness).and_then(|kept| {
        let stack = witness.stack().clone();
        let manifest = Manifest { format: FORMAT, stack, generation, volumes: kept };
        shelf.set_record(MANIFEST, &manifest)?;
        Ok(manifest)
    });
    let manifest = match built {
        Ok(manifest) => manifest,
        Err(error) => {
            // Of no use any more; what cannot be removed now is at the next start. If only the last sync failed, the
            // new one may be the shelf's own already.
            if !matches!(shelf.snapshot(), Ok(Some(now)) if now.generation == generation) {
                drop(shelf.disk.remove_tree(data.as_std_path()));
            }
            return Err(error);
        }
    };
    let old_not_removed = old.and_then(|old| remove(shelf, &shelf.data(old)).err());
    Ok(Taken { manifest, old_not_removed })
}

fn remove<D: Disk>(shelf: &Shelf<D>, data: &Utf8Path) -> Result<(), DiskError> {
    shelf.disk.remove_tree(data.as_std_path()).at("remove", data)
}

/// Makes the shelf's folder, those above it, and one for the archives.
fn make_folders<D: Disk>(shelf: &Shelf<D>, data: &Utf8Path) -> Result<(), DiskError> {
    let mut missing: Vec<&Utf8Path> = Vec::new();
    for folder in data.ancestors().filter(|folder| *folder != "") {
        match shelf.disk.look(folder.as_std_path()) {
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(folder),
            Err(error) => return Err(error).at("look at", folder),
        }
    }
    for folder in missing.into_iter().rev() {
        shelf.disk.create_folder(folder.as_std_path()).at("make", folder)?;
        let above = above(folder);
        shelf.disk.sync_folder(above.as_std_path()).at("keep", above)?;
    }
    Ok(())
}

/// Writes the archives, so that they survive a loss of power.
fn build<D: Disk>(
    volumes: &[Volume],
    shelf: &Shelf<D>,
    data: &Utf8Path,
    witness: &impl Witness,
) -> Result<Vec<Kept>, TakeError> {
    let mut kept = Vec::new();
    for volume in volumes {
        kept.push(archive(volume, shelf, data)?);
    }
    shelf.disk.sync_folder(data.as_std_path()).at("keep", data)?;
    undeployed(witness)?;
    Ok(kept)
}

/// Writes one archive: read, hashed, compressed, hashed again and written in one pass.
fn archive<D: Disk>(volume: &Volume, shelf: &Shelf<D>, data: &Utf8Path) -> Result<Kept, TakeError> {
    let (disk, chunk) = (&shelf.disk, shelf.packing.chunk);
    let file = archive_of(&volume.name);
    let path: Utf8PathBuf = data.join(&file);
    let writer = disk.create(path.as_std_path()).at("make", &path)?;
    let writer = BufWriter::with_capacity(chunk, Digesting::new(writer));
    let mut encoder = zstd::Encoder::new(writer, shelf.packing.level).at("compress into", &path)?;
    encoder.include_checksum(true).at("compress into", &path)?;
    encoder.multithread(shelf.packing.workers).at("compress into", &path)?;
    let mut content = BufWriter::with_capacity(chunk, Digesting::new(encoder));
    let packed = pack(disk, volume.path.as_std_path(), &mut content, path.as_std_path(), chunk);
    let packed = packed.map_err(|error| match error {
        PackError::Disk(error) => TakeError::Disk(error),
        PackError::Changed(at) => {
            TakeError::InUse { volume: volume.name.clone(), path: at.display().to_string() }
        }
        PackError::Staging(at) => {
            TakeError::HalfRestored { volume: volume.name.clone(), path: at.display().to_string() }
        }
    })?;
    let whole = content.into_inner().map_err(io::IntoInnerError::into_error).at("write", &path)?;
    let (content, encoder) = whole.finish();
    let mut writer = encoder.finish().at("write", &path)?;
    writer.flush().at("write", &path)?;
    let writer = writer.into_inner().map_err(io::IntoInnerError::into_error).at("write", &path)?;
    let (compressed, mut writer) = writer.finish();
    writer.sync().at("keep", &path)?;
    Ok(Kept {
        name: volume.name.clone(),
        file,
        content,
        compressed,
        entries: packed.entries,
        left_out: packed.left_out,
        root: packed.root,
    })
}
