//! What is observed of a service, in a form in which two engines can be compared: ids are ordinals, times are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use harness_core::observation::{ServiceState, Task, TaskState, UpdatePhase, Wanted};

/// The names that ids get: the order in which they were first seen.
#[derive(Clone, Debug, Default)]
pub(super) struct Ordinals {
    tasks: BTreeMap<String, usize>,
    made: BTreeMap<String, usize>,
    specs: BTreeMap<String, Vec<String>>,
    ran: BTreeSet<String>,
}

impl Ordinals {
    /// Gives every task and specification of a service its number.
    pub(super) fn learn(&mut self, service: &ServiceState) {
        let made = self.made.entry(service.name.to_string()).or_default();
        for task in service.tasks.iter().rev() {
            if !self.tasks.contains_key(&task.id) {
                *made += 1;
                self.tasks.insert(task.id.clone(), *made);
            }
            if !task.should_run && matches!(task.state, TaskState::Shutdown) {
                continue;
            }
            if task.state >= TaskState::Running {
                self.ran.insert(task.id.clone());
            }
        }
        let specs = self.specs.entry(service.name.to_string()).or_default();
        if !specs.contains(&service.spec) {
            specs.push(service.spec.clone());
        }
    }

    /// A service is gone: one of its name that comes later begins anew.
    pub(super) fn forget(&mut self, service: &str) {
        self.specs.remove(service);
    }

    /// Returns whether a task counts. One that is told to end before it ever ran does not: whether Swarm makes one in
    /// the moment before a rollback or another deploy is a race within it.
    pub(super) fn counts(&self, task: &Task) -> bool {
        task.should_run || self.ran.contains(&task.id)
    }

    /// Returns how many tasks of a service have been seen.
    pub(super) fn made(&self, service: &str) -> usize {
        self.made.get(service).copied().unwrap_or_default()
    }

    /// Puts ordinals in the place of ids in a text.
    pub(super) fn without_ids(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, number) in &self.tasks {
            text = text.replace(id.as_str(), &format!("#{number}"));
        }
        text
    }

    /// Returns a service as a line.
    pub(super) fn line(&self, service: &ServiceState) -> String {
        let specs = self.specs.get(service.name.as_str());
        let spec = specs.and_then(|s| s.iter().position(|known| *known == service.spec));
        let wanted = match service.wanted {
            Wanted::Replicas(count) => count.to_string(),
            Wanted::Global => "each node".to_owned(),
        };
        let mut line = format!("{wanted} of spec {}", spec.map_or(0, |at| at + 1));
        for (key, value) in service.labels.iter().filter(|(key, _)| key.starts_with("x.")) {
            line.extend([" ", key, "=", value]);
        }
        if let Some(update) = &service.update {
            let message = self.without_ids(&update.message);
            line.extend([", ", phase(update.phase), " (", &message, ")"]);
        }
        let tasks: Vec<String> =
            service.tasks.iter().filter(|t| self.counts(t)).map(|t| self.task(t)).collect();
        line.push_str(": ");
        line.push_str(&if tasks.is_empty() { "no task".to_owned() } else { tasks.join(", ") });
        line
    }

    /// Returns the name of a task's own track, and its state by itself.
    pub(super) fn own(&self, service: &ServiceState, task: &Task) -> (String, String) {
        let number = self.tasks.get(&task.id).copied().unwrap_or_default();
        (format!("{} #{number}", service.name), word(task.state).to_owned())
    }

    fn task(&self, task: &Task) -> String {
        let number = self.tasks.get(&task.id).copied().unwrap_or_default();
        let mut text = format!("#{number} ");
        if !task.is_current {
            text.push_str("old ");
        }
        text.push_str(coming_or(task.state));
        let ended = task.state > TaskState::Running;
        match (task.should_run, ended) {
            (true, true) => text.push_str(" but wanted"),
            (false, false) => text.push_str(" but told to end"),
            (true, false) | (false, true) => {}
        }
        if let Some(code) = task.exit_code {
            write!(text, " {code}").expect("a string takes any text");
        }
        if let Some(error) = &task.error {
            text.extend([" (", &self.without_ids(error), ")"]);
        }
        text
    }
}

/// Returns a task's state where it stands beside others. How long each way of coming up takes is the machine's, and of
/// two tasks either may be ahead.
const fn coming_or(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending | TaskState::Preparing | TaskState::Starting => "coming up",
        TaskState::Running
        | TaskState::Complete
        | TaskState::Shutdown
        | TaskState::Failed
        | TaskState::Rejected
        | TaskState::Orphaned
        | TaskState::Remove => word(state),
    }
}

const fn phase(phase: UpdatePhase) -> &'static str {
    match phase {
        UpdatePhase::Updating => "updating",
        UpdatePhase::Paused => "paused",
        UpdatePhase::Completed => "completed",
        UpdatePhase::RollbackStarted => "rollback started",
        UpdatePhase::RollbackPaused => "rollback paused",
        UpdatePhase::RollbackCompleted => "rollback completed",
    }
}

const fn word(state: TaskState) -> &'static str {
    match state {
        TaskState::Pending => "pending",
        TaskState::Preparing => "preparing",
        TaskState::Starting => "starting",
        TaskState::Running => "running",
        TaskState::Complete => "complete",
        TaskState::Shutdown => "shut down",
        TaskState::Failed => "failed",
        TaskState::Rejected => "rejected",
        TaskState::Orphaned => "orphaned",
        TaskState::Remove => "removed",
    }
}
