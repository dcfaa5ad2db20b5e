//! Commands that a person watches: their output goes straight to the terminal.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::machine::Machine;
use crate::progress::say;

/// What takes as long is said: where the time goes should be seen.
const WORTH_A_LINE: Duration = Duration::from_secs(5);

/// Runs cargo in the workspace and fails if it fails.
pub(crate) fn cargo(machine: &Machine, args: &[&str], vars: &[(&str, &str)]) -> anyhow::Result<()> {
    let status = cargo_status(machine, args, vars)?;
    anyhow::ensure!(status.success(), "`cargo {}` failed with {status}", args.join(" "));
    Ok(())
}

/// Runs cargo in the workspace and returns how it ended.
pub(crate) fn cargo_status(
    machine: &Machine,
    args: &[&str],
    vars: &[(&str, &str)],
) -> anyhow::Result<ExitStatus> {
    say(&format!("$ cargo {}", args.join(" ")));
    let began = Instant::now();
    let status =
        command("cargo").args(args).envs(vars.iter().copied()).current_dir(&machine.root).status();
    let took = began.elapsed();
    if took >= WORTH_A_LINE {
        say(&format!("  {:.0} s", took.as_secs_f32()));
    }
    status.context("failed to start cargo")
}

/// Becomes another program: its exit code and its signals are its own. Returns only if it could not be started.
pub(crate) fn become_program(program: &camino::Utf8Path, args: &[String]) -> anyhow::Error {
    let error = command(program.as_str()).args(args).exec();
    anyhow::Error::new(error).context(format!("failed to start {program}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "what a person watches is not captured, and cargo keeps its own limits"
)]
fn command(program: &str) -> Command {
    Command::new(program)
}
