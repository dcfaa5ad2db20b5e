//! Observations for tests, built in a line.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::name::ServiceName;
use crate::observation::{Observation, ServiceState, Task, TaskState, Update, UpdatePhase, Wanted};

pub(crate) fn name(text: &str) -> ServiceName {
    ServiceName::try_from(text.to_owned()).unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + second).unwrap()
}

pub(crate) fn task(state: TaskState, since: i64) -> Task {
    let ended = state.has_failed() || matches!(state, TaskState::Complete | TaskState::Shutdown);
    Task {
        id: format!("t{since}"),
        state,
        should_run: !ended,
        is_current: true,
        created: at(since),
        since: at(since),
        error: None,
        exit_code: state.has_failed().then_some(1),
        container: None,
    }
}

pub(crate) fn old(task: Task) -> Task {
    Task { is_current: false, ..task }
}

pub(crate) fn service(text: &str, tasks: Vec<Task>) -> ServiceState {
    ServiceState {
        name: name(text),
        image: "nginx:1".to_owned(),
        labels: BTreeMap::new(),
        wanted: Wanted::Replicas(1),
        spec: "a".to_owned(),
        ends_by_itself: false,
        update: None,
        tasks,
    }
}

pub(crate) fn update(phase: UpdatePhase, started: i64) -> Option<Update> {
    Some(Update { phase, started: Some(at(started)), message: "update message".to_owned() })
}

pub(crate) fn observation(second: i64, services: Vec<ServiceState>) -> Observation {
    Observation { at: at(second), services }
}
