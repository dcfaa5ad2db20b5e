//! The files of a run. Main type: [`RunFolder`].

use std::io::ErrorKind;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::event::Event;
use harness_core::name::RunId;
use harness_core::plan::Plan;
use harness_core::report::{Results, junit, trace};
use harness_core::secret::Redactor;
use thiserror::Error;

use crate::disk::{Disk, Kind, RealDisk};

/// What attaching to a run takes, by name in its folder: the run file, and the backup that it names. Both may hold
/// secrets, and are private.
pub const ATTACHING: [&str; 2] = ["run.json", "work"];

/// A run's folder.
#[derive(Clone, Debug)]
pub struct RunFolder<D = RealDisk> {
    disk: D,
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

impl<D: Disk> RunFolder<D> {
    /// Makes the folder of a run.
    ///
    /// # Errors
    /// It could not be made.
    pub fn create(disk: D, out: &Utf8Path, run: &RunId) -> Result<Self, WriteError> {
        let dir = out.join(run.as_str());
        // A name that was used before would mix two runs.
        let made = disk
            .create_folders(out)
            .and_then(|()| disk.create_folder(&dir))
            .and_then(|()| disk.create_folder(&dir.join("logs")))
            .and_then(|()| disk.create_folder(&dir.join("work")))
            .and_then(|()| disk.canonical(&dir));
        match made {
            Ok(dir) => Ok(Self { disk, dir }),
            Err(source) => Err(WriteError { path: dir, source }),
        }
    }

    /// Returns the folder of a run that is dead, as its lease names it.
    pub fn of_dead_run(disk: D, dir: &Utf8Path) -> Self {
        Self { disk, dir: dir.to_owned() }
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
        let written = self.disk.replace(&path, text.as_bytes());
        written.map_err(|source| WriteError { path, source })
    }

    /// Adds to the end of a file.
    pub(super) fn append(&self, name: &str, text: &str) -> Result<(), WriteError> {
        let path = self.dir.join(name);
        let written = self.disk.append(&path, text.as_bytes());
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
    /// `results.json` comes last: it says what was proven only once everything else is there to show it.
    ///
    /// # Errors
    /// A file could not be written.
    pub fn report(&self, events: &[Event]) -> Result<Option<Results>, WriteError> {
        let Ok(results) = Results::from_events(events) else { return Ok(None) };
        self.complete_events(events)?;
        match junit(&results) {
            Ok(xml) => self.write("junit.xml", &xml)?,
            Err(error) => tracing::warn!(%error, "no JUnit report"),
        }
        self.write("trace.json", &trace(&results).to_string())?;
        self.write("results.json", &pretty(&results))?;
        Ok(Some(results))
    }

    /// Writes the event log again if a line of it is missing: a disk that was full for a while leaves such.
    fn complete_events(&self, events: &[Event]) -> Result<(), WriteError> {
        let written = self.disk.read(&self.dir.join("events.jsonl")).unwrap_or_default();
        if written.iter().filter(|b| **b == b'\n').count() == events.len() {
            return Ok(());
        }
        self.write("events.jsonl", &lines(events))
    }

    /// Makes `results.json` again from the events: enough while a run lasts.
    pub(super) fn write_results(&self, events: &[Event]) -> Result<(), WriteError> {
        match Results::from_events(events) {
            Ok(results) => self.write("results.json", &pretty(&results)),
            Err(_) => Ok(()),
        }
    }

    /// Removes what is needed only while the run lasts: it may hold secrets.
    pub fn remove_work(&self) {
        self.remove_folders(&["work", "abra", "lint"]);
        for name in ["run.json", "run.json.new"] {
            drop(self.disk.remove_file(&self.dir.join(name)));
        }
    }

    /// Removes the same but for what attaching to a deployment takes that is left standing: [`ATTACHING`].
    pub fn remove_all_but_attaching(&self) {
        self.remove_folders(&["work/source", "abra", "lint"]);
        drop(self.disk.remove_file(&self.dir.join("run.json.new")));
    }

    fn remove_folders(&self, names: &[&str]) {
        for path in names.iter().map(|name| self.dir.join(name)) {
            if let Err(error) = self.disk.remove_folders(&path)
                && error.kind() != ErrorKind::NotFound
            {
                tracing::warn!(%path, %error, "a folder of the run could not be removed");
            }
        }
    }

    /// Removes the whole folder, if it is there.
    pub fn remove(&self) {
        self.remove_folders(&[""]);
    }

    /// Removes the folder of a run that could not begin; one that holds reports stays.
    pub fn remove_unbegun(&self) {
        drop(self.disk.remove_folder(&self.dir.join("logs")));
        drop(self.disk.remove_file(&self.dir.join("plan.json")));
        drop(self.disk.remove_folder(&self.dir));
    }

    /// Returns the files of the folder in which a known secret stands, scrubbed by now. What is `private` of it is no
    /// artefact and is left as it is.
    pub fn scrub(&self, redactor: &Redactor, private: &[&str]) -> Vec<String> {
        let mut leaks = Vec::new();
        if !redactor.is_empty() {
            self.scrub_folder(&self.dir, redactor, private, &mut leaks);
        }
        leaks
    }

    fn scrub_folder(
        &self,
        dir: &Utf8Path,
        redactor: &Redactor,
        private: &[&str],
        leaks: &mut Vec<String>,
    ) {
        for entry in self.disk.list(dir).unwrap_or_default() {
            if private.contains(&entry.name.as_str()) {
                continue;
            }
            let path = dir.join(&entry.name);
            match entry.kind {
                Kind::Folder => self.scrub_folder(&path, redactor, &[], leaks),
                Kind::File => self.scrub_file(&path, redactor, leaks),
                // What a link leads to is not the run's.
                Kind::Other => {}
            }
        }
    }

    fn scrub_file(&self, path: &Utf8Path, redactor: &Redactor, leaks: &mut Vec<String>) {
        let Ok(bytes) = self.disk.read(path) else { return };
        let text = String::from_utf8_lossy(&bytes);
        if !redactor.finds(&text) {
            return;
        }
        leaks.push(path.file_name().unwrap_or_default().to_owned());
        if let Err(error) = self.disk.replace(path, redactor.scrub(&text).as_bytes()) {
            // Better no file than one that gives a secret away.
            tracing::error!(%path, %error, "a file that holds a secret could not be scrubbed: it is removed");
            drop(self.disk.remove_file(path));
        }
    }
}

/// Returns an event log: one JSON object a line.
pub(super) fn lines(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        text.push_str(&serde_json::to_string(event).expect("an event has nothing that JSON lacks"));
        text.push('\n');
    }
    text
}

fn pretty<T: serde::Serialize>(value: &T) -> String {
    let mut text =
        serde_json::to_string_pretty(value).expect("reports have nothing that JSON lacks");
    text.push('\n');
    text
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
