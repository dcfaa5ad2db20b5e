//! The one place that starts processes. Main types: [`Cmd`], [`Output`], [`Background`],
//! [`ProcessError`].
//!
//! Every child gets its own process group (the group dies with the future that runs it), an empty environment plus
//! what its [`BaseEnv`] allows, null standard input unless bytes are given, a deadline, and bounded capture that
//! survives a time-out. Known secrets are scrubbed from what is captured and from errors.

mod background;
mod base_env;
mod capture;
mod cmd;
mod group;
mod run;

pub use background::Background;
pub use base_env::{ALLOWED, BaseEnv};
pub use cmd::{Cmd, Deadline};
pub use group::end_processes_of_run;
pub use run::{Output, ProcessError};
