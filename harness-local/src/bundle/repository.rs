//! Making a git repository of a bundled recipe.

use std::fmt::Write as _;
use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::RecipeName;
use harness_core::process::{BaseEnv, Cmd, Deadline, ProcessError};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::history::{HistoryError, history};
use super::stream::fast_import;

const LIMIT: Duration = Duration::from_secs(60);

/// A bundled recipe could not be made into a repository.
#[derive(Debug, Error)]
pub enum BundleError {
    /// Its history cannot be worked out.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A folder could not be made or moved.
    #[error("failed to write the repository of the bundled recipe `{recipe}` to `{dir}`")]
    Write {
        /// The recipe.
        recipe: RecipeName,
        /// The folder.
        dir: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// There is no git.
    #[error("git is not installed: install it (Debian: `apt install git`) and try again")]
    GitMissing(#[source] ProcessError),
    /// git said no.
    #[error("git could not make the repository of the bundled recipe `{recipe}`")]
    Git {
        /// The recipe.
        recipe: RecipeName,
        /// What it said.
        #[source]
        source: ProcessError,
    },
}

/// Makes the recipe's repository in `<into_dir>/<recipe>-<hash of its content>`, unless it is there, and returns its
/// folder, which git can clone from.
///
/// A repository is made beside its place and moved there whole; of two that are made at once one is kept, and they
/// are equal. So what is there is complete, and no lock is needed.
///
/// # Errors
/// There is no such recipe, no git, or the folder cannot be written.
pub async fn build(
    recipe: &RecipeName,
    into_dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Utf8PathBuf, BundleError> {
    let stream = fast_import(&history(recipe)?);
    let place = into_dir.join(format!("{recipe}-{}", short_hash(&stream)));
    if place.is_dir() {
        return Ok(place);
    }
    let written =
        |source| BundleError::Write { recipe: recipe.clone(), dir: place.clone(), source };
    std::fs::create_dir_all(into_dir).map_err(written)?;
    let beside =
        tempfile::Builder::new().prefix(".making-").tempdir_in(into_dir).map_err(written)?;
    let beside_dir = Utf8Path::from_path(beside.path())
        .ok_or_else(|| written(io::ErrorKind::InvalidInput.into()))?;
    let dir = beside_dir.join("repository");
    let init = ["init", "--quiet", "--bare", "--template=", "--initial-branch=main", dir.as_str()];
    let import = ["-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--done"];
    let failed = |source: ProcessError| {
        if source.is_not_found() {
            BundleError::GitMissing(source)
        } else {
            BundleError::Git { recipe: recipe.clone(), source }
        }
    };
    git(base, beside_dir).args(init).run().await.map_err(failed)?;
    git(base, &dir).args(import).stdin(stream).run().await.map_err(failed)?;
    match std::fs::rename(&dir, &place) {
        // Another process was first.
        Err(_) if place.is_dir() => Ok(place),
        Err(source) => Err(written(source)),
        Ok(()) => Ok(place),
    }
}

fn git(base: &BaseEnv, dir: &Utf8Path) -> Cmd {
    Cmd::new("git", base, Deadline::after(LIMIT))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .args(["-c", "safe.directory=*"])
        .cwd(dir)
}

fn short_hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().take(6).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _written = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
#[path = "repository_tests.rs"]
mod tests;
