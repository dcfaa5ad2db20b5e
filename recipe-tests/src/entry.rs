//! The program's command line.

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8PathBuf;
use harness_core::chain::Chain;
use harness_core::name::{InvalidRecipeName, RecipeName};
use harness_core::run_file::{RUN_FILE_VARIABLE, RunFile, SCHEMA};
use libtest_mimic::Arguments;
use thiserror::Error;

use crate::built::{NotBuilt, check_built};
use crate::catalogue::{InvalidSuite, describe};
use crate::folder::folder_names;
use crate::trial;

/// The command line cannot be used.
#[derive(Debug, Error)]
enum EntryError {
    #[error(transparent)]
    Recipe(#[from] InvalidRecipeName),
    #[error(transparent)]
    NotBuilt(#[from] NotBuilt),
    #[error(transparent)]
    Suite(#[from] InvalidSuite),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    #[error("failed to write to standard output")]
    Print(#[from] std::io::Error),
    #[error("failed to ask the system to end this process with the runner")]
    DieWithRunner { source: nix::Error },
}

/// The run file cannot be used.
#[derive(Debug, Error)]
pub(crate) enum RunFileError {
    #[error("failed to read the run file {path}, which {RUN_FILE_VARIABLE} names")]
    Read { path: Utf8PathBuf, source: std::io::Error },
    #[error("{path} is no run file")]
    Parse { path: Utf8PathBuf, source: serde_json::Error },
    #[error(
        "{path} has schema {seen}, and this program reads {SCHEMA}: build the runner and the trials program from one commit"
    )]
    Schema { path: Utf8PathBuf, seen: u32 },
}

/// Runs the trials program. Its exit code is 0, 101 when a trial failed, or 2 when there was nothing to run.
pub fn main() -> ExitCode {
    match run() {
        Ok(code) => code,
        Err(error) => {
            let text = format!("error: {}\n", Chain(&error));
            // Nothing is left to do when standard error is closed too.
            drop(std::io::stderr().write_all(text.as_bytes()));
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<ExitCode, EntryError> {
    let args: Vec<String> = std::env::args_os().map(|a| a.to_string_lossy().into_owned()).collect();
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    match words.as_slice() {
        ["describe", recipe] => {
            let recipe = RecipeName::try_from((*recipe).to_owned())?;
            check_built(&recipe)?;
            let described = describe(&recipe)?;
            let json = serde_json::to_string(&described).map_err(std::io::Error::other)?;
            writeln!(std::io::stdout(), "{json}")?;
            Ok(ExitCode::SUCCESS)
        }
        ["recipes"] => {
            let names: String = folder_names().map(|name| format!("{name}\n")).collect();
            std::io::stdout().write_all(names.as_bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => trials(Arguments::from_iter(&args)),
    }
}

fn trials(mut args: Arguments) -> Result<ExitCode, EntryError> {
    let Some(path) = run_file_path() else {
        return Ok(libtest_mimic::run(&args, trial::unattached()?).exit_code());
    };
    let run = Arc::new(read_run_file(path)?);
    if !args.list {
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)
            .map_err(|source| EntryError::DieWithRunner { source })?;
        trial::note_where_panics_happen();
    }
    args.test_threads.get_or_insert(1);
    let trials = trial::attached(&run)?;
    Ok(libtest_mimic::run(&args, trials).exit_code())
}

/// Returns the path that the environment names.
#[expect(clippy::disallowed_methods, reason = "the program's one look at the environment")]
pub(crate) fn run_file_path() -> Option<Utf8PathBuf> {
    let value = std::env::var_os(RUN_FILE_VARIABLE)?;
    Some(Utf8PathBuf::from(value.to_string_lossy().into_owned()))
}

/// Reads a run file of this program's own format.
pub(crate) fn read_run_file(path: Utf8PathBuf) -> Result<RunFile, RunFileError> {
    let bytes =
        std::fs::read(&path).map_err(|source| RunFileError::Read { path: path.clone(), source })?;
    let run: RunFile = serde_json::from_slice(&bytes)
        .map_err(|source| RunFileError::Parse { path: path.clone(), source })?;
    if run.schema == SCHEMA {
        Ok(run)
    } else {
        Err(RunFileError::Schema { path, seen: run.schema })
    }
}
