//! What a run and a collection need of leases. Main traits: [`Leases`], [`Lease`].

use std::io::{Error, ErrorKind};

use camino::Utf8PathBuf;
use harness_core::name::Domain;
use thiserror::Error;

use super::claim::Claim;

/// The leases of a machine, as one process of it sees them.
pub trait Leases {
    /// A held lease. Dropping it frees the lock and leaves what it says.
    type Lease: Lease;

    /// Returns the domains of all leases, in order.
    ///
    /// # Errors
    /// They cannot be listed.
    fn list(&self) -> Result<Vec<Domain>, LeaseError>;

    /// Tries to take the lease of a domain; it is made if `create`.
    ///
    /// # Errors
    /// It could not be made or opened. One that is not there, unless it is to be made, is an error too.
    fn try_take(&self, domain: &Domain, create: bool) -> Result<Attempt<Self::Lease>, LeaseError>;

    /// Returns what a lease says to one who does not hold it; nothing if it cannot be read just now.
    fn peek(&self, domain: &Domain) -> Option<Claim>;

    /// Returns the process that takes leases here.
    fn pid(&self) -> u32;

    /// Returns whether there is a process with this id.
    fn is_alive(&self, pid: u32) -> bool;
}

/// A held lease.
pub trait Lease {
    /// Returns what the lease says; nothing if it was never written whole: then nothing was made.
    fn claim(&mut self) -> Option<Claim>;

    /// Writes what the run is about to make. It must be written before the first thing is made.
    ///
    /// # Errors
    /// It could not be written; the claim before it still stands.
    fn write(&mut self, claim: &Claim) -> Result<(), LeaseError>;

    /// Ends the lease: what it says goes while the lock is still held.
    fn release(self);
}

/// What trying to take a lease came to.
#[derive(Debug)]
pub enum Attempt<T> {
    /// It is ours.
    Taken(T),
    /// Another live process holds it.
    Held,
}

/// A lease could not be taken, read or written.
#[derive(Debug, Error)]
#[error("failed to use the lease {path}")]
pub struct LeaseError {
    /// Its file.
    pub path: Utf8PathBuf,
    /// What the system said.
    pub source: Error,
}

impl LeaseError {
    /// Returns whether the lease is not there.
    pub fn is_gone(&self) -> bool {
        self.source.kind() == ErrorKind::NotFound
    }
}
