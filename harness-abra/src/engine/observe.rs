//! What runs of a stack, as the engine shows it. The reading is pure: [`observation`].

use bollard::models::{
    Service, ServiceSpec, ServiceSpecMode, ServiceUpdateStatus, ServiceUpdateStatusStateEnum,
    Task as ApiTask, TaskSpec, TaskSpecRestartPolicyConditionEnum, TaskState as ApiState,
    TaskStatus,
};
use harness_core::name::{ServiceName, StackName};
use harness_core::observation::{
    Observation, ServiceState, Task, TaskState, Update, UpdatePhase, Wanted,
};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::connect::Engine;
use super::error::EngineError;

impl Engine {
    /// Reads all services and tasks of a stack.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn observe(&self, stack: &StackName) -> Result<Observation, EngineError> {
        let (services, tasks) =
            tokio::try_join!(self.services(Some(stack)), self.tasks(Some(stack)))?;
        Ok(observation(Timestamp::now(), stack, &services, &tasks))
    }
}

/// Reads the engine's lists of a stack's services and tasks.
pub fn observation(
    at: Timestamp,
    stack: &StackName,
    services: &[Service],
    tasks: &[ApiTask],
) -> Observation {
    let mut states: Vec<ServiceState> =
        services.iter().filter_map(|s| service_state(at, stack, s, tasks)).collect();
    states.sort_by(|a, b| a.name.cmp(&b.name));
    Observation { at, services: states }
}

fn service_state(
    at: Timestamp,
    stack: &StackName,
    service: &Service,
    tasks: &[ApiTask],
) -> Option<ServiceState> {
    let spec = service.spec.as_ref()?;
    let full = spec.name.as_deref()?;
    let short = full.strip_prefix(&format!("{stack}_")).unwrap_or(full);
    let name = ServiceName::try_from(short.to_owned()).ok()?;
    let template = spec.task_template.clone().unwrap_or_default();
    let needed = canonical(&template);
    let mut own: Vec<Task> = tasks
        .iter()
        .filter(|t| t.service_id.is_some() && t.service_id == service.id)
        .map(|t| task(at, t, &needed))
        .collect();
    own.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| b.id.cmp(&a.id)));
    Some(ServiceState {
        name,
        image: template.container_spec.and_then(|c| c.image).unwrap_or_default(),
        labels: spec.labels.clone().unwrap_or_default().into_iter().collect(),
        wanted: wanted(spec.mode.as_ref()),
        spec: task_spec_digest(spec),
        ends_by_itself: ends_by_itself(spec),
        update: service.update_status.as_ref().and_then(update),
        tasks: own,
    })
}

/// Returns a digest of what decides whether new tasks are needed: the task specification and how the service is
/// reached.
pub fn task_spec_digest(spec: &ServiceSpec) -> String {
    let template = canonical(&spec.task_template.clone().unwrap_or_default());
    let endpoint = spec.endpoint_spec.clone().unwrap_or_default();
    let endpoint = serde_json::to_value(endpoint).unwrap_or_default();
    let digest = Sha256::digest(sorted_text(&Value::Array(vec![template, endpoint])));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns a task specification in a form in which those of a service and of its tasks can be compared. The service
/// names a runtime that its tasks do not repeat; and new placement constraints alone make no new task.
fn canonical(spec: &TaskSpec) -> Value {
    let mut spec = spec.clone();
    spec.runtime = None;
    if let Some(placement) = &mut spec.placement {
        placement.constraints = None;
    }
    serde_json::to_value(spec).unwrap_or_default()
}

/// Returns JSON with sorted keys: what comes from a hash map has no order of its own.
fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut pairs: Vec<String> =
                map.iter().map(|(k, v)| format!("{k:?}:{}", sorted_text(v))).collect();
            pairs.sort();
            format!("{{{}}}", pairs.join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(sorted_text).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

fn wanted(mode: Option<&ServiceSpecMode>) -> Wanted {
    let Some(mode) = mode else { return Wanted::Replicas(1) };
    if mode.global.is_some() || mode.global_job.is_some() {
        return Wanted::Global;
    }
    let job = mode.replicated_job.as_ref().and_then(|j| j.total_completions);
    let replicas = mode.replicated.as_ref().and_then(|r| r.replicas).or(job).unwrap_or(1);
    Wanted::Replicas(u64::try_from(replicas).unwrap_or(0))
}

fn ends_by_itself(spec: &ServiceSpec) -> bool {
    let is_job =
        spec.mode.as_ref().is_some_and(|m| m.replicated_job.is_some() || m.global_job.is_some());
    let policy = spec.task_template.as_ref().and_then(|t| t.restart_policy.as_ref());
    is_job
        || match policy.and_then(|p| p.condition) {
            Some(
                TaskSpecRestartPolicyConditionEnum::NONE
                | TaskSpecRestartPolicyConditionEnum::ON_FAILURE,
            ) => true,
            Some(
                TaskSpecRestartPolicyConditionEnum::ANY | TaskSpecRestartPolicyConditionEnum::EMPTY,
            )
            | None => false,
        }
}

fn update(status: &ServiceUpdateStatus) -> Option<Update> {
    let phase = match status.state? {
        ServiceUpdateStatusStateEnum::EMPTY => return None,
        ServiceUpdateStatusStateEnum::UPDATING => UpdatePhase::Updating,
        ServiceUpdateStatusStateEnum::PAUSED => UpdatePhase::Paused,
        ServiceUpdateStatusStateEnum::COMPLETED => UpdatePhase::Completed,
        ServiceUpdateStatusStateEnum::ROLLBACK_STARTED => UpdatePhase::RollbackStarted,
        ServiceUpdateStatusStateEnum::ROLLBACK_PAUSED => UpdatePhase::RollbackPaused,
        ServiceUpdateStatusStateEnum::ROLLBACK_COMPLETED => UpdatePhase::RollbackCompleted,
    };
    let started = status.started_at.as_deref().and_then(|t| t.parse().ok());
    Some(Update { phase, started, message: status.message.clone().unwrap_or_default() })
}

fn task(at: Timestamp, task: &ApiTask, needed: &Value) -> Task {
    let mut status = task.status.clone().unwrap_or_default();
    let should_run = matches!(task.desired_state, Some(ApiState::RUNNING | ApiState::READY));
    if !should_run && has_only_lost_its_network(&status) {
        (status.state, status.err) = (Some(ApiState::SHUTDOWN), None);
    }
    let state = state(status.state);
    let time = |text: Option<&str>| text.and_then(|t| t.parse::<Timestamp>().ok());
    let created = time(task.created_at.as_deref()).unwrap_or(at);
    let container = status.container_status.unwrap_or_default();
    let id = container.container_id.filter(|id| !id.is_empty());
    let ended = state.has_failed() || matches!(state, TaskState::Complete | TaskState::Shutdown);
    Task {
        id: task.id.clone().unwrap_or_default(),
        state,
        should_run,
        is_current: task.spec.as_ref().is_some_and(|spec| canonical(spec) == *needed),
        created,
        since: time(status.timestamp.as_deref()).unwrap_or(created),
        error: status.err.filter(|e| !e.is_empty()),
        exit_code: container.exit_code.filter(|_| ended && id.is_some()),
        container: id,
    }
}

/// Returns whether a task ended well and the engine then stumbled over its network, which another task had taken away:
/// seen of a Docker Engine 20.10 where two tasks of a service end in the same moment. It is no failure of the app.
fn has_only_lost_its_network(status: &TaskStatus) -> bool {
    let ended_with = status.container_status.as_ref().and_then(|c| c.exit_code);
    let is_about_it = |error: &String| error.starts_with("error while removing network");
    status.state == Some(ApiState::FAILED)
        && ended_with.unwrap_or_default() == 0
        && status.err.as_ref().is_some_and(is_about_it)
}

/// Reads a task's state. A task that is ready waits for its turn to start.
fn state(state: Option<ApiState>) -> TaskState {
    match state.unwrap_or(ApiState::NEW) {
        ApiState::NEW
        | ApiState::ALLOCATED
        | ApiState::PENDING
        | ApiState::ASSIGNED
        | ApiState::ACCEPTED => TaskState::Pending,
        ApiState::PREPARING => TaskState::Preparing,
        ApiState::READY | ApiState::STARTING => TaskState::Starting,
        ApiState::RUNNING => TaskState::Running,
        ApiState::COMPLETE => TaskState::Complete,
        ApiState::SHUTDOWN => TaskState::Shutdown,
        ApiState::FAILED => TaskState::Failed,
        ApiState::REJECTED => TaskState::Rejected,
        ApiState::REMOVE => TaskState::Remove,
        ApiState::ORPHANED => TaskState::Orphaned,
    }
}

#[cfg(test)]
#[path = "observe_tests.rs"]
mod tests;
