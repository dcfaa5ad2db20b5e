//! Leases: a run's exclusive claim on an app domain, freed when its process dies, however it dies; what it says stays,
//! so that whoever comes next knows what a killed run had made.
//!
//! [`Leases`] is the seam: [`FileLeases`] are kernel-locked files, [`MemoryLeases`] play them in memory.

mod claim;
mod file;
mod memory;
mod seam;

pub use claim::Claim;
pub use file::{FileLease, FileLeases};
pub use memory::{MemoryLease, MemoryLeases};
pub use seam::{Attempt, Lease, LeaseError, Leases};
