//! `cc-ci explain`.

use camino::Utf8PathBuf;
use harness_core::event::{ReadEventError, read_events};
use harness_core::report::{ExitStatus, Results, RunVerdict};
use thiserror::Error;

use crate::output;

use super::Failed;

/// Says what a run proved and why, from its events.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run: its folder, or its name below --out.
    run: Utf8PathBuf,
    /// Where runs are written.
    #[arg(long, env = "CCCI_RUNS_DIR", value_name = "DIR", default_value = "runs")]
    out: Utf8PathBuf,
}

#[derive(Debug, Error)]
enum ExplainError {
    #[error("there is no run `{run}`: neither {first} nor {second} can be read")]
    NoRun { run: Utf8PathBuf, first: Utf8PathBuf, second: Utf8PathBuf },
    #[error("{path} cannot be read as a run's events")]
    Events { path: Utf8PathBuf, source: ReadEventError },
    #[error("{0} has no start of a run: nothing was done")]
    Empty(Utf8PathBuf),
}

impl Args {
    pub(super) fn run(self) -> Result<ExitStatus, Failed> {
        let first = self.run.join("events.jsonl");
        let second = self.out.join(&self.run).join("events.jsonl");
        let read = [&first, &second]
            .into_iter()
            .find_map(|p| Some((p.clone(), std::fs::read_to_string(p).ok()?)));
        let Some((path, text)) = read else {
            return Err(Failed::usage(ExplainError::NoRun { run: self.run, first, second }));
        };
        let events = read_events(&text);
        let events = events
            .map_err(|source| Failed::usage(ExplainError::Events { path: path.clone(), source }))?;
        let results =
            Results::from_events(&events).map_err(|_| Failed::usage(ExplainError::Empty(path)))?;
        output::data(&output::explain(&results, &events));
        Ok(ExitStatus::Verdict(RunVerdict::Pass))
    }
}
