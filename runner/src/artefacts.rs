//! The run folder: every file written whole then renamed, readable at any moment. Main types: [`RunFolder`],
//! [`Recorder`].

use std::fs::{File, OpenOptions};
use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::event::{Event, Happened, Sink};
use harness_core::name::RunId;
use harness_core::plan::Plan;
use harness_core::report::{Results, junit, trace};
use harness_core::secret::Redactor;
use thiserror::Error;

/// A run's folder.
#[derive(Clone, Debug)]
pub struct RunFolder {
    dir: Utf8PathBuf,
}

/// A file of the run's folder could not be written.
#[derive(Debug, Error)]
#[error("failed to write {path}")]
pub struct WriteError {
    /// The file.
    pub path: Utf8PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

impl RunFolder {
    /// Makes the folder of a run.
    ///
    /// # Errors
    /// It could not be made.
    pub fn create(out: &Utf8Path, run: &RunId) -> Result<Self, WriteError> {
        let dir = out.join(run.as_str());
        // A name that was used before would mix two runs.
        let made = std::fs::create_dir_all(out)
            .and_then(|()| std::fs::create_dir(&dir))
            .and_then(|()| std::fs::create_dir(dir.join("logs")))
            .and_then(|()| std::fs::create_dir(dir.join("work")));
        made.map_err(|source| WriteError { path: dir.clone(), source })?;
        let dir =
            dir.canonicalize_utf8().map_err(|source| WriteError { path: dir.clone(), source })?;
        Ok(Self { dir })
    }

    /// Returns the folder of a run that is dead, as its lease names it.
    pub fn of_dead_run(dir: &Utf8Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// Returns the folder.
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Returns the folder of what is needed only while the run lasts. It may hold secrets.
    pub fn work(&self) -> Utf8PathBuf {
        self.dir.join("work")
    }

    /// Writes a file whole, then gives it its name.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), WriteError> {
        let path = self.dir.join(name);
        let temporary = self.dir.join(format!("{name}.new"));
        let written =
            std::fs::write(&temporary, text).and_then(|()| std::fs::rename(&temporary, &path));
        written.map_err(|source| WriteError { path, source })
    }

    /// Writes the plan.
    ///
    /// # Errors
    /// It could not be written.
    pub fn write_plan(&self, plan: &Plan) -> Result<(), WriteError> {
        self.write("plan.json", &pretty(plan))
    }

    /// Makes every report again from the events, and returns the results; none if there is no run among them.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn report(&self, events: &[Event]) -> Result<Option<Results>, WriteError> {
        let Some(results) = self.write_results(events)? else { return Ok(None) };
        match junit(&results) {
            Ok(xml) => self.write("junit.xml", &xml)?,
            Err(error) => tracing::warn!(%error, "no JUnit report"),
        }
        self.write("trace.json", &trace(&results).to_string())?;
        Ok(Some(results))
    }

    /// Makes `results.json` again from the events: enough while a run lasts.
    fn write_results(&self, events: &[Event]) -> Result<Option<Results>, WriteError> {
        let Ok(results) = Results::from_events(events) else { return Ok(None) };
        self.write("results.json", &pretty(&results))?;
        Ok(Some(results))
    }

    /// Removes what is needed only while the run lasts: it may hold secrets.
    pub fn remove_work(&self) {
        for path in [self.work(), self.dir.join("abra"), self.dir.join("lint")] {
            if let Err(error) = std::fs::remove_dir_all(&path)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(%path, %error, "a folder of the run could not be removed");
            }
        }
        for name in ["run.json", "run.json.new"] {
            drop(std::fs::remove_file(self.dir.join(name)));
        }
    }

    /// Returns the files of the folder in which a known secret stands, scrubbed by now.
    pub fn scrub(&self, redactor: &Redactor) -> Vec<String> {
        let mut leaks = Vec::new();
        if !redactor.is_empty() {
            scrub_folder(&self.dir, redactor, &mut leaks);
        }
        leaks
    }
}

fn scrub_folder(dir: &Utf8Path, redactor: &Redactor, leaks: &mut Vec<String>) {
    let Ok(entries) = dir.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        // What a link leads to is not the run's.
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            scrub_folder(path, redactor, leaks);
        } else if kind.is_file()
            && let Ok(bytes) = std::fs::read(path)
        {
            let text = String::from_utf8_lossy(&bytes);
            if redactor.finds(&text) {
                leaks.push(path.file_name().unwrap_or_default().to_owned());
                if let Err(error) = std::fs::write(path, redactor.scrub(&text)) {
                    tracing::error!(%path, %error, "a file that holds a secret could not be scrubbed");
                }
            }
        }
    }
}

fn pretty<T: serde::Serialize>(value: &T) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("reports have nothing that JSON lacks");
    text.push('\n');
    text
}

/// Appends events to `events.jsonl` as they happen, keeps `results.json` up to date after each tier, and writes the
/// logs that were gathered.
#[derive(Debug)]
pub struct Recorder {
    folder: RunFolder,
    file: File,
    events: Vec<Event>,
}

impl Recorder {
    /// Begins the event log of a run.
    ///
    /// # Errors
    /// It could not be made.
    pub fn begin(folder: &RunFolder) -> Result<Self, WriteError> {
        let path = folder.dir.join("events.jsonl");
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(|source| WriteError { path, source })?;
        Ok(Self { folder: folder.clone(), file, events: Vec::new() })
    }

    fn write_side_files(&self, event: &Event) -> Result<(), WriteError> {
        match &event.what {
            Happened::Linted { report } if !report.text.is_empty() => {
                self.folder.write("lint.txt", &report.text)
            }
            Happened::LogsGathered { service, lines } => {
                self.folder.write(&format!("logs/{service}.log"), &(lines.join("\n") + "\n"))
            }
            Happened::RunStarted { .. }
            | Happened::TierFinished { .. }
            | Happened::CensusTaken { .. } => self.folder.write_results(&self.events).map(drop),
            Happened::Linted { .. }
            | Happened::PhaseStarted { .. }
            | Happened::StatusChanged { .. }
            | Happened::PhaseFinished { .. }
            | Happened::Noted { .. }
            | Happened::DeployDone
            | Happened::CheckFinished { .. }
            | Happened::Stopped { .. }
            | Happened::TeardownStep { .. }
            | Happened::SecretLeaked { .. }
            | Happened::HarnessBroke { .. }
            | Happened::RunFinished { .. } => Ok(()),
        }
    }
}

impl Sink for Recorder {
    fn hear(&mut self, event: &Event) {
        if let Ok(mut line) = serde_json::to_string(event) {
            line.push('\n');
            // One write call for a line: a kill tears at most the last one.
            if let Err(error) = self.file.write_all(line.as_bytes()) {
                tracing::error!(%error, "an event could not be recorded");
            }
        }
        self.events.push(event.clone());
        if let Err(error) = self.write_side_files(event) {
            tracing::error!(error = %harness_core::chain::Chain(&error), "a report could not be written");
        }
    }
}
