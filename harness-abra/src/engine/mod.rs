//! The Docker Engine, asked through its API: what runs, what happens, what exists, what is inside a container.
//!
//! Main type: [`Engine`]. Decisions are not made here: observations are plain data for
//! [`harness_core::converge::decide`], and events only say "look again".

mod census;
mod connect;
mod containers;
mod error;
mod events;
mod exec;
mod files;
mod gone;
mod listing;
mod lists;
mod logs;
mod observe;
mod pull;
mod remove;
mod router;
mod stack_of;
mod stop;
mod tasks;
mod ticks;

pub use connect::{Engine, EngineFacts, NotATestServer, TEST_SERVER_LABEL};
pub use containers::Holder;
pub use error::EngineError;
pub use events::Watch;
pub use exec::{ExecError, ExecOutput};
pub use files::FileError;
pub(crate) use files::Place;
pub use gone::Left;
pub use listing::{Seen, SeenFile};
pub use observe::{observation, task_spec_digest};
pub use pull::PullError;
pub use remove::{RemoveError, Stopping};
pub use router::Router;
pub use stack_of::Stacks;

/// The label by which everything of a stack names its stack.
pub const STACK_LABEL: &str = "com.docker.stack.namespace";
