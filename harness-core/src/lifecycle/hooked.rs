//! Hooks of a backup run in running containers, and the backup bot passes over a service of which nothing runs
//! without a word: then the backup holds less than it says, or the restore does less.

use crate::cause::{Cause, CauseClass};
use crate::name::ServiceName;
use crate::observation::{Observation, ServiceState, Task, TaskState};

/// The exit code of what was killed, by whomever: an engine that goes down, a kernel without memory.
const KILLED: i64 = 137;

/// A service with hooks that was not there all the time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PassedOver {
    pub(super) service: ServiceName,
    /// The exit code with which what ran before ended meanwhile, unless it was killed.
    pub(super) ended_with: Option<i64>,
}

impl PassedOver {
    /// Returns whose fault it is: the host's as long as it may have been one stroke of it.
    pub(super) fn cause(&self) -> Cause {
        let Self { service, ended_with } = self;
        let how = ended_with.map(|code| format!(" (it ended with {code})")).unwrap_or_default();
        let text = format!(
            "service `{service}` did not run all the time{how}: its hooks may have been passed over without a word"
        );
        Cause::new(CauseClass::Host, text)
    }

    /// Returns whose fault it is in the last attempt of several, none of which was right: the app's if nothing but its own
    /// end kept it from being there.
    pub(super) fn cause_after_all(&self, by_itself: bool) -> Cause {
        match (by_itself, self.ended_with) {
            (true, Some(code)) => {
                let service = &self.service;
                let text = format!(
                    "service `{service}` ended with {code} while a backup was made, and no attempt was right: look at its hook and its log; a dump that is made meanwhile is cut short"
                );
                Cause::new(CauseClass::App, text)
            }
            (true | false, _) => self.cause(),
        }
    }
}

/// Returns the first service with hooks of which not one and the same task ran from before an operation to after it.
pub(super) fn passed_over(
    hooked: &[ServiceName],
    before: &Observation,
    after: &Observation,
) -> Option<PassedOver> {
    let over = |service: &&ServiceName| {
        let ran = running(before, service);
        ran.is_empty() || !ran.iter().any(|id| running(after, service).contains(id))
    };
    let service = hooked.iter().find(over)?;
    let ran = running(before, service);
    let tasks = after.service(service).map(|s| s.tasks.as_slice()).unwrap_or_default();
    let ended = tasks.iter().filter(|task| ran.contains(&task.id.as_str()) && has_ended(task));
    let ended_with = ended.filter_map(|task| task.exit_code).find(|code| *code != KILLED);
    Some(PassedOver { service: service.clone(), ended_with })
}

/// Returns the first service of which what ran before was killed meanwhile: what runs now has looked at the data anew,
/// which an app that was left alone might not have done.
pub(super) fn killed_meanwhile(before: &Observation, after: &Observation) -> Option<ServiceName> {
    let was_killed = |service: &&ServiceState| {
        let ran = running(before, &service.name);
        let own = service.tasks.iter().filter(|task| ran.contains(&task.id.as_str()));
        own.into_iter().any(|task| has_ended(task) && task.exit_code == Some(KILLED))
    };
    after.services.iter().find(was_killed).map(|service| service.name.clone())
}

/// Returns whether a task ended without having been told to by Swarm.
fn has_ended(task: &Task) -> bool {
    matches!(task.state, TaskState::Complete | TaskState::Failed)
}

fn running<'a>(observation: &'a Observation, service: &ServiceName) -> Vec<&'a str> {
    let Some(service) = observation.service(service) else { return Vec::new() };
    let runs = |task: &&Task| task.state == TaskState::Running && task.should_run;
    service.tasks.iter().filter(runs).map(|task| task.id.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::sample::{name, observation, service, task};

    fn at(state: TaskState, since: i64) -> Observation {
        observation(20, vec![service("db", vec![task(state, since)])])
    }

    #[test]
    fn a_service_whose_task_ran_all_the_time_was_not_passed_over() {
        let hooked = [name("db")];
        let ran = at(TaskState::Running, 1);
        assert_eq!(passed_over(&hooked, &ran, &ran), None);
        assert_eq!(passed_over(&[], &ran, &observation(20, Vec::new())), None);
    }

    #[test]
    fn one_that_was_replaced_did_not_run_or_is_not_there_may_have_been() {
        let hooked = [name("db")];
        let ran = at(TaskState::Running, 1);
        for other in
            [at(TaskState::Running, 9), at(TaskState::Starting, 1), observation(20, Vec::new())]
        {
            let over = Some(PassedOver { service: name("db"), ended_with: None });
            assert_eq!(passed_over(&hooked, &ran, &other), over);
            assert_eq!(passed_over(&hooked, &other, &ran), over);
        }
    }

    #[test]
    fn one_that_ended_by_itself_says_its_exit_code_and_one_that_was_killed_does_not() {
        let hooked = [name("db")];
        let ran = at(TaskState::Running, 1);
        let ended_with = |state, code| {
            let mut after = at(state, 1);
            after.services[0].tasks[0].exit_code = Some(code);
            passed_over(&hooked, &ran, &after).unwrap().ended_with
        };
        assert_eq!(ended_with(TaskState::Complete, 0), Some(0));
        assert_eq!(ended_with(TaskState::Failed, 1), Some(1));
        assert_eq!(ended_with(TaskState::Failed, KILLED), None);
        assert_eq!(ended_with(TaskState::Shutdown, 0), None, "Swarm told it to end");
    }

    #[test]
    fn only_what_ran_before_and_was_killed_is_told() {
        let ran = at(TaskState::Running, 1);
        let told = |state, since, code| {
            let mut after = at(state, since);
            after.services[0].tasks[0].exit_code = Some(code);
            killed_meanwhile(&ran, &after)
        };
        assert_eq!(told(TaskState::Failed, 1, KILLED), Some(name("db")));
        assert_eq!(told(TaskState::Failed, 9, KILLED), None, "it did not run before");
        assert_eq!(told(TaskState::Failed, 1, 1), None, "it ended by itself");
        assert_eq!(told(TaskState::Shutdown, 1, KILLED), None, "Swarm told it to end");
        assert_eq!(killed_meanwhile(&ran, &ran), None);
    }
}
