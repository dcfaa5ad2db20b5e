//! Leases: a run's exclusive, kernel-locked claim on an app domain. The kernel frees the lock when the process dies,
//! however it dies; the file stays and says what a killed run had made. Main type: [`Lease`].

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use harness_core::platform::App;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a lease's file says: enough to remove all that its run made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Claim {
    /// The app.
    pub app: App,
    /// The engine that it is on.
    pub docker_host: String,
    /// The run's folder.
    pub run_dir: Utf8PathBuf,
    /// The run's process.
    pub pid: u32,
    /// When the claim was made.
    pub since: Timestamp,
    /// Until when the deployment is kept though its run has ended.
    pub kept_until: Option<Timestamp>,
    /// The process that is removing what the dead run made. The run itself never writes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collector: Option<u32>,
}

/// A held lease. Dropping it frees the lock and leaves the file; [`Lease::release`] removes both.
#[derive(Debug)]
pub struct Lease {
    file: File,
    path: Utf8PathBuf,
}

/// A lease could not be taken or written.
#[derive(Debug, Error)]
pub enum LeaseError {
    /// Its file could not be made, read or written.
    #[error("failed to use the lease {path}")]
    File {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What trying to take a lease came to.
#[derive(Debug)]
pub enum Attempt {
    /// It is ours.
    Taken(Lease),
    /// Another live process holds it.
    Held,
}

/// Returns the folder of all leases.
pub fn folder(state_dir: &Utf8Path) -> Utf8PathBuf {
    state_dir.join("leases")
}

/// Returns the file of a domain's lease.
pub fn path(state_dir: &Utf8Path, domain: &Domain) -> Utf8PathBuf {
    folder(state_dir).join(format!("{domain}.lease"))
}

impl Lease {
    /// Tries to take the lease whose file this is; the file is made if `create`.
    ///
    /// # Errors
    /// The file could not be made or opened. A file that is not there, unless it is to be made, is an error too.
    pub fn try_take(path: &Utf8Path, create: bool) -> Result<Attempt, LeaseError> {
        let failed = |source| LeaseError::File { path: path.to_owned(), source };
        if create && let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        loop {
            // Files of std are close-on-exec: no child inherits the lock.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(create)
                .truncate(false)
                .open(path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Held),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            // Whoever held it may have removed the file in between: a lock on a file that has no name claims nothing.
            let ours = file.metadata().map_err(failed)?.ino();
            match std::fs::metadata(path) {
                Ok(named) if named.ino() == ours => {
                    return Ok(Attempt::Taken(Self { file, path: path.to_owned() }));
                }
                Ok(_) => {}
                Err(_) if create => {}
                Err(source) => return Err(failed(source)),
            }
        }
    }

    /// Returns what the lease's file says; nothing if it was never written whole: then nothing was made.
    pub fn claim(&mut self) -> Option<Claim> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(0)).ok()?;
        self.file.read_to_string(&mut text).ok()?;
        last_claim(&text)
    }

    /// Returns what a lease's file says to one who does not hold it; nothing if it cannot be read just now.
    pub fn peek(path: &Utf8Path) -> Option<Claim> {
        last_claim(&std::fs::read_to_string(path).ok()?)
    }

    /// Writes what the run is about to make. It must be written before the first thing is made.
    ///
    /// The file only grows: a claim is a line of its own and the last whole one counts. So a write that a kill or a
    /// full disk tears never hides what an earlier run made, and a reader without the lock sees one claim or the other.
    ///
    /// # Errors
    /// The file could not be written; the claim before it still stands.
    pub fn write(&mut self, claim: &Claim) -> Result<(), LeaseError> {
        let text = serde_json::to_string(claim).expect("a claim has nothing that JSON lacks");
        let mut write = || {
            let end = self.file.seek(SeekFrom::End(0))?;
            let begin = if end == 0 { "" } else { "\n" };
            self.file.write_all(format!("{begin}{text}\n").as_bytes())?;
            self.file.sync_data()
        };
        write().map_err(|source| LeaseError::File { path: self.path.clone(), source })
    }

    /// Ends the lease: the file goes while the lock is still held.
    pub fn release(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path, %error, "a lease's file could not be removed");
        }
    }
}

/// Returns the last claim that was written whole.
fn last_claim(text: &str) -> Option<Claim> {
    text.lines().rev().find_map(|line| serde_json::from_str(line).ok())
}

#[cfg(test)]
mod tests {
    use harness_core::name::{RecipeName, RunId, StackName};

    use super::*;

    fn claim(domain: &Domain) -> Claim {
        Claim {
            app: App {
                recipe: RecipeName::try_from("ghost".to_owned()).unwrap(),
                domain: domain.clone(),
                stack: StackName::from(domain),
                run: RunId::try_from("r1".to_owned()).unwrap(),
            },
            docker_host: "unix:///x".to_owned(),
            run_dir: "/tmp/r1".into(),
            pid: 1,
            since: Timestamp::UNIX_EPOCH,
            kept_until: None,
            collector: None,
        }
    }

    fn place() -> (tempfile::TempDir, Utf8PathBuf, Domain) {
        let dir = tempfile::tempdir().unwrap();
        let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
        let path = path(Utf8Path::from_path(dir.path()).unwrap(), &domain);
        (dir, path, domain)
    }

    fn taken(attempt: Attempt) -> Lease {
        match attempt {
            Attempt::Taken(lease) => lease,
            Attempt::Held => panic!("held"),
        }
    }

    #[test]
    fn a_held_lease_is_not_given_twice_and_a_freed_one_is() {
        let (_keep, path, _) = place();
        let lease = taken(Lease::try_take(&path, true).unwrap());
        assert!(matches!(Lease::try_take(&path, true).unwrap(), Attempt::Held));
        drop(lease);
        taken(Lease::try_take(&path, true).unwrap());
    }

    #[test]
    fn what_a_killed_run_claimed_is_read_back() {
        let (_keep, path, domain) = place();
        taken(Lease::try_take(&path, true).unwrap()).write(&claim(&domain)).unwrap();
        let mut found = taken(Lease::try_take(&path, false).unwrap());
        assert_eq!(found.claim(), Some(claim(&domain)));
        found.release();
        assert!(!path.exists());
    }

    #[test]
    fn a_torn_claim_is_none() {
        let (_keep, path, _) = place();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "{\"app\":").unwrap();
        assert_eq!(taken(Lease::try_take(&path, true).unwrap()).claim(), None);
    }

    #[test]
    fn a_torn_claim_does_not_hide_the_one_before_it_and_the_next_one_counts() {
        let (_keep, path, domain) = place();
        let mut lease = taken(Lease::try_take(&path, true).unwrap());
        lease.write(&claim(&domain)).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}\n{{\"app\":")).unwrap();
        assert_eq!(lease.claim(), Some(claim(&domain)));
        assert_eq!(Lease::peek(&path), Some(claim(&domain)));
        let marked = Claim { collector: Some(7), ..claim(&domain) };
        lease.write(&marked).unwrap();
        assert_eq!(lease.claim(), Some(marked));
        lease.write(&claim(&domain)).unwrap();
        assert_eq!(Lease::peek(&path), Some(claim(&domain)));
    }

    #[test]
    fn a_lock_on_a_removed_file_claims_nothing() {
        let (_keep, path, _) = place();
        let old = taken(Lease::try_take(&path, true).unwrap());
        std::fs::remove_file(&path).unwrap();
        let new = taken(Lease::try_take(&path, true).unwrap());
        assert!(matches!(Lease::try_take(&path, true).unwrap(), Attempt::Held));
        drop(old);
        assert!(matches!(Lease::try_take(&path, true).unwrap(), Attempt::Held));
        drop(new);
    }
}
