//! A run that was recorded, as `explain` and `replay` read it.

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::event::{Event, ReadEventError, read_events};
use thiserror::Error;

/// Which run.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The run: its folder, or its name below --out.
    run: Utf8PathBuf,
    /// Where runs are written.
    #[arg(long, env = "CCCI_RUNS_DIR", value_name = "DIR", default_value = "runs")]
    out: Utf8PathBuf,
}

/// A recorded run.
#[derive(Debug)]
pub(super) struct Recorded {
    /// Its event log.
    path: Utf8PathBuf,
    /// What happened.
    pub(super) events: Vec<Event>,
}

/// A run that cannot be read.
#[derive(Debug, Error)]
pub(super) enum RecordedError {
    /// There is none.
    #[error("there is no run `{run}`: neither {first} nor {second} can be read")]
    NoRun { run: Utf8PathBuf, first: Utf8PathBuf, second: Utf8PathBuf },
    /// Its events are none.
    #[error("{path} cannot be read as a run's events")]
    Events { path: Utf8PathBuf, source: ReadEventError },
    /// Nothing happened.
    #[error("{0} has no start of a run: nothing was done")]
    Empty(Utf8PathBuf),
    /// Its results are none.
    #[error("{path} cannot be read as a run's results")]
    Results { path: Utf8PathBuf, source: serde_json::Error },
}

impl Which {
    /// Reads the run's events.
    pub(super) fn read(&self) -> Result<Recorded, RecordedError> {
        let first = self.run.join("events.jsonl");
        let second = self.out.join(&self.run).join("events.jsonl");
        let read = [&first, &second]
            .into_iter()
            .find_map(|path| Some((path.clone(), std::fs::read_to_string(path).ok()?)));
        let Some((path, text)) = read else {
            return Err(RecordedError::NoRun { run: self.run.clone(), first, second });
        };
        match read_events(&text) {
            Ok(events) => Ok(Recorded { path, events }),
            Err(source) => Err(RecordedError::Events { path, source }),
        }
    }
}

impl Recorded {
    /// Reads the results that the run left; none if it left none.
    pub(super) fn results(&self) -> Result<Option<serde_json::Value>, RecordedError> {
        let path = self.path.with_file_name("results.json");
        let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
        serde_json::from_str(&text)
            .map(Some)
            .map_err(|source| RecordedError::Results { path, source })
    }

    /// Returns where the events are.
    pub(super) fn path(&self) -> &Utf8Path {
        &self.path
    }
}
