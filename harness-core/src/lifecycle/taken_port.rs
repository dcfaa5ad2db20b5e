//! A port of the host that somebody else has. Main function: [`is_anothers`].

use crate::observation::{Observation, ServiceState, TaskState};
use crate::run_file::DefinedService;

/// What Swarm says of a task for whose port there is no node.
const IN_USE: &str = "host-mode port already in use";

/// Returns whether a service waits for a port of the host that nothing of this app can have: neither another task of
/// the service, which an update may start beside the new one, nor another service that publishes it.
pub(super) fn is_anothers(seen: &Observation, defined: &[DefinedService]) -> bool {
    seen.services.iter().any(|service| waits(service) && !is_own(service, defined))
}

fn waits(service: &ServiceState) -> bool {
    let says_so = |error: &str| error.contains(IN_USE);
    service.tasks.iter().any(|task| {
        task.should_run
            && task.state == TaskState::Pending
            && task.error.as_deref().is_some_and(says_so)
    })
}

fn is_own(service: &ServiceState, defined: &[DefinedService]) -> bool {
    let is_there =
        |state| matches!(state, TaskState::Preparing | TaskState::Starting | TaskState::Running);
    let (own, others): (Vec<_>, Vec<_>) = defined.iter().partition(|d| d.name == service.name);
    let asks = |port: &u16| own.iter().any(|d| d.ports.contains(port));
    service.tasks.iter().any(|task| is_there(task.state))
        || others.iter().any(|d| d.ports.iter().any(asks))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::sample::{name, observation, old, service, task};

    fn defined(text: &str, port: u16) -> DefinedService {
        DefinedService { name: name(text), volumes: Vec::new(), stays: true, ports: vec![port] }
    }

    #[test]
    fn a_port_is_anothers_unless_a_task_or_a_service_of_the_app_may_have_it() {
        let mut waiting = task(TaskState::Pending, 5);
        waiting.error =
            Some("no suitable node (host-mode port already in use on 1 node)".to_owned());
        let of = |tasks, others: &[DefinedService]| {
            let defined = [&[defined("app", 64738)], others].concat();
            is_anothers(&observation(20, vec![service("app", tasks)]), &defined)
        };
        assert!(of(vec![waiting.clone()], &[]));
        assert!(of(vec![waiting.clone(), old(task(TaskState::Shutdown, 1))], &[]));
        assert!(of(vec![waiting.clone()], &[defined("web", 8080)]));
        assert!(!of(vec![waiting.clone(), old(task(TaskState::Running, 1))], &[]), "its own task");
        assert!(!of(vec![waiting], &[defined("web", 64738)]), "its own service");
        assert!(!of(vec![task(TaskState::Pending, 5)], &[]), "it waits for something else");
    }
}
