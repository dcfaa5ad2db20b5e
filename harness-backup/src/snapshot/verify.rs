//! Whether a snapshot is what was written. Main function: [`verify`].

use super::manifest::{Manifest, Shelf};
use super::restore::{RestoreError, opened};
use super::seam::Disk;

/// Reads every archive of the snapshot to its end and checks that it is what was written, and returns what the snapshot
/// holds. A restore does that too, before it touches anything.
///
/// # Errors
/// See [`RestoreError`].
pub fn verify<D: Disk>(shelf: &Shelf<D>) -> Result<Manifest, RestoreError> {
    let Some(manifest) = shelf.snapshot()? else {
        return Err(RestoreError::None(shelf.folder.clone()));
    };
    let data = shelf.data(manifest.generation);
    for kept in &manifest.volumes {
        opened(shelf, &data, kept, |_| Ok(()))?;
    }
    Ok(manifest)
}
