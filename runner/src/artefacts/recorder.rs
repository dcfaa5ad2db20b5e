//! The event log as a file, and what is kept up to date beside it. Main type: [`Recorder`].

use harness_core::chain::Chain;
use harness_core::event::{Event, Happened, Sink};

use crate::disk::{Disk, RealDisk};

use super::folder::{RunFolder, WriteError, lines};

/// Appends events to `events.jsonl` as they happen, keeps `results.json` up to date after each tier, and writes the
/// logs that were gathered.
#[derive(Debug)]
pub struct Recorder<D = RealDisk> {
    folder: RunFolder<D>,
    events: Vec<Event>,
    /// Whether a line may be torn or missing: then nothing may be added behind it.
    torn: bool,
}

impl<D: Disk> Recorder<D> {
    /// Begins the event log of a run.
    ///
    /// # Errors
    /// It could not be made.
    pub fn begin(folder: &RunFolder<D>) -> Result<Self, WriteError> {
        folder.append("events.jsonl", "")?;
        Ok(Self { folder: folder.clone(), events: Vec::new(), torn: false })
    }

    fn record(&mut self) -> Result<(), WriteError> {
        if self.torn {
            self.folder.write("events.jsonl", &lines(&self.events))?;
        } else if let Some(newest) = self.events.last() {
            let line = lines(std::slice::from_ref(newest));
            self.folder.append("events.jsonl", &line).inspect_err(|_| self.torn = true)?;
        }
        self.torn = false;
        Ok(())
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
            | Happened::CensusTaken { .. } => self.folder.write_results(&self.events),
            Happened::Linted { .. }
            | Happened::PhaseStarted { .. }
            | Happened::StatusChanged { .. }
            | Happened::Awaited { .. }
            | Happened::Observed { .. }
            | Happened::TrialsBroke { .. }
            | Happened::PhaseFinished { .. }
            | Happened::Noted { .. }
            | Happened::DeployDone
            | Happened::CheckFinished { .. }
            | Happened::AttemptFinished { .. }
            | Happened::Ledgered { .. }
            | Happened::Audited { .. }
            | Happened::DependencySeen { .. }
            | Happened::Stopped { .. }
            | Happened::TeardownStep { .. }
            | Happened::SecretLeaked { .. }
            | Happened::HarnessBroke { .. }
            | Happened::RunFinished { .. } => Ok(()),
        }
    }
}

impl<D: Disk> Sink for Recorder<D> {
    fn hear(&mut self, event: &Event) {
        self.events.push(event.clone());
        if let Err(error) = self.record() {
            tracing::error!(error = %Chain(&error), "an event could not be recorded");
        }
        if let Err(error) = self.write_side_files(event) {
            tracing::error!(error = %Chain(&error), "a report could not be written");
        }
    }
}

#[cfg(test)]
mod tests {
    use harness_core::event::read_events;
    use harness_core::name::RunId;

    use super::*;
    use crate::disk::MemoryDisk;

    fn noted(ms: u64) -> Event {
        Event { ms, what: Happened::Noted { text: format!("event {ms}") } }
    }

    #[test]
    fn a_disk_that_was_full_for_a_while_leaves_an_event_log_that_can_be_read() {
        let disk = MemoryDisk::new();
        let run = RunId::try_from("r1".to_owned()).unwrap();
        let folder = RunFolder::create(disk.clone(), "/runs".into(), &run).unwrap();
        let mut recorder = Recorder::begin(&folder).unwrap();
        let read = || {
            let bytes = disk.read("/runs/r1/events.jsonl".into()).unwrap();
            read_events(&String::from_utf8(bytes).unwrap()).map(|e| e.len())
        };
        recorder.hear(&noted(0));
        disk.full(disk.steps(), 2);
        recorder.hear(&noted(1));
        assert_eq!(read().unwrap(), 1, "the torn line is left out");
        recorder.hear(&noted(2));
        assert_eq!(read().unwrap(), 1);
        recorder.hear(&noted(3));
        assert_eq!(read().unwrap(), 4, "what was missing is there again");
        recorder.hear(&noted(4));
        assert_eq!(read().unwrap(), 5);
    }

    #[test]
    fn what_is_gathered_is_written_beside_the_event_log() {
        use harness_core::lint::{LintReport, LintStatus};

        let disk = MemoryDisk::new();
        let run = RunId::try_from("r1".to_owned()).unwrap();
        let folder = RunFolder::create(disk.clone(), "/runs".into(), &run).unwrap();
        let mut recorder = Recorder::begin(&folder).unwrap();
        let linted = |text: &str| Happened::Linted {
            report: LintReport {
                status: LintStatus::Pass,
                rules_failed: Vec::new(),
                reason: None,
                text: text.to_owned(),
            },
        };
        let text =
            |name: &str| disk.read(&folder.dir().join(name)).map(|b| String::from_utf8(b).unwrap());
        recorder.hear(&Event { ms: 1, what: linted("") });
        assert!(text("lint.txt").is_err(), "an empty lint has no file");
        recorder.hear(&Event { ms: 2, what: linted("R011 fails\n") });
        assert_eq!(text("lint.txt").unwrap(), "R011 fails\n");
        let lines = vec!["a".to_owned(), "b".to_owned()];
        recorder.hear(&Event {
            ms: 3,
            what: Happened::LogsGathered { service: "app".to_owned(), lines },
        });
        assert_eq!(text("logs/app.log").unwrap(), "a\nb\n");
        assert_eq!(read_events(&text("events.jsonl").unwrap()).unwrap().len(), 3);
    }
}
