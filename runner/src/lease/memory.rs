//! Leases in memory, for runs in virtual time: processes that end lose their locks as a kernel would take them. Main
//! type: [`MemoryLeases`].

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use harness_core::name::Domain;

use super::claim::Claim;
use super::seam::{Attempt, Lease, LeaseError, Leases};

/// The leases of a machine in memory, as one process of it sees them. Cheap to clone; every clone, and what
/// [`MemoryLeases::process`] returns, is the same machine's.
#[derive(Clone, Debug)]
pub struct MemoryLeases {
    pid: u32,
    machine: Arc<Mutex<Machine>>,
}

#[derive(Debug, Default)]
struct Machine {
    files: BTreeMap<Domain, File>,
    alive: BTreeSet<u32>,
    /// The processes whose next write is torn.
    tearing: BTreeSet<u32>,
    /// How often a lock was given: no two are the same.
    locks: u64,
}

#[derive(Debug, Default)]
struct File {
    text: String,
    /// Who holds it, and by which lock.
    held: Option<(u32, u64)>,
}

/// A held lease.
#[derive(Debug)]
pub struct MemoryLease {
    leases: MemoryLeases,
    domain: Domain,
    lock: u64,
}

impl MemoryLeases {
    /// Returns the leases of a new machine, as seen by its first process.
    pub fn new(pid: u32) -> Self {
        let machine = Machine { alive: BTreeSet::from([pid]), ..Machine::default() };
        Self { pid, machine: Arc::new(Mutex::new(machine)) }
    }

    /// Returns the same machine's leases as another process sees them; it is alive from now on.
    #[must_use]
    pub fn process(&self, pid: u32) -> Self {
        self.machine().alive.insert(pid);
        Self { pid, machine: Arc::clone(&self.machine) }
    }

    /// Ends a process as a kill does: its locks are free at once, what it wrote stays, and whatever it still tries
    /// fails.
    pub fn end_process(&self, pid: u32) {
        let mut machine = self.machine();
        machine.alive.remove(&pid);
        for file in machine.files.values_mut().filter(|f| f.held.is_some_and(|(by, _)| by == pid)) {
            file.held = None;
        }
    }

    /// Tears the next claim that this process writes: half of it is there, and the write fails.
    pub fn tear_next_write(&self) {
        self.machine().tearing.insert(self.pid);
    }

    /// Returns every lease that is there, with what it says.
    pub fn claims(&self) -> Vec<(Domain, Option<Claim>)> {
        let machine = self.machine();
        machine.files.iter().map(|(domain, f)| (domain.clone(), Claim::last(&f.text))).collect()
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.machine.lock().expect("nothing panics while it holds the leases")
    }

    fn failed(domain: &Domain, kind: io::ErrorKind) -> LeaseError {
        LeaseError { path: format!("{domain}.lease").into(), source: kind.into() }
    }
}

impl Leases for MemoryLeases {
    type Lease = MemoryLease;

    fn list(&self) -> Result<Vec<Domain>, LeaseError> {
        Ok(self.machine().files.keys().cloned().collect())
    }

    fn try_take(&self, domain: &Domain, create: bool) -> Result<Attempt<MemoryLease>, LeaseError> {
        let mut machine = self.machine();
        if !machine.alive.contains(&self.pid) {
            return Err(Self::failed(domain, io::ErrorKind::BrokenPipe));
        }
        if !create && !machine.files.contains_key(domain) {
            return Err(Self::failed(domain, io::ErrorKind::NotFound));
        }
        machine.locks += 1;
        let lock = machine.locks;
        let file = machine.files.entry(domain.clone()).or_default();
        if file.held.is_some() {
            return Ok(Attempt::Held);
        }
        file.held = Some((self.pid, lock));
        Ok(Attempt::Taken(MemoryLease { leases: self.clone(), domain: domain.clone(), lock }))
    }

    fn peek(&self, domain: &Domain) -> Option<Claim> {
        Claim::last(&self.machine().files.get(domain)?.text)
    }

    fn pid(&self) -> u32 {
        self.pid
    }

    fn is_alive(&self, pid: u32) -> bool {
        self.machine().alive.contains(&pid)
    }
}

impl MemoryLease {
    /// Does something with the lease's file if it is still ours.
    fn ours<T>(&self, act: impl FnOnce(&mut Machine, &Domain) -> T) -> Option<T> {
        let mut machine = self.leases.machine();
        let held = machine.files.get(&self.domain).and_then(|f| f.held);
        (held == Some((self.leases.pid, self.lock))).then(|| act(&mut machine, &self.domain))
    }
}

impl Lease for MemoryLease {
    fn claim(&mut self) -> Option<Claim> {
        self.ours(|machine, domain| Claim::last(&machine.files.get(domain)?.text))?
    }

    fn write(&mut self, claim: &Claim) -> Result<(), LeaseError> {
        let pid = self.leases.pid;
        let written = self.ours(|machine, domain| {
            let is_torn = machine.tearing.remove(&pid);
            let file = machine.files.entry(domain.clone()).or_default();
            let line = claim.line(file.text.is_empty());
            let whole = if is_torn { line.len() / 2 } else { line.len() };
            file.text.extend(line.chars().take(whole));
            !is_torn
        });
        match written {
            Some(true) => Ok(()),
            Some(false) => Err(MemoryLeases::failed(&self.domain, io::ErrorKind::StorageFull)),
            None => Err(MemoryLeases::failed(&self.domain, io::ErrorKind::BrokenPipe)),
        }
    }

    fn release(self) {
        self.ours(|machine, domain| machine.files.remove(domain));
    }
}

impl Drop for MemoryLease {
    fn drop(&mut self) {
        self.ours(|machine, domain| {
            if let Some(file) = machine.files.get_mut(domain) {
                file.held = None;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use harness_core::name::{RecipeName, RunId, StackName};
    use harness_core::platform::App;
    use jiff::Timestamp;

    use super::*;

    fn claim(pid: u32) -> Claim {
        let domain = domain();
        let app = App {
            recipe: RecipeName::try_from("ghost".to_owned()).unwrap(),
            stack: StackName::from(&domain),
            domain,
            run: RunId::try_from("r1".to_owned()).unwrap(),
        };
        let (docker_host, run_dir) = ("memory".to_owned(), "/runs/r1".into());
        let since = Timestamp::UNIX_EPOCH;
        let (warm, attached) = (None, Vec::new());
        Claim {
            app,
            docker_host,
            run_dir,
            pid,
            since,
            kept_until: None,
            warm,
            attached,
            collector: None,
        }
    }

    fn domain() -> Domain {
        Domain::try_from("ghos-123456.example.org".to_owned()).unwrap()
    }

    fn take(leases: &MemoryLeases) -> MemoryLease {
        match leases.try_take(&domain(), true).unwrap() {
            Attempt::Taken(lease) => lease,
            Attempt::Held => panic!("held"),
        }
    }

    #[test]
    fn a_held_lease_is_not_given_twice_and_a_dropped_one_is() {
        let leases = MemoryLeases::new(1);
        let lease = take(&leases);
        assert!(matches!(leases.process(2).try_take(&domain(), true), Ok(Attempt::Held)));
        drop(lease);
        take(&leases.process(2));
    }

    #[test]
    fn a_process_that_ends_loses_its_locks_and_what_it_wrote_stays() {
        let one = MemoryLeases::new(1);
        let two = one.process(2);
        assert!(one.try_take(&domain(), false).unwrap_err().is_gone());
        let mut zombie = take(&one);
        zombie.write(&claim(1)).unwrap();
        two.end_process(1);
        assert!(!two.is_alive(1) && two.is_alive(2));
        let mut lease = take(&two);
        assert_eq!(lease.claim(), Some(claim(1)));
        // What is left of the dead process takes nothing from the living.
        assert!(zombie.write(&claim(3)).is_err());
        assert!(one.try_take(&domain(), true).is_err());
        drop(zombie);
        assert!(matches!(two.try_take(&domain(), false), Ok(Attempt::Held)));
        lease.release();
        assert_eq!(two.list().unwrap(), []);
    }

    #[test]
    fn a_torn_write_leaves_the_claim_before_it() {
        let leases = MemoryLeases::new(1);
        let mut lease = take(&leases);
        leases.tear_next_write();
        lease.write(&claim(1)).unwrap_err();
        assert_eq!(leases.peek(&domain()), None);
        lease.write(&claim(1)).unwrap();
        leases.tear_next_write();
        lease.write(&claim(2)).unwrap_err();
        assert_eq!(leases.peek(&domain()), Some(claim(1)));
        assert_eq!(leases.claims(), [(domain(), Some(claim(1)))]);
    }
}
