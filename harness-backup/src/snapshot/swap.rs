//! The content of a volume in exchange for other content that lies staged in it. The volume's own folder stays: the
//! engine mounts it. Main function: [`swap`].
//!
//! What is staged lies in the volume, because only there it is certain to be on the same file system. A folder below
//! [`STAGING`] is called [`NEW`] until everything that the volume had has gone to [`OLD`], and [`ARRIVING`] from then on:
//! so whoever finds it after a kill knows which of the names in the volume are which.

use std::io;
use std::path::Path;

use super::failure::{At as _, DiskError};
use super::seam::{Attributes, Disk};

/// The folder in a volume that a restore works in.
pub(super) const STAGING: &str = ".cc-ci-restore";

/// What the volume is to hold.
pub(super) const NEW: &str = "new";

/// The same, while it is moved into the volume.
const ARRIVING: &str = "arriving";

/// What the volume held.
pub(super) const OLD: &str = "old";

/// Returns whether there is something at a path.
pub(super) fn is_there<D: Disk>(disk: &D, path: &Path) -> Result<bool, DiskError> {
    match disk.look(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).at("look at", path),
    }
}

/// Makes the folders in which the new content is staged.
pub(super) fn stage<D: Disk>(disk: &D, volume: &Path) -> Result<(), DiskError> {
    let staging = volume.join(STAGING);
    for folder in [staging.clone(), staging.join(NEW), staging.join(OLD)] {
        disk.create_folder(&folder).at("make", &folder)?;
    }
    Ok(())
}

/// Removes what is staged; the volume holds what it held.
pub(super) fn unstage<D: Disk>(
    disk: &D,
    volume: &Path,
    attributes: Option<&Attributes>,
) -> Result<(), DiskError> {
    let staging = volume.join(STAGING);
    if is_there(disk, &staging)? {
        disk.remove_tree(&staging).at("remove", &staging)?;
        disk.sync_folder(volume).at("keep", volume)?;
    }
    if let Some(attributes) = attributes {
        disk.set(volume, attributes).at("set attributes of", volume)?;
        disk.sync_folder(volume).at("keep", volume)?;
    }
    Ok(())
}

/// Puts what is staged in the place of what the volume holds, or goes on with that where a kill ended it. What is staged
/// is synced, and some journal says that it is to be put there.
pub(super) fn swap<D: Disk>(
    disk: &D,
    volume: &Path,
    attributes: &Attributes,
) -> Result<(), DiskError> {
    let staging = volume.join(STAGING);
    let (new, arriving, old) = (staging.join(NEW), staging.join(ARRIVING), staging.join(OLD));
    if is_there(disk, &new)? {
        for name in disk.list(volume).at("list", volume)? {
            if name != STAGING {
                let from = volume.join(&name);
                disk.rename(&from, &old.join(&name)).at("move", &from)?;
            }
        }
        // None of these moves may be undone once the folder's name says that they are done.
        for folder in [volume, &old] {
            disk.sync_folder(folder).at("keep", folder)?;
        }
        disk.rename(&new, &arriving).at("move", &new)?;
        disk.sync_folder(&staging).at("keep", &staging)?;
    }
    if is_there(disk, &arriving)? {
        for name in disk.list(&arriving).at("list", &arriving)? {
            let from = arriving.join(&name);
            disk.rename(&from, &volume.join(&name)).at("move", &from)?;
        }
        for folder in [volume, &arriving] {
            disk.sync_folder(folder).at("keep", folder)?;
        }
    }
    unstage(disk, volume, Some(attributes))
}
