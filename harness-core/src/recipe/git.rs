//! Running git so that no configuration of the host or the user decides anything.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

use crate::name::InvalidCommit;
use crate::process::{BaseEnv, Cmd, Deadline, ProcessError};

/// How long a git command on a local clone may take.
const LOCAL: Duration = Duration::from_secs(30);

/// Reading a clone failed.
#[derive(Debug, Error)]
pub enum GitError {
    /// There is no git.
    #[error("git is not installed: install it (Debian: `apt install git`) and try again")]
    Missing(#[source] ProcessError),
    /// git said no.
    #[error("git could not read `{dir}`")]
    Failed {
        /// The clone.
        dir: Utf8PathBuf,
        /// What it said.
        #[source]
        source: ProcessError,
    },
    /// git named something that is no commit.
    #[error("git answered about `{dir}` with what is no commit")]
    NoCommit {
        /// The clone.
        dir: Utf8PathBuf,
        /// The text.
        #[source]
        source: InvalidCommit,
    },
    /// git's answer has another shape than its documentation says.
    #[error(
        "git answered about `{dir}` in a shape that is not known: expected {expected}, saw `{seen}`"
    )]
    Shape {
        /// The clone.
        dir: Utf8PathBuf,
        /// What was expected.
        expected: &'static str,
        /// The beginning of what came.
        seen: String,
    },
}

/// Describes a git command in a folder.
pub(super) fn git(dir: Option<&Utf8Path>, base: &BaseEnv, limit: Duration) -> Cmd {
    let mut cmd = Cmd::new("git", base, Deadline::after(limit))
        .env("LC_ALL", "C")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .args([
            "-c",
            "safe.directory=*",
            "-c",
            "advice.detachedHead=false",
            "-c",
            "core.hooksPath=/dev/null",
        ])
        .args(["-c", "core.autocrlf=false", "-c", "gc.auto=0"]);
    if let Some(dir) = dir {
        // `GIT_CEILING_DIRECTORIES` keeps git from taking a clone further up for this one.
        cmd = cmd.cwd(dir);
        if let Some(parent) = dir.parent() {
            cmd = cmd.env("GIT_CEILING_DIRECTORIES", parent.as_str());
        }
    }
    cmd
}

/// Describes a git command on a local clone.
pub(super) fn local(dir: &Utf8Path, base: &BaseEnv) -> Cmd {
    git(Some(dir), base, LOCAL)
}

/// Says what a failed git command means.
pub(super) fn failed(dir: &Utf8Path) -> impl Fn(ProcessError) -> GitError + '_ {
    move |source| {
        // A missing folder looks like a missing program: the working folder is entered before the program starts.
        if source.is_not_found() && dir.is_dir() {
            GitError::Missing(source)
        } else {
            GitError::Failed { dir: dir.to_owned(), source }
        }
    }
}
