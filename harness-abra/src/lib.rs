//! harness-abra
pub mod abra;
pub mod abra_dir;
mod attached;
mod checkup;
pub mod engine;
pub mod overlay;
pub mod quirks;
pub mod swarm;

pub use attached::Attached;
pub use checkup::{Checkup, Seen};
pub use swarm::{ConnectError, Reaper, Swarm, SwarmSettings};
