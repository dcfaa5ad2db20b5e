//! harness-abra
pub mod abra;
pub mod abra_dir;
mod attached;
pub mod engine;
pub mod overlay;
pub mod quirks;
pub mod swarm;

pub use attached::Attached;
pub use swarm::{ConnectError, Limits, Swarm, SwarmSettings, Sweeper};
