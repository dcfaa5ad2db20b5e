//! A run that was recorded, as `explain` and `replay` read it.

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::event::{Event, ReadEventError, read_events};
use thiserror::Error;

/// Which run.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// The run: its folder, its name below --out, or `last` for the newest there.
    run: Utf8PathBuf,
    /// Where runs are written.
    #[arg(long, env = "CCCI_RUNS_DIR", value_name = "DIR", default_value = "runs")]
    out: Utf8PathBuf,
}

/// The word for the newest run.
const LAST: &str = "last";

/// The file by which a folder is known as a run's.
const EVENTS: &str = "events.jsonl";

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
    /// There is none yet.
    #[error("there is no run below {0}: give the folder of one, or name where runs are with --out")]
    NoneYet(Utf8PathBuf),
    /// Its events cannot be read.
    #[error("failed to read {path}")]
    Unreadable { path: Utf8PathBuf, source: std::io::Error },
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
        let path = self.folder()?.join(EVENTS);
        let text = std::fs::read_to_string(&path)
            .map_err(|source| RecordedError::Unreadable { path: path.clone(), source })?;
        match read_events(&text) {
            Ok(events) => Ok(Recorded { path, events }),
            Err(source) => Err(RecordedError::Events { path, source }),
        }
    }

    /// Returns the run's folder.
    pub(super) fn folder(&self) -> Result<Utf8PathBuf, RecordedError> {
        let below = self.out.join(&self.run);
        if let Some(found) =
            [&self.run, &below].into_iter().find(|folder| folder.join(EVENTS).is_file())
        {
            return Ok(found.clone());
        }
        if self.run == LAST {
            return newest(&self.out).ok_or_else(|| RecordedError::NoneYet(self.out.clone()));
        }
        let (first, second) = (self.run.join(EVENTS), below.join(EVENTS));
        Err(RecordedError::NoRun { run: self.run.clone(), first, second })
    }
}

/// Returns the folder of the run of which something was heard last.
fn newest(out: &Utf8Path) -> Option<Utf8PathBuf> {
    let folders = out.read_dir_utf8().ok()?.flatten();
    let heard = folders.filter_map(|folder| {
        let events = folder.path().join(EVENTS).metadata().ok()?;
        Some((events.modified().ok()?, folder.path().to_owned()))
    });
    heard.max().map(|(_, folder)| folder)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn run(out: &Utf8Path, name: &str) {
        std::fs::create_dir(out.join(name)).unwrap();
        std::fs::write(out.join(name).join(EVENTS), "").unwrap();
    }

    fn which(out: &Utf8Path, run: &str) -> Which {
        Which { run: run.into(), out: out.to_owned() }
    }

    #[test]
    fn a_run_is_named_by_its_folder_its_name_or_as_the_last() {
        let guard = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(guard.path()).unwrap();
        assert!(matches!(which(out, "last").folder(), Err(RecordedError::NoneYet(_))));
        run(out, "b");
        run(out, "a");
        let early = std::time::SystemTime::UNIX_EPOCH;
        let file = std::fs::File::options().append(true).open(out.join("b").join(EVENTS)).unwrap();
        file.set_modified(early).unwrap();
        assert_eq!(which(out, "last").folder().unwrap(), out.join("a"));
        assert_eq!(which(out, "b").folder().unwrap(), out.join("b"));
        assert_eq!(which(out, out.join("b").as_str()).folder().unwrap(), out.join("b"));
        assert!(matches!(which(out, "c").folder(), Err(RecordedError::NoRun { .. })));
    }

    #[test]
    fn a_run_that_is_called_last_is_found_by_its_name() {
        let guard = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(guard.path()).unwrap();
        run(out, "last");
        run(out, "zzz");
        assert_eq!(which(out, "last").folder().unwrap(), out.join("last"));
    }
}
