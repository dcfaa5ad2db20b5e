//! The embedded platform: a Co-op Cloud server simulated in this process, for runs without Docker. Main types:
//! [`Embedded`], and [`Attached`] for a process beside it.
//!
//! The engine is [`crate::world`], the apps are [`crate::app`], and what abra and the backup bot mean is the same code
//! as in their stand-ins. Here it lives in real time, at a multiple of its speed: apps answer HTTPS on loopback behind
//! a certificate of the run's own, and trials reach containers through a control port with a token.

mod apps;
mod attached;
mod backup;
mod clock;
mod control;
mod create;
mod deploy;
mod lint;
mod platform;
mod protocol;
mod recipe;
mod serve;
mod settings;
mod shared;
mod stack_spec;
mod teardown;

pub use attached::{Attached, ControlError, Executed};
pub use platform::Embedded;
pub use settings::{EmbeddedSettings, SPEED, SUFFIX, StartError};
