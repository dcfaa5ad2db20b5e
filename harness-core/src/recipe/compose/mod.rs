//! The facts of compose files: enough to plan, to lint and to judge, not a second deployer. Main type: [`Compose`].
//!
//! Keys that are not known are ignored, never refused: recipes are written for Swarm, by people. What is read must
//! have the right shape, and an error names file, line and column.

mod backup;
mod coverage;
mod cursor;
mod definition;
mod error;
mod file;
mod interpolate;
mod merge;
mod node;
mod outline;
mod runtime;
mod service;

pub use backup::{BackupClaims, Hook, HookMoment, VolumeClaim};
pub use definition::{Definition, VolumeDef};
pub use error::ComposeError;
pub use file::Compose;
pub use outline::{KeyAt, outline};
pub use runtime::{FileMount, Healthcheck, RestartPolicy, Rollout, Runtime};
pub use service::{Mount, Port, Service, UpdateConfig};
