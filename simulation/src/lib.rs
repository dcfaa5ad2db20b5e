//! Proof by simulation: whole runs of the harness in virtual time, on a server in memory, with faults, judged by
//! invariants.
//!
//! It is the one place where the lifecycle, the embedded platform and the suites live in one process and one thread:
//! no socket, no file, no clock but tokio's paused one, and no randomness but the seed's. So the same seed gives the
//! same event log, byte for byte, and a run takes milliseconds.

pub mod campaign;
pub mod cli;
mod conductor;
mod disk;
mod everywhere;
pub mod figures;
mod finished;
mod flaw;
mod invariant;
mod kept;
mod life;
mod logins;
mod mortal;
mod play;
pub mod sabotage;
mod scenario;
mod shrink;
pub mod subject;
mod sweep;
mod truth;

pub use finished::Finished;
pub use flaw::Flaw;
pub use invariant::{Invariant, Violation, judge};
pub use play::{play, play_broken, play_watched};
pub use scenario::Scenario;
pub use truth::Missed;
