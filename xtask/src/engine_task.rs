//! `cargo xtask engine`: starts and stops the engine that xtask started, and nothing else.

use crate::engine::{Marking, ensure_engine, stop_engine};
use crate::machine::Machine;
use crate::progress::say;

/// What to do with the engine.
#[derive(Clone, Copy, Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Starts it, if none answers.
    Start,
    /// Stops it, if xtask started it. What runs on it stays as it is, for when it starts again.
    Stop,
}

/// Does it.
pub(crate) async fn run(machine: &Machine, action: Action) -> anyhow::Result<()> {
    match action {
        Action::Start => {
            let engine = ensure_engine(machine, Marking::Require).await?;
            say(&format!("engine   {} answers", engine.version));
        }
        Action::Stop => {
            stop_engine(machine).await?;
            say("engine   stopped");
        }
    }
    Ok(())
}
