//! Hooks of a backup run in running containers, and the backup bot passes over a service of which nothing runs
//! without a word: then the backup holds less than it says, or the restore does less.

use crate::name::ServiceName;
use crate::observation::{Observation, Task, TaskState};

/// Returns the first service with hooks of which not one and the same task ran from before an operation to after it.
pub(super) fn passed_over<'a>(
    hooked: &'a [ServiceName],
    before: &Observation,
    after: &Observation,
) -> Option<&'a ServiceName> {
    hooked.iter().find(|service| {
        let ran = running(before, service);
        ran.is_empty() || !ran.iter().any(|id| running(after, service).contains(id))
    })
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
            assert_eq!(passed_over(&hooked, &ran, &other), Some(&name("db")));
            assert_eq!(passed_over(&hooked, &other, &ran), Some(&name("db")));
        }
    }
}
