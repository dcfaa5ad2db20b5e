//! What a task is to the rest: whether it has ended, which container is its own, whether it is but a memory.

use bollard::models::{Task as ApiTask, TaskState as ApiState};

/// Returns the id of a task's container, once there is one.
pub(super) fn container_of(task: &ApiTask) -> Option<&str> {
    let id = task.status.as_ref()?.container_status.as_ref()?.container_id.as_deref()?;
    (!id.is_empty()).then_some(id)
}

/// Returns whether something of a task is there or may still come: it has not ended, and is no memory of one whose
/// service and container are gone (Swarm keeps those for some seconds, still called running). One that its node is
/// just starting may still get a container although it is to be removed.
pub(super) fn is_there(task: &ApiTask, containers: &[&str]) -> bool {
    let doomed = task.desired_state == Some(ApiState::REMOVE);
    let has_container = container_of(task).is_some_and(|id| containers.contains(&id));
    !has_ended(task) && (!doomed || has_container || is_coming(task))
}

/// Returns whether a node has the task and has not brought it up yet.
fn is_coming(task: &ApiTask) -> bool {
    let state = task.status.as_ref().and_then(|s| s.state);
    let coming = [
        ApiState::ASSIGNED,
        ApiState::ACCEPTED,
        ApiState::PREPARING,
        ApiState::READY,
        ApiState::STARTING,
    ];
    state.is_some_and(|s| coming.contains(&s))
}

fn has_ended(task: &ApiTask) -> bool {
    match task.status.as_ref().and_then(|s| s.state) {
        Some(
            ApiState::COMPLETE
            | ApiState::SHUTDOWN
            | ApiState::FAILED
            | ApiState::REJECTED
            | ApiState::REMOVE
            | ApiState::ORPHANED,
        ) => true,
        Some(
            ApiState::NEW
            | ApiState::ALLOCATED
            | ApiState::PENDING
            | ApiState::ASSIGNED
            | ApiState::ACCEPTED
            | ApiState::PREPARING
            | ApiState::READY
            | ApiState::STARTING
            | ApiState::RUNNING,
        )
        | None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(state: &str, desired: &str) -> ApiTask {
        serde_json::from_value(serde_json::json!({
            "DesiredState": desired,
            "Status": {"State": state, "ContainerStatus": {"ContainerID": "c"}}
        }))
        .unwrap()
    }

    #[test]
    fn a_doomed_task_is_there_as_long_as_its_container() {
        assert!(is_there(&task("running", "remove"), &["c"]));
        assert!(!is_there(&task("running", "remove"), &["other"]));
        assert!(is_there(&task("running", "running"), &[]));
        assert!(is_there(&task("preparing", "remove"), &[]));
        assert!(is_there(&task("starting", "remove"), &[]));
        assert!(!is_there(&task("pending", "remove"), &[]));
        assert!(!is_there(&task("failed", "shutdown"), &["c"]));
    }
}
