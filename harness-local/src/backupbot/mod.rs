//! The backup bot's stand-in: backs up and restores stacks by their `backupbot.*` labels, with real restic.
//!
//! Runs inside the bot's container, started by abra's exec. Both label generations are read; hooks run by exec in the
//! services' containers; a hook that fails is only logged. Main entry: [`run`].

mod archive;
mod bot;
mod create;
mod hooks;
mod labels;
mod lock;
mod log;
mod repository;
mod restore;
mod show;

pub use bot::{BotError, BotSettings, run};
pub use hooks::HookError;
pub use labels::{Moment, Plan, PlannedHook, plan};
pub use log::Log;
pub use repository::{Repository, ResticError};
