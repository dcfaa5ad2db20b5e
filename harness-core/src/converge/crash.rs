//! Tells a crash loop from a slow start, and a refused task from one that has yet to come.

use jiff::Timestamp;

use crate::cause::{Cause, CauseClass};
use crate::observation::{Observation, ServiceState, Task, TaskState, Wanted};

/// So many ended attempts of a service are a crash loop once everything beside it has settled.
pub const CRASHES_UNTIL_HOPELESS: usize = 3;

/// So many are one whatever the rest does.
const CRASHES_WHATEVER_ELSE: usize = 12;

/// A service without a healthcheck counts as settled after running for so many seconds: a database that is being
/// made for the first time runs before it answers, and what depends on it may crash meanwhile.
pub const SETTLED_AFTER: i64 = 60;

/// Returns why this service will not come up any more, if that can be said.
pub(super) fn hopeless(
    observation: &Observation,
    service: &ServiceState,
    since: Option<Timestamp>,
) -> Option<Cause> {
    if let Some(cause) = refused(service, since) {
        return Some(cause);
    }
    let crashed: Vec<&Task> = crashes(service, since).collect();
    if crashed.len() < CRASHES_UNTIL_HOPELESS || has_recovered(service, observation.at) {
        return None;
    }
    // What crashed while something beside it was still coming up may have crashed because of that. One attempt that
    // began later must have crashed too.
    let excused = || {
        others_settled_at(observation, service).is_none_or(|settled| crashed[0].created < settled)
    };
    if crashed.len() < CRASHES_WHATEVER_ELSE && excused() {
        return None;
    }
    let newest = crashed.first()?;
    let how = match (newest.exit_code, &newest.error) {
        (Some(137), Some(error)) if error.contains("unhealthy") => "unhealthy".to_owned(),
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(error)) => error.clone(),
        (None, None) => "no reason given".to_owned(),
    };
    let evidence = format!(
        "service `{}` keeps crashing: {} attempts ended, the last with {how}",
        service.name,
        crashed.len()
    );
    let is_full = crashed.iter().filter_map(|t| t.error.as_deref()).any(is_full_disk);
    let class = if is_full { CauseClass::Host } else { CauseClass::App };
    Some(Cause::new(class, evidence))
}

/// Returns whether the engine's words say that the machine's disk is full: no container of any app starts then.
fn is_full_disk(error: &str) -> bool {
    error.contains("no space left on device")
}

/// The attempts at the present specification that ended without having been told to. A one-shot that ended well
/// is no crash; a service that ends well and is started again and again is one.
fn crashes(service: &ServiceState, since: Option<Timestamp>) -> impl Iterator<Item = &Task> {
    service.tasks.iter().filter(move |t| {
        let ended =
            t.state.has_failed() || (t.state == TaskState::Complete && !service.ends_by_itself);
        t.is_current && ended && since.is_none_or(|s| t.created >= s)
    })
}

/// A task that the node refuses will be refused again: no such image, no such mount.
fn refused(service: &ServiceState, since: Option<Timestamp>) -> Option<Cause> {
    let rejected = crashes(service, since).filter(|t| t.state == TaskState::Rejected);
    let (mut count, mut newest) = (0, None);
    for task in rejected {
        count += 1;
        newest = newest.or(task.error.as_deref());
    }
    let error = newest?;
    let evidence = format!("the engine refuses the tasks of service `{}`: {error}", service.name);
    if is_missing_image(error) {
        return Some(Cause::new(CauseClass::Registry, evidence));
    }
    let class = if is_full_disk(error) { CauseClass::Host } else { CauseClass::Recipe };
    (count >= CRASHES_UNTIL_HOPELESS).then(|| Cause::new(class, evidence))
}

/// Returns whether the engine's words say that an image cannot be had.
pub(super) fn is_missing_image(error: &str) -> bool {
    ["No such image", "pull access denied", "manifest unknown", "not found: manifest"]
        .iter()
        .any(|t| error.contains(t))
}

/// A present task that has been running for a while is no crash loop, however often it failed before.
fn has_recovered(service: &ServiceState, now: Timestamp) -> bool {
    let runs = |t: &&Task| t.is_current && t.should_run && t.state == TaskState::Running;
    service.tasks.iter().find(runs).is_some_and(|t| seconds(t.since, now) >= 5)
}

/// Returns since when everything beside this service has been up; `None` if something still comes up.
fn others_settled_at(observation: &Observation, service: &ServiceState) -> Option<Timestamp> {
    let others = observation.services.iter().filter(|other| other.name != service.name);
    others
        .map(|other| settled_at(other, observation.at))
        .try_fold(Timestamp::MIN, |latest, at| Some(latest.max(at?)))
}

/// Returns since when a service has been up. One that asks for nothing, has finished, or crashes itself holds up
/// nobody.
fn settled_at(service: &ServiceState, now: Timestamp) -> Option<Timestamp> {
    let failed = service.tasks.iter().filter(|t| t.state.has_failed()).count();
    let finished =
        service.ends_by_itself && service.tasks.iter().any(|t| t.state == TaskState::Complete);
    if service.wanted == Wanted::Replicas(0) || finished || failed >= CRASHES_UNTIL_HOPELESS {
        return Some(Timestamp::MIN);
    }
    let present: Vec<&Task> = service.tasks.iter().filter(|t| t.should_run).collect();
    let since = present.iter().map(|t| t.since).max()?;
    let settled = since + jiff::SignedDuration::from_secs(SETTLED_AFTER);
    (present.iter().all(|t| t.state == TaskState::Running) && settled <= now).then_some(settled)
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}

#[cfg(test)]
#[path = "crash_tests.rs"]
mod tests;
