//! Whether a stack has come up, as abra sees it after a deploy.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::engine::{ServiceFacts, TaskFacts, UpdateFacts, UpdateState};

/// How far a stack is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Convergence {
    /// Every service has its tasks and no update is under way.
    Ready,
    /// Not yet; which service is waited for.
    NotYet(String),
    /// A service will not come up as deployed; which, and what the engine says.
    Failed(String),
}

/// Judges a stack by its services and tasks. `before` holds the task templates from before the deploy by service
/// name, `began` is when the deploy began: an update that began earlier says nothing about this deploy.
pub fn judge(
    services: &[ServiceFacts],
    tasks: &[TaskFacts],
    before: &BTreeMap<String, String>,
    began: Timestamp,
) -> Convergence {
    let mut waiting = services.is_empty().then(|| "no services yet".to_owned());
    for service in services {
        let update = service.update.as_ref().filter(|update| is_of_this_deploy(update, began));
        let changed =
            before.get(&service.name).is_some_and(|template| *template != service.template);
        let name = &service.name;
        let not_yet = match update.map(|update| (update.state, update.message.as_str())) {
            Some((
                UpdateState::Paused | UpdateState::RollbackPaused | UpdateState::RollbackCompleted,
                message,
            )) => {
                return Convergence::Failed(format!("{name}: {message}"));
            }
            Some((UpdateState::Updating | UpdateState::RollbackStarted, message)) => {
                Some(format!("{name}: {message}"))
            }
            None if changed => Some(format!("{name}: the update has not begun")),
            Some((UpdateState::Completed, _)) | None => {
                let up = service.running >= service.desired || has_completed(service, tasks);
                (!up).then(|| format!("{name}: {}/{}", service.running, service.desired))
            }
        };
        waiting = waiting.or(not_yet);
    }
    waiting.map_or(Convergence::Ready, Convergence::NotYet)
}

fn is_of_this_deploy(update: &UpdateFacts, began: Timestamp) -> bool {
    update.started.parse::<Timestamp>().is_ok_and(|started| started >= began)
}

/// Returns whether a service that may end for good has ended well: its newest task is complete.
fn has_completed(service: &ServiceFacts, tasks: &[TaskFacts]) -> bool {
    let newest = tasks
        .iter()
        .filter(|task| task.service_id == service.id)
        .max_by(|a, b| a.since.cmp(&b.since));
    service.may_complete && newest.is_some_and(|task| task.state == "complete")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGAN: &str = "2026-11-21T12:00:00Z";

    fn service(running: u64, desired: u64, update: Option<(UpdateState, &str)>) -> ServiceFacts {
        let update = update.map(|(state, started)| UpdateFacts {
            state,
            started: started.into(),
            message: "msg".into(),
        });
        ServiceFacts {
            id: "1".into(),
            name: "s_app".into(),
            running,
            desired,
            update,
            template: "new".into(),
            ..Default::default()
        }
    }

    fn judged(service: ServiceFacts, before: &[(&str, &str)]) -> Convergence {
        let before = before.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        judge(&[service], &[], &before, BEGAN.parse().unwrap())
    }

    #[test]
    fn all_tasks_running_is_ready_and_none_wanted_too() {
        assert_eq!(judged(service(1, 1, None), &[]), Convergence::Ready);
        assert_eq!(judged(service(0, 0, None), &[]), Convergence::Ready);
        assert_eq!(judged(service(0, 1, None), &[]), Convergence::NotYet("s_app: 0/1".into()));
        assert!(matches!(
            judge(&[], &[], &BTreeMap::new(), BEGAN.parse().unwrap()),
            Convergence::NotYet(_)
        ));
    }

    #[test]
    fn an_update_under_way_is_not_ready_though_the_old_task_runs() {
        let state = service(1, 1, Some((UpdateState::Updating, "2026-11-21T12:00:01.5Z")));
        assert!(matches!(judged(state, &[]), Convergence::NotYet(_)));
    }

    #[test]
    fn the_completed_of_an_earlier_update_does_not_count_when_the_template_changed() {
        let state = service(1, 1, Some((UpdateState::Completed, "2026-11-21T11:00:00Z")));
        assert!(matches!(judged(state.clone(), &[("s_app", "old")]), Convergence::NotYet(_)));
        assert_eq!(judged(state, &[("s_app", "new")]), Convergence::Ready);
    }

    #[test]
    fn a_rollback_is_a_failure_and_an_old_pause_is_not() {
        let rolled_back =
            service(1, 1, Some((UpdateState::RollbackCompleted, "2026-11-21T12:00:02Z")));
        assert_eq!(judged(rolled_back, &[]), Convergence::Failed("s_app: msg".into()));
        let old_pause = service(1, 1, Some((UpdateState::Paused, "2026-11-21T11:00:02Z")));
        assert_eq!(judged(old_pause, &[]), Convergence::Ready);
    }

    #[test]
    fn a_finished_one_shot_is_up() {
        let once = ServiceFacts { may_complete: true, ..service(0, 1, None) };
        let task = |state: &str| TaskFacts {
            service_id: "1".into(),
            state: state.into(),
            since: "t".into(),
            error: String::new(),
        };
        let began = BEGAN.parse().unwrap();
        assert_eq!(
            judge(std::slice::from_ref(&once), &[task("complete")], &BTreeMap::new(), began),
            Convergence::Ready
        );
        assert!(matches!(
            judge(&[once], &[task("failed")], &BTreeMap::new(), began),
            Convergence::NotYet(_)
        ));
    }
}
