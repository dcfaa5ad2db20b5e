//! Proof by simulation: whole runs of the harness in virtual time, on a server in memory, with faults, judged by
//! invariants.
//!
//! It is the one place where the lifecycle, the embedded platform and the suites live in one process and one thread:
//! no socket, no file, no clock but tokio's paused one, and no randomness but the seed's. So the same seed gives the
//! same event log, byte for byte, and a run takes milliseconds.

pub mod subject;

#[allow(missing_docs)]
pub mod probe_tmp;
