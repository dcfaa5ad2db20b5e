//! What running code says: typed events and nothing else. Every report is made from them.

use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::census::Item;
use crate::converge::{Before, Decided};
use crate::ledger::LedgerEntry;
use crate::lint::LintReport;
use crate::name::{RecipeName, ServiceName};
use crate::observation::Observation;
use crate::plan::Plan;
use crate::platform::PlatformFacts;
use crate::secret::{Redactor, Secret};
use crate::store::{StoreSeen, Unprotected};
use crate::tier::{Status, Tier};

/// Who is waited for in a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaitedOn {
    /// Our own work.
    Harness,
    /// abra, the engine, the router, git.
    Platform,
    /// The app.
    App,
    /// A trials process.
    Suite,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Happened {
    /// The run began.
    RunStarted {
        /// Wall-clock time, RFC 3339.
        at: jiff::Timestamp,
        /// What is going to be done.
        plan: Box<Plan>,
        /// Where.
        platform: Box<PlatformFacts>,
    },
    /// A phase began.
    PhaseStarted {
        /// Its name, such as `deploy` or `converge`.
        phase: String,
        /// The tier that it belongs to.
        tier: Option<Tier>,
        /// Who is waited for.
        waited_on: WaitedOn,
    },
    /// What is being waited for changed.
    StatusChanged {
        /// The phase.
        phase: String,
        /// What was last seen.
        status: String,
    },
    /// A wait for convergence began: what it is decided by, beside what is observed.
    Awaited {
        /// The tier that it belongs to.
        tier: Tier,
        /// The services that must be there.
        defined: Vec<ServiceName>,
        /// What was there before.
        before: Box<Before>,
    },
    /// What was observed of an app that is to converge, and what was decided by it. It is said when the decision
    /// changes.
    Observed {
        /// The tier that it belongs to.
        tier: Tier,
        /// What was observed, without labels: nothing is decided by them here.
        observation: Box<Observation>,
        /// What was decided.
        decided: Decided,
    },
    /// A process of seeds or checks crashed, hung, or could not be started.
    TrialsBroke {
        /// The tier that it belongs to.
        tier: Tier,
        /// Why.
        cause: Cause,
    },
    /// A phase ended.
    PhaseFinished {
        /// Its name.
        phase: String,
        /// Whether it did what it was for.
        ok: bool,
    },
    /// Something that a reader should know and that decides nothing.
    Noted {
        /// The text.
        text: String,
    },
    /// A deploy was made.
    DeployDone,
    /// A check ended.
    CheckFinished {
        /// Its tier.
        tier: Tier,
        /// Its name.
        name: String,
        /// How it ended.
        status: Status,
        /// How long it took.
        duration_ms: u64,
        /// What was expected and seen.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whose fault a failure is.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<CauseClass>,
    },
    /// An attempt at a tier ended that is made again as a whole where it is wrong: the backup.
    AttemptFinished {
        /// The tier.
        tier: Tier,
        /// Which, from 1.
        attempt: u32,
        /// How it ended.
        status: Status,
        /// Why it was not verified.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whose fault that is.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// The snapshot that it made.
        #[serde(skip_serializing_if = "Option::is_none")]
        snapshot: Option<String>,
        /// How long it took, its checks included.
        duration_ms: u64,
        /// Whether another one follows: then the checks so far are not the tier's.
        again: bool,
    },
    /// It was seen what became of a marker. A later one about the same marker and event counts.
    Ledgered {
        /// What became of it.
        entry: LedgerEntry,
    },
    /// It was seen which stores the backup does not hold. A later one counts.
    Audited {
        /// The stores.
        found: Vec<Unprotected>,
        /// Every store with its size.
        #[serde(default)]
        stores: Vec<StoreSeen>,
    },
    /// A tier ended.
    TierFinished {
        /// The tier.
        tier: Tier,
        /// How it ended.
        status: Status,
        /// Why it was skipped or not verified.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Whose fault that is; of a pass: that it is a flake, and what was wrong before.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// How long it took.
        duration_ms: u64,
    },
    /// The recipe was linted.
    Linted {
        /// What the lint said.
        report: LintReport,
    },
    /// Log lines of a service, gathered because something failed.
    LogsGathered {
        /// The service.
        service: String,
        /// Its last lines.
        lines: Vec<String>,
    },
    /// A dependency is there, or could not be had, or was lost meanwhile: the last word counts.
    DependencySeen {
        /// The recipe.
        recipe: RecipeName,
        /// Whether it is one that is kept warm.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        warm: bool,
        /// Why it is not there; none: it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        trouble: Option<Cause>,
    },
    /// The run was told to end, or its deadline passed.
    Stopped {
        /// By what.
        by: Stop,
    },
    /// A step of the teardown ended.
    TeardownStep {
        /// Its name.
        name: String,
        /// What went wrong, if it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// What exists was counted.
    CensusTaken {
        /// Before anything was made, or after the teardown.
        when: CensusTime,
        /// How many things exist.
        count: usize,
        /// What this run left behind.
        left_behind: Vec<Item>,
        /// Why it could not be taken.
        #[serde(skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// A known secret stood in an artefact.
    SecretLeaked {
        /// The artefact.
        artefact: String,
    },
    /// Our own code panicked: a defect of ours.
    HarnessBroke {
        /// What the panic said.
        text: String,
    },
    /// The run ended.
    RunFinished {
        /// Wall-clock time, RFC 3339.
        at: jiff::Timestamp,
    },
}

/// When a census was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CensusTime {
    /// Before anything was made.
    Before,
    /// After the teardown.
    After,
}

/// What told a run to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// The run's own deadline.
    Deadline,
}

/// An event: what happened, and how long after the run's beginning.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Event {
    /// Milliseconds since the run began.
    pub ms: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: Happened,
}

/// Something that hears events as they happen.
pub trait Sink: Send {
    /// Hears an event. It is already free of known secrets.
    fn hear(&mut self, event: &Event);
}

/// An event line could not be read.
#[derive(Debug, Error)]
#[error("line {line} is no event")]
pub struct ReadEventError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub source: serde_json::Error,
}

/// Reads an event log: one JSON object a line. A last line without its end, as a killed run leaves it, is left out.
///
/// # Errors
/// A whole line is no event.
pub fn read_events(text: &str) -> Result<Vec<Event>, ReadEventError> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    lines
        .map(|(i, l)| {
            serde_json::from_str(l).map_err(|source| ReadEventError { line: i + 1, source })
        })
        .collect()
}

struct Inner {
    events: Vec<Event>,
    sinks: Vec<Box<dyn Sink>>,
    redactor: Redactor,
}

/// Where running code says what happened. Cheap to clone; every clone is the same log.
#[derive(Clone)]
pub struct EventLog {
    began: Instant,
    inner: Arc<Mutex<Inner>>,
}

impl std::fmt::Debug for EventLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventLog").field("began", &self.began).finish_non_exhaustive()
    }
}

impl EventLog {
    /// Returns a log that begins now and tells these sinks.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        let inner = Inner { events: Vec::new(), sinks, redactor: Redactor::new() };
        Self { began: Instant::now(), inner: Arc::new(Mutex::new(inner)) }
    }

    /// Says what happened.
    pub fn say(&self, what: Happened) {
        let ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut inner = self.inner.lock().expect("no sink panics");
        let event = scrubbed(Event { ms, what }, &inner.redactor);
        for sink in &mut inner.sinks {
            sink.hear(&event);
        }
        inner.events.push(event);
    }

    /// Makes a value known as a secret: it is scrubbed from every later event.
    pub fn hide(&self, secret: &Secret) {
        self.inner.lock().expect("no sink panics").redactor.add(secret);
    }

    /// Returns everything said so far.
    pub fn events(&self) -> Vec<Event> {
        let inner = self.inner.lock().expect("no sink panics");
        // A value may have been said before it was known to be a secret.
        inner.events.iter().map(|event| scrubbed(event.clone(), &inner.redactor)).collect()
    }

    /// Returns what scrubs the secrets known so far.
    pub fn redactor(&self) -> Redactor {
        self.inner.lock().expect("no sink panics").redactor.clone()
    }
}

fn scrubbed(event: Event, redactor: &Redactor) -> Event {
    if redactor.is_empty() {
        return event;
    }
    let Ok(text) = serde_json::to_string(&event) else { return event };
    if !redactor.finds(&text) {
        return event;
    }
    serde_json::from_str(&redactor.scrub(&text)).unwrap_or(Event {
        ms: event.ms,
        what: Happened::Noted {
            text: "an event was left out: it held a secret in a place that could not be scrubbed"
                .to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_reaches_no_sink() {
        let log = EventLog::new(Vec::new());
        log.hide(&Secret::new("hunter22"));
        log.say(Happened::Noted { text: "the app printed hunter22".to_owned() });
        assert_eq!(
            log.events()[0].what,
            Happened::Noted { text: "the app printed <redacted>".to_owned() }
        );
    }

    #[test]
    fn what_was_said_before_it_was_known_to_be_a_secret_is_scrubbed_afterwards() {
        let log = EventLog::new(Vec::new());
        log.say(Happened::Noted { text: "the app printed hunter22".to_owned() });
        log.hide(&Secret::new("hunter22"));
        assert_eq!(
            log.events()[0].what,
            Happened::Noted { text: "the app printed <redacted>".to_owned() }
        );
    }

    #[test]
    fn a_torn_last_line_is_left_out_and_a_broken_whole_one_is_named() {
        let line = serde_json::to_string(&Event { ms: 1, what: Happened::DeployDone }).unwrap();
        assert_eq!(read_events(&format!("{line}\n{{\"ms\":2,")).unwrap().len(), 1);
        assert_eq!(read_events(&format!("{line}\nnonsense\n")).unwrap_err().line, 2);
    }

    #[tokio::test(start_paused = true)]
    async fn events_carry_the_time_since_the_beginning() {
        let log = EventLog::new(Vec::new());
        tokio::time::advance(std::time::Duration::from_millis(1234)).await;
        log.say(Happened::DeployDone);
        assert_eq!(log.events()[0].ms, 1234);
    }

    struct Ears(Arc<Mutex<Vec<Event>>>);

    impl Sink for Ears {
        fn hear(&mut self, event: &Event) {
            self.0.lock().unwrap().push(event.clone());
        }
    }

    #[test]
    fn every_sink_hears_every_event_and_the_log_keeps_it() {
        let ears = Arc::new(Mutex::new(Vec::new()));
        let log = EventLog::new(vec![
            Box::new(Ears(Arc::clone(&ears))),
            Box::new(Ears(Arc::clone(&ears))),
        ]);
        log.hide(&Secret::new("hunter22"));
        log.say(Happened::Noted { text: "pw hunter22".to_owned() });
        log.clone().say(Happened::DeployDone);
        let texts: Vec<_> = ears.lock().unwrap().iter().map(|e| e.what.clone()).collect();
        let noted = Happened::Noted { text: "pw <redacted>".to_owned() };
        assert_eq!(texts, [noted.clone(), noted, Happened::DeployDone, Happened::DeployDone]);
        assert_eq!(log.events().len(), 2);
        assert!(log.redactor().finds("hunter22") && !log.redactor().finds("another"));
    }

    #[test]
    fn a_secret_that_is_part_of_the_format_does_not_break_the_log() {
        let log = EventLog::new(Vec::new());
        log.hide(&Secret::new("noted"));
        log.say(Happened::Noted { text: "harmless".to_owned() });
        assert_eq!(
            log.events()[0].what,
            Happened::Noted {
                text:
                    "an event was left out: it held a secret in a place that could not be scrubbed"
                        .to_owned()
            }
        );
    }

    #[test]
    fn an_empty_line_is_no_event_and_is_counted() {
        let line = serde_json::to_string(&Event { ms: 1, what: Happened::DeployDone }).unwrap();
        assert_eq!(read_events(&format!("{line}\n\n{line}\n")).unwrap().len(), 2);
        assert_eq!(read_events(&format!("{line}\n\n\nnonsense\n")).unwrap_err().line, 4);
        assert_eq!(read_events("").unwrap(), []);
    }
}
