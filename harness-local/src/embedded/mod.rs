//! The embedded platform: a Co-op Cloud server simulated in this process, for runs without Docker. Main types:
//! [`Embedded`], and [`Attached`] for a process beside it.
//!
//! The engine is [`crate::world`], the apps are [`crate::app`], and what abra and the backup bot mean is the same code
//! as in their stand-ins. It is reached in one of two ways. [`Loopback`] is real time at a multiple of its speed: apps
//! answer HTTPS on loopback behind a certificate of the run's own, and trials are processes that reach containers
//! through a control port with a token. [`InProcess`] is virtual time: everything in one thread, no sockets, no files.

mod apps;
mod attached;
mod backup;
mod clock;
mod control;
mod create;
mod deploy;
mod files;
mod in_process;
mod lint;
mod loopback;
mod platform;
mod ports;
mod post;
mod protocol;
mod recipe;
mod routed;
mod serve;
mod server;
mod settings;
mod shared;
mod stack_spec;
mod steps;
mod stream;
mod teardown;
mod upgrade;

pub use attached::{Attached, ControlError, Executed};
pub use files::RecipeFiles;
pub use in_process::{InProcess, ServerClock};
pub use loopback::Loopback;
pub use platform::Embedded;
pub(crate) use post::Delivery;
pub use server::Reach;
pub use settings::{EmbeddedSettings, InProcessSettings, SPEED, SUFFIX, StartError};
pub(crate) use shared::Shared;
pub use stack_spec::stack_spec;
pub use stream::{Wire, WithinStream};
