//! The decision: ready, not yet, or hopeless.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, CauseClass};
use crate::name::ServiceName;
use crate::observation::{Observation, ServiceState, Task, TaskState, Update, UpdatePhase, Wanted};
use crate::wait::Readiness;

use super::crash;

/// What was there before an upgrade: what is left over from then must not be taken for the upgrade's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Before {
    services: BTreeMap<ServiceName, (String, Option<Update>)>,
    at: Option<Timestamp>,
}

impl Before {
    /// Returns what a first deploy starts from: nothing.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Returns what an upgrade starts from.
    pub fn from_observation(observation: &Observation) -> Self {
        let of = |s: &ServiceState| (s.name.clone(), (s.spec.clone(), s.update.clone()));
        Self { services: observation.services.iter().map(of).collect(), at: Some(observation.at) }
    }

    fn update(&self, name: &ServiceName) -> Option<&Update> {
        self.services.get(name).and_then(|(_, update)| update.as_ref())
    }

    fn spec(&self, name: &ServiceName) -> Option<&str> {
        self.services.get(name).map(|(spec, _)| spec.as_str())
    }
}

/// Decides whether the app has converged on what was last deployed.
///
/// `defined` are the services that must be there. Learnt from the field: N of N tasks is not converged while an
/// update is in flight, and not when the tasks are the old ones; `paused` never ends; `rollback_completed` is a
/// failure although everything runs; the first `completed` after an upgrade may be a leftover; a one-shot that
/// ended is fine; replicas 0 is a wish.
pub fn decide(
    observation: &Observation,
    defined: &[ServiceName],
    before: &Before,
) -> Readiness<()> {
    let mut waiting = Vec::new();
    for name in defined {
        let Some(service) = observation.service(name) else {
            waiting.push(format!("{name}: not created yet"));
            continue;
        };
        match decide_service(observation, service, before) {
            Readiness::Ready(()) => {}
            Readiness::NotYet(status) => waiting.push(format!("{name}: {status}")),
            Readiness::Hopeless(cause) => return Readiness::Hopeless(cause),
        }
    }
    if defined.is_empty() {
        return Readiness::NotYet("no services".to_owned());
    }
    if waiting.is_empty() { Readiness::Ready(()) } else { Readiness::NotYet(waiting.join(", ")) }
}

fn decide_service(
    observation: &Observation,
    service: &ServiceState,
    before: &Before,
) -> Readiness<()> {
    let fresh = service.update.as_ref().filter(|u| before.update(&service.name) != Some(*u));
    if let Some(update) = fresh
        && let Some(cause) = doomed_update(service, update)
    {
        return Readiness::Hopeless(cause);
    }
    if let Some(cause) = crash::hopeless(observation, service, before.at) {
        return Readiness::Hopeless(cause);
    }
    if fresh
        .is_some_and(|u| matches!(u.phase, UpdatePhase::Updating | UpdatePhase::RollbackStarted))
    {
        return Readiness::NotYet(format!("update in flight, {}", tasks_status(service)));
    }
    let changed = before.spec(&service.name).is_some_and(|old| old != service.spec);
    // Swarm makes no update where no task is left to be replaced: one that ended in between came back as the new one.
    let replaceable = service.tasks.iter().any(|t| t.should_run && !t.is_current);
    if changed && fresh.is_none() && replaceable && service.wanted != Wanted::Replicas(0) {
        return Readiness::NotYet("update not scheduled yet".to_owned());
    }
    enough_tasks(service)
}

fn doomed_update(service: &ServiceState, update: &Update) -> Option<Cause> {
    let what = match update.phase {
        UpdatePhase::Updating | UpdatePhase::Completed => return None,
        UpdatePhase::Paused => "was paused by Swarm after a failure",
        UpdatePhase::RollbackStarted | UpdatePhase::RollbackCompleted => {
            "was rolled back by Swarm; the old tasks keep serving"
        }
        UpdatePhase::RollbackPaused => "failed, and so did its rollback",
    };
    let failed = service.tasks.iter().find(|t| t.state.has_failed());
    let class = match failed.and_then(|t| t.error.as_deref()) {
        Some(error) if crash::is_missing_image(error) => CauseClass::Registry,
        Some(_) | None => CauseClass::Recipe,
    };
    let task = failed
        .and_then(|t| t.error.as_deref())
        .map(|e| format!("; its new task: {e}"))
        .unwrap_or_default();
    let evidence =
        format!("the update of service `{}` {what}: {}{task}", service.name, update.message);
    Some(Cause::new(class, evidence))
}

fn enough_tasks(service: &ServiceState) -> Readiness<()> {
    let present: Vec<&Task> =
        service.tasks.iter().filter(|t| t.should_run && t.is_current).collect();
    let running = present.iter().filter(|t| t.state == TaskState::Running).count() as u64;
    let old = service
        .tasks
        .iter()
        .any(|t| !t.is_current && matches!(t.state, TaskState::Running | TaskState::Starting));
    let complete =
        service.tasks.iter().filter(|t| t.is_current && t.state == TaskState::Complete).count()
            as u64;
    let finished = if service.ends_by_itself { complete } else { 0 };
    let wanted = match service.wanted {
        Wanted::Replicas(n) => n,
        Wanted::Global => (present.len() as u64).max(1),
    };
    if old {
        return Readiness::NotYet(format!("an old task still runs, {}", tasks_status(service)));
    }
    if running + finished.min(wanted) >= wanted {
        Readiness::Ready(())
    } else {
        Readiness::NotYet(tasks_status(service))
    }
}

/// Returns a few words such as `0/1 starting` or `0/1 pending (no suitable node)`.
fn tasks_status(service: &ServiceState) -> String {
    let current: Vec<&Task> =
        service.tasks.iter().filter(|t| t.should_run && t.is_current).collect();
    let running = current.iter().filter(|t| t.state == TaskState::Running).count();
    let wanted = match service.wanted {
        Wanted::Replicas(n) => n.to_string(),
        Wanted::Global => "every node".to_owned(),
    };
    let slowest =
        current.iter().filter(|t| t.state != TaskState::Running).max_by_key(|t| t.created);
    let detail = slowest.map_or_else(String::new, |t| {
        let why = t.error.as_deref().map(|e| format!(" ({e})")).unwrap_or_default();
        format!(" {}{why}", word(t.state))
    });
    let failed = service.tasks.iter().filter(|t| t.is_current && t.state.has_failed()).count();
    let crashes = if failed > 0 { format!(", {failed} ended") } else { String::new() };
    format!("{running}/{wanted}{detail}{crashes}")
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
        TaskState::Remove => "being removed",
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
