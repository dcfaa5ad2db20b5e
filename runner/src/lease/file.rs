//! Leases as kernel-locked files: the kernel frees the lock when the process dies. Main type: [`FileLeases`].

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::claim::Claim;
use super::seam::{Attempt, Lease, LeaseError, Leases};

/// The leases in the state folder of this machine.
#[derive(Clone, Debug)]
pub struct FileLeases {
    folder: Utf8PathBuf,
}

/// A held lease. Dropping it frees the lock and leaves the file.
#[derive(Debug)]
pub struct FileLease {
    file: File,
    path: Utf8PathBuf,
}

impl FileLeases {
    /// Returns the leases in a state folder.
    pub fn new(state_dir: &Utf8Path) -> Self {
        Self { folder: state_dir.join("leases") }
    }

    fn path(&self, domain: &Domain) -> Utf8PathBuf {
        self.folder.join(format!("{domain}.lease"))
    }
}

impl Leases for FileLeases {
    type Lease = FileLease;

    fn list(&self) -> Result<Vec<Domain>, LeaseError> {
        let failed = |source| LeaseError { path: self.folder.clone(), source };
        let entries = match self.folder.read_dir_utf8() {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut domains = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let name = entry.file_name().strip_suffix(".lease").map(str::to_owned);
            domains.extend(name.and_then(|name| Domain::try_from(name).ok()));
        }
        domains.sort();
        Ok(domains)
    }

    fn try_take(&self, domain: &Domain, create: bool) -> Result<Attempt<FileLease>, LeaseError> {
        let path = self.path(domain);
        let failed = |source| LeaseError { path: path.clone(), source };
        if create {
            std::fs::create_dir_all(&self.folder).map_err(failed)?;
        }
        loop {
            // Files of std are close-on-exec: no child inherits the lock.
            let file = OpenOptions::new()
                .read(true)
                .write(true)
                .create(create)
                .truncate(false)
                .open(&path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Attempt::Held),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
            // Whoever held it may have removed the file in between: a lock on a file that has no name claims nothing.
            let ours = file.metadata().map_err(failed)?.ino();
            match named(std::fs::metadata(&path).map(|m| m.ino()), ours, create) {
                Named::Ours => return Ok(Attempt::Taken(FileLease { file, path })),
                Named::Again => {}
                Named::Lost(source) => return Err(failed(source)),
            }
        }
    }

    fn peek(&self, domain: &Domain) -> Option<Claim> {
        Claim::last(&std::fs::read_to_string(self.path(domain)).ok()?)
    }

    fn pid(&self) -> u32 {
        std::process::id()
    }

    fn is_alive(&self, pid: u32) -> bool {
        let Ok(pid) = i32::try_from(pid) else { return false };
        kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
    }
}

/// Whether the name of a locked file still leads to it.
#[derive(Debug)]
enum Named {
    /// It does.
    Ours,
    /// It leads to another file, or to none and one may be made: there is another one to lock.
    Again,
    /// It leads nowhere.
    Lost(std::io::Error),
}

fn named(found: std::io::Result<u64>, ours: u64, create: bool) -> Named {
    match found {
        Ok(inode) if inode == ours => Named::Ours,
        Ok(_) => Named::Again,
        Err(error) if create && error.kind() == ErrorKind::NotFound => Named::Again,
        Err(error) => Named::Lost(error),
    }
}

impl Lease for FileLease {
    fn claim(&mut self) -> Option<Claim> {
        let mut text = String::new();
        self.file.seek(SeekFrom::Start(0)).ok()?;
        self.file.read_to_string(&mut text).ok()?;
        Claim::last(&text)
    }

    fn write(&mut self, claim: &Claim) -> Result<(), LeaseError> {
        let mut write = || {
            let end = self.file.seek(SeekFrom::End(0))?;
            self.file.write_all(claim.line(end == 0).as_bytes())?;
            self.file.sync_data()
        };
        write().map_err(|source| LeaseError { path: self.path.clone(), source })
    }

    fn release(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path, %error, "a lease's file could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use harness_core::name::{RecipeName, RunId, StackName};
    use harness_core::platform::App;
    use jiff::Timestamp;

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
            warm: None,
            attached: Vec::new(),
            collector: None,
        }
    }

    struct Place {
        _dir: tempfile::TempDir,
        leases: FileLeases,
        domain: Domain,
        path: Utf8PathBuf,
    }

    fn place() -> Place {
        let dir = tempfile::tempdir().unwrap();
        let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
        let leases = FileLeases::new(Utf8Path::from_path(dir.path()).unwrap());
        let path = leases.path(&domain);
        Place { _dir: dir, leases, domain, path }
    }

    impl Place {
        fn take(&self) -> FileLease {
            match self.leases.try_take(&self.domain, true).unwrap() {
                Attempt::Taken(lease) => lease,
                Attempt::Held => panic!("held"),
            }
        }

        fn is_held(&self) -> bool {
            matches!(self.leases.try_take(&self.domain, true).unwrap(), Attempt::Held)
        }
    }

    #[test]
    fn a_held_lease_is_not_given_twice_and_a_freed_one_is() {
        let place = place();
        assert_eq!(place.leases.list().unwrap(), []);
        let lease = place.take();
        assert!(place.is_held());
        assert_eq!(place.leases.list().unwrap(), vec![place.domain.clone()]);
        drop(lease);
        place.take();
    }

    #[test]
    fn what_a_killed_run_claimed_is_read_back() {
        let place = place();
        place.take().write(&claim(&place.domain)).unwrap();
        let Attempt::Taken(mut found) = place.leases.try_take(&place.domain, false).unwrap() else {
            panic!("held")
        };
        assert_eq!(found.claim(), Some(claim(&place.domain)));
        found.release();
        assert!(!place.path.exists());
        assert!(place.leases.try_take(&place.domain, false).unwrap_err().is_gone());
    }

    #[test]
    fn a_torn_claim_is_none() {
        let place = place();
        drop(place.take());
        std::fs::write(&place.path, "{\"app\":").unwrap();
        assert_eq!(place.take().claim(), None);
    }

    #[test]
    fn a_torn_claim_does_not_hide_the_one_before_it_and_the_next_one_counts() {
        let place = place();
        let claim = claim(&place.domain);
        let mut lease = place.take();
        lease.write(&claim).unwrap();
        let whole = std::fs::read_to_string(&place.path).unwrap();
        std::fs::write(&place.path, format!("{whole}\n{{\"app\":")).unwrap();
        assert_eq!(lease.claim(), Some(claim.clone()));
        assert_eq!(place.leases.peek(&place.domain), Some(claim.clone()));
        let marked = Claim { collector: Some(7), ..claim.clone() };
        lease.write(&marked).unwrap();
        assert_eq!(lease.claim(), Some(marked));
        lease.write(&claim).unwrap();
        assert_eq!(place.leases.peek(&place.domain), Some(claim));
    }

    #[test]
    fn a_lock_on_a_removed_file_claims_nothing() {
        let place = place();
        let old = place.take();
        std::fs::remove_file(&place.path).unwrap();
        let new = place.take();
        assert!(place.is_held());
        drop(old);
        assert!(place.is_held());
        drop(new);
    }

    #[test]
    fn only_processes_that_exist_are_alive() {
        let place = place();
        assert!(place.leases.is_alive(std::process::id()));
        // More than any system gives out.
        assert!(!place.leases.is_alive(2_000_000_000) && !place.leases.is_alive(u32::MAX));
    }

    #[test]
    fn a_lock_counts_only_on_the_file_that_has_the_name() {
        let lost = |kind: ErrorKind| Err(std::io::Error::from(kind));
        let gone = || lost(ErrorKind::NotFound);
        assert!(matches!(named(Ok(7), 7, true), Named::Ours));
        assert!(matches!(named(Ok(8), 7, true), Named::Again));
        assert!(matches!(named(Ok(8), 7, false), Named::Again));
        assert!(matches!(named(gone(), 7, true), Named::Again));
        assert!(matches!(named(gone(), 7, false), Named::Lost(_)));
        // What does not pass by making a file is not tried for ever.
        assert!(matches!(named(lost(ErrorKind::PermissionDenied), 7, true), Named::Lost(_)));
    }

    #[test]
    fn a_claim_is_made_by_this_process() {
        assert_eq!(place().leases.pid(), std::process::id());
    }
}
