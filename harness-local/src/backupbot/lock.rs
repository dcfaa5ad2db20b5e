//! Two bots at work at once: restic takes locks in the repository, but cannot make one twice.

use std::fs::File;
use std::io;

use camino::Utf8Path;
use nix::fcntl::{Flock, FlockArg};

/// A kernel lock beside the repository, gone with the process whatever ends it.
#[derive(Debug)]
pub(super) struct RepositoryLock {
    _held: Flock<File>,
}

/// How a repository is about to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It is made; nobody else may use it.
    Make,
    /// Snapshots are added or read: many may do so at once.
    Share,
}

impl RepositoryLock {
    /// Waits for the lock of a local repository.
    pub(super) async fn take(repository: &Utf8Path, usage: Use) -> io::Result<Self> {
        let path = repository.with_extension("lock");
        let take = move || {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let file = File::options().create(true).append(true).open(&path)?;
            let how = match usage {
                Use::Make => FlockArg::LockExclusive,
                Use::Share => FlockArg::LockShared,
            };
            Flock::lock(file, how)
                .map(|held| Self { _held: held })
                .map_err(|(_, errno)| io::Error::from(errno))
        };
        tokio::task::spawn_blocking(take).await.map_err(io::Error::other)?
    }
}
