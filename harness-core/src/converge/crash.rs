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
    let excused =
        crashed.len() < CRASHES_WHATEVER_ELSE && others_are_unsettled(observation, service);
    if crashed.len() < CRASHES_UNTIL_HOPELESS || excused || has_recovered(service, observation.at) {
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
    Some(Cause::new(CauseClass::App, evidence))
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
    if ["No such image", "pull access denied", "manifest unknown", "not found: manifest"]
        .iter()
        .any(|t| error.contains(t))
    {
        return Some(Cause::new(CauseClass::Registry, evidence));
    }
    (count >= CRASHES_UNTIL_HOPELESS).then(|| Cause::new(CauseClass::Recipe, evidence))
}

/// A present task that has been running for a while is no crash loop, however often it failed before.
fn has_recovered(service: &ServiceState, now: Timestamp) -> bool {
    let runs = |t: &&Task| t.is_current && t.should_run && t.state == TaskState::Running;
    service.tasks.iter().find(runs).is_some_and(|t| seconds(t.since, now) >= 5)
}

fn others_are_unsettled(observation: &Observation, service: &ServiceState) -> bool {
    observation
        .services
        .iter()
        .any(|other| other.name != service.name && !is_settled(other, observation.at))
}

fn is_settled(service: &ServiceState, now: Timestamp) -> bool {
    if service.wanted == Wanted::Replicas(0)
        || service.tasks.iter().filter(|t| t.state.has_failed()).count() >= CRASHES_UNTIL_HOPELESS
    {
        return true;
    }
    let mut present = service.tasks.iter().filter(|t| t.should_run).peekable();
    let finished =
        service.ends_by_itself && service.tasks.iter().any(|t| t.state == TaskState::Complete);
    finished
        || (present.peek().is_some()
            && present
                .all(|t| t.state == TaskState::Running && seconds(t.since, now) >= SETTLED_AFTER))
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}
