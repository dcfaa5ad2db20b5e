//! Whether this program was built from a recipe's folder as it is now. Main function: [`check_built`].

use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::RecipeName;
use thiserror::Error;

/// Where the folders were when this program was built. Where it was installed elsewhere, there are none.
const FOLDERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");

/// The program does not have what the recipe's folder has now.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{newer} is newer than this program, which would test the recipe without it: build the program again, `cargo build -p recipe-tests`"
)]
pub(crate) struct NotBuilt {
    newer: Utf8PathBuf,
}

/// Fails if the recipe's folder was changed after this program was built.
pub(crate) fn check_built(recipe: &RecipeName) -> Result<(), NotBuilt> {
    let built = std::env::current_exe().and_then(|program| program.metadata()?.modified());
    // A program that cannot be looked at is judged by what it does.
    let Ok(built) = built else { return Ok(()) };
    match newer(&Utf8Path::new(FOLDERS).join(recipe.as_str()), built) {
        Some(newer) => Err(NotBuilt { newer }),
        None => Ok(()),
    }
}

/// Returns a file below a folder that was written after a moment.
fn newer(folder: &Utf8Path, than: SystemTime) -> Option<Utf8PathBuf> {
    let mut entries: Vec<_> = folder.read_dir_utf8().ok()?.flatten().collect();
    entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
    entries.iter().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return newer(path, than);
        }
        let written = path.metadata().and_then(|data| data.modified()).ok()?;
        (written > than).then(|| path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_file_that_was_written_later_is_named_wherever_it_lies() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        assert_eq!(newer(&dir.join("nothing"), SystemTime::UNIX_EPOCH), None);
        std::fs::create_dir(dir.join("previous")).unwrap();
        let version = dir.join("previous/VERSION");
        std::fs::write(&version, "1").unwrap();
        let written = version.metadata().unwrap().modified().unwrap();
        let second = Duration::from_secs(1);
        assert_eq!(newer(dir, written - second), Some(version));
        assert_eq!(newer(dir, written + second), None);
    }

    #[test]
    fn a_recipe_without_a_folder_needs_no_build() {
        let recipe = RecipeName::try_from("nothing-of-ours".to_owned()).unwrap();
        assert_eq!(check_built(&recipe), Ok(()));
    }
}
