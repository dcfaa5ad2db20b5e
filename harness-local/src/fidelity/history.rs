//! All that was observed in a scenario, in order. Main type: [`History`].

use std::collections::BTreeMap;
use std::time::Duration;

use harness_core::converge::{Before, decide};
use harness_core::name::ServiceName;
use harness_core::observation::{Observation, Task, TaskState};
use harness_core::wait::Readiness;
use jiff::Timestamp;

use super::scenario::Goal;
use super::snapshot::Ordinals;

/// What is seen for so long is stable: anyone who looks sees it. What goes sooner may be missed.
pub const STABLE: Duration = Duration::from_millis(1000);

/// The name under which the harness's own decision is kept beside the services.
pub(super) const DECISION: &str = "decision";

/// Something that was shown for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What, in a form that is the same on every engine.
    pub text: String,
    /// When it was seen first.
    pub from: Timestamp,
    /// When it was seen last.
    pub to: Timestamp,
}

impl Shown {
    /// Returns for how long it was surely shown.
    pub fn lasted(&self) -> Duration {
        self.to.duration_since(self.from).unsigned_abs()
    }

    pub(super) fn is_stable(&self) -> bool {
        self.lasted() >= STABLE
    }
}

/// All that was observed in a scenario.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// By service, and under `decision` what the harness would have said.
    pub tracks: BTreeMap<String, Vec<Shown>>,
    /// By task: each state that it was seen in.
    pub tasks: BTreeMap<String, Vec<Shown>>,
    /// What the acts answered, in order.
    pub said: Vec<String>,
    /// Tasks that went back from a state to an earlier one: there must be none.
    pub backwards: Vec<String>,
    ordinals: Ordinals,
    states: BTreeMap<String, TaskState>,
    defined: Vec<ServiceName>,
    before: Before,
    last: Option<Observation>,
}

impl History {
    /// A deploy asks for these services: what is there now is what was before it.
    pub(super) fn expect(&mut self, defined: Vec<ServiceName>) {
        self.defined = defined;
        self.before = match &self.last {
            Some(seen) if !seen.services.is_empty() => Before::from_observation(seen),
            Some(_) | None => Before::nothing(),
        };
    }

    /// Keeps what is seen now.
    pub(super) fn add(&mut self, seen: &Observation) {
        let mut lines: Vec<(String, String)> = Vec::new();
        for service in &seen.services {
            self.ordinals.learn(service);
            for task in &service.tasks {
                self.goes_on(task);
                if !self.ordinals.counts(task) {
                    continue;
                }
                let (name, state) = self.ordinals.own(service, task);
                put(&mut self.tasks, name, state, seen.at);
            }
            lines.push((service.name.to_string(), self.ordinals.line(service)));
        }
        let known: Vec<String> = self.tracks.keys().cloned().collect();
        for name in known.into_iter().filter(|n| n != DECISION) {
            if !lines.iter().any(|(known, _)| *known == name) {
                self.ordinals.forget(&name);
                lines.push((name, "no such service".to_owned()));
            }
        }
        let decision = match self.decide(seen) {
            Readiness::Ready(()) => "ready".to_owned(),
            Readiness::NotYet(_) => "not yet".to_owned(),
            Readiness::Hopeless(cause) => {
                let evidence = self.ordinals.without_ids(&cause.evidence);
                format!("hopeless, {}: {evidence}", cause.class.word())
            }
        };
        lines.push((DECISION.to_owned(), decision));
        for (name, text) in lines {
            put(&mut self.tracks, name, text, seen.at);
        }
        self.last = Some(seen.clone());
    }

    fn goes_on(&mut self, task: &Task) {
        let before = self.states.insert(task.id.clone(), task.state);
        if before.is_some_and(|before| before > task.state) {
            let text = format!("{} went from {before:?} to {:?}", task.id, task.state);
            self.backwards.push(self.ordinals.without_ids(&text));
        }
    }

    fn decide(&self, seen: &Observation) -> Readiness<()> {
        decide(seen, &self.defined, &self.before)
    }

    /// Returns whether a goal is reached by what was seen last. That nothing but services is left is not seen here.
    pub(super) fn has_reached(&self, goal: Goal) -> bool {
        let Some(seen) = &self.last else { return false };
        let tasks = |name: &str| {
            let service = seen.services.iter().find(|s| s.name.as_str() == name);
            service.map_or(&[][..], |s| &s.tasks[..])
        };
        match goal {
            Goal::Ready => matches!(self.decide(seen), Readiness::Ready(())),
            Goal::Hopeless => matches!(self.decide(seen), Readiness::Hopeless(_)),
            Goal::Phase(name, phase) => {
                let service = seen.services.iter().find(|s| s.name.as_str() == name);
                service.and_then(|s| s.update.as_ref()).is_some_and(|u| u.phase == phase)
            }
            Goal::Made(name, count) => self.ordinals.made(name) >= count,
            Goal::Ended(name, count) => {
                tasks(name).iter().filter(|t| t.state > TaskState::Running).count() >= count
            }
            Goal::Running(name, count) => {
                tasks(name).iter().filter(|t| t.state == TaskState::Running).count() == count
            }
            Goal::Settled(time) => {
                let stands = |track: &Vec<Shown>| track.last().is_none_or(|s| s.lasted() >= time);
                let comes = |t: &Task| t.should_run && t.state < TaskState::Running;
                self.tracks.values().all(stands)
                    && !seen.services.iter().flat_map(|s| &s.tasks).any(comes)
            }
            Goal::Gone => seen.services.is_empty(),
        }
    }

    /// Returns a service's newest task that has ended, as it was seen last.
    pub(super) fn newest_ended(&self, service: &str) -> Option<&Task> {
        let seen = self.last.as_ref()?;
        let service = seen.services.iter().find(|s| s.name.as_str() == service)?;
        service.tasks.iter().find(|t| t.state > TaskState::Running)
    }

    /// Returns what was stable of a track, in order.
    pub fn stable(&self, track: &str) -> Vec<&str> {
        let track = self.tracks.get(track).map_or(&[][..], Vec::as_slice);
        let mut stable: Vec<&str> =
            track.iter().filter(|s| s.is_stable()).map(|s| s.text.as_str()).collect();
        stable.dedup();
        stable
    }
}

fn put(tracks: &mut BTreeMap<String, Vec<Shown>>, name: String, text: String, at: Timestamp) {
    let track = tracks.entry(name).or_default();
    match track.last_mut().filter(|shown| shown.text == text) {
        Some(shown) => shown.to = at,
        None => track.push(Shown { text, from: at, to: at }),
    }
}

impl std::fmt::Display for History {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (name, track) in self.tracks.iter().chain(&self.tasks) {
            writeln!(f, "{name}")?;
            for shown in track {
                let mark = if shown.is_stable() { '=' } else { '-' };
                writeln!(f, "  {mark} {:>6.2} s  {}", shown.lasted().as_secs_f32(), shown.text)?;
            }
        }
        for said in &self.said {
            writeln!(f, "said: {said}")?;
        }
        Ok(())
    }
}
