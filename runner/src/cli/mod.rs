//! The command line. Each subcommand is a file of its own.

mod doctor;
mod explain;
mod gc;
mod lint;
mod new;
mod options;
mod plan;
mod recorded;
mod replay;
mod run;
mod shell;
mod warm;

use camino::Utf8PathBuf;
use clap::{Parser, Subcommand};
use harness_core::process::BaseEnv;
use harness_core::report::ExitStatus;

use crate::output;

/// Tests Co-op Cloud recipes: deploys one for real, once, takes that deployment through install, upgrade, backup,
/// restore and custom tests, removes every trace, and says what was proven.
///
/// Exit codes: 0 pass; 1 fail (the recipe, its app or its suite); 2 usage or settings; 3 not verified (registry, host
/// or harness kept a tier from running); 4 nothing selected; 70 a defect of cc-ci; 130, 143 ended by a signal and 142 by
/// the run's own deadline, teardown done.
#[derive(Debug, Parser)]
#[command(name = "cc-ci", max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Takes a recipe through its tiers and says what was proven.
    Run(run::Args),
    /// Shows what a run would do, and why; makes nothing.
    Plan(plan::Args),
    /// Writes a suite to begin with, proposed from the recipe's own files.
    New(new::Args),
    /// Lints a recipe with abra and judges its table; needs no engine.
    Lint(lint::Args),
    /// Removes what killed runs left; never a live run, nor anything that is not ours.
    Gc(gc::Args),
    /// Says whether this machine can run, and where each setting comes from.
    Doctor(doctor::Args),
    /// Says what a run proved and why, from its events.
    Explain(explain::Args),
    /// Opens a shell, or runs a command, in a container of an app that stands.
    Shell(shell::Args),
    /// Keeps providers warm, such as a Keycloak, for runs to attach to.
    Warm(warm::Args),
    /// Decides again over a run's events, and shows where today's code decides otherwise.
    Replay(replay::Args),
}

/// Parses the command line, does what it says, and returns the exit code.
pub async fn main(base: BaseEnv) -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; everything else is usage.
            drop(error.print());
            return if error.use_stderr() { ExitStatus::Usage.code() } else { 0 };
        }
    };
    let done = match cli.command {
        Command::Run(args) => args.run(&base).await,
        Command::Plan(args) => args.run(&base).await,
        Command::New(args) => args.run(&base).await,
        Command::Lint(args) => args.run(&base).await,
        Command::Gc(args) => args.run(&base).await,
        Command::Doctor(args) => args.run(&base).await,
        Command::Explain(args) => args.run(),
        Command::Shell(args) => args.run(&base).await,
        Command::Warm(args) => args.run(&base).await,
        Command::Replay(args) => args.run(),
    };
    match done {
        Ok(status) => status.code(),
        Err(failed) => {
            output::error(failed.error.as_ref());
            failed.exit.code()
        }
    }
}

/// A command that could not do its work: what to say, and how to end.
#[derive(Debug)]
struct Failed {
    error: Box<dyn std::error::Error>,
    exit: ExitStatus,
}

impl Failed {
    fn usage(error: impl std::error::Error + 'static) -> Self {
        Self { error: Box::new(error), exit: ExitStatus::Usage }
    }
}

/// Returns the folder of our own binary, where its companions lie.
fn beside() -> Option<Utf8PathBuf> {
    let exe = std::env::current_exe().ok()?;
    Utf8PathBuf::from_path_buf(exe).ok()?.parent().map(ToOwned::to_owned)
}
