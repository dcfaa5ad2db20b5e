//! `cargo xtask images`.

use super::ensure::{State, ensure_images, plan};
use crate::engine::{Marking, ensure_engine};
use crate::machine::Machine;
use crate::progress::say;

/// What to build.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only these (`nginx`, `ghost:6.65.0` …) and what they are built on.
    #[arg(long, value_name = "NAME", num_args = 1..)]
    only: Vec<String>,
    /// Shows the state of each and builds nothing.
    #[arg(long)]
    list: bool,
}

/// Builds or lists.
pub(crate) async fn run(machine: &Machine, args: &Args) -> anyhow::Result<()> {
    ensure_engine(machine, Marking::Require).await?;
    if !args.list {
        return ensure_images(machine, &args.only).await;
    }
    for planned in plan(machine, &args.only).await? {
        let state = match planned.state {
            State::Current => "current",
            State::Outdated => "outdated",
            State::Missing => "missing",
            State::Foreign => "not built here",
        };
        say(&format!("{:<24} {state}", planned.image.tag));
    }
    Ok(())
}
