//! What the engine shows of a stack.

use std::sync::Arc;

use harness_core::name::StackName;
use harness_core::observation::{
    Observation, ServiceState, Task as ShownTask, Update, UpdatePhase, Wanted,
};
use sha2::{Digest, Sha256};

use super::spec::{Replicas, RestartCondition, TaskSpec};
use super::state::{Service, Task, Wish, World};

impl World {
    /// Reads all services and tasks of a stack.
    pub fn observe(&self, stack: &StackName) -> Observation {
        let own = self.services.iter().filter(|(_, s)| s.stack == *stack);
        let mut services: Vec<ServiceState> = own.map(|(name, s)| self.shown(name, s)).collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        Observation { at: self.now, services }
    }

    /// Returns the services of a stack, each with its full name.
    pub fn services_of(&self, stack: &StackName) -> Vec<(&str, &super::spec::ServiceSpec)> {
        let own = self.services.iter().filter(|(_, s)| s.stack == *stack);
        own.map(|(name, s)| (name.as_str(), &s.spec)).collect()
    }

    /// An update that was ordered to may say for a while that it is paused.
    fn shown_update(&self, service: &Service) -> Option<Update> {
        let mut shown = service.status.clone()?;
        if let (Some(time), UpdatePhase::Updating) = (self.trouble.pausing(), shown.phase)
            && shown.started.is_some_and(|started| self.now < started + time)
        {
            shown.phase = UpdatePhase::Paused;
            shown.message = "update paused due to failure or early termination of task".to_owned();
        }
        Some(shown)
    }

    fn shown(&self, name: &str, service: &Service) -> ServiceState {
        let mut own: Vec<&Task> = self.tasks.values().filter(|t| t.service == name).collect();
        own.sort_by_key(|t| std::cmp::Reverse(t.number));
        let condition = service.spec.task.restart.condition;
        ServiceState {
            name: service.spec.name.clone(),
            image: service.spec.task.image.clone(),
            labels: service.spec.labels.clone(),
            wanted: match service.spec.replicas {
                Replicas::Count(count) => Wanted::Replicas(count),
                Replicas::Global => Wanted::Global,
            },
            spec: service.digest.get_or_init(|| digest(&service.spec.task)).clone(),
            ends_by_itself: condition != RestartCondition::Any,
            update: self.shown_update(service),
            tasks: own.into_iter().map(|t| shown_task(t, &service.spec.task)).collect(),
        }
    }
}

fn shown_task(task: &Task, current: &Arc<TaskSpec>) -> ShownTask {
    ShownTask {
        id: task.id.clone(),
        state: task.state,
        should_run: matches!(task.wish, Wish::Ready | Wish::Run),
        is_current: task.spec == *current,
        created: task.created,
        since: task.since,
        error: task.error.clone(),
        exit_code: task.exit_code.filter(|_| task.has_ended() && task.container.is_some()),
        container: task.container.clone(),
    }
}

/// Returns a digest that changes exactly when new tasks are needed.
fn digest(spec: &TaskSpec) -> String {
    Sha256::digest(format!("{spec:?}")).iter().map(|byte| format!("{byte:02x}")).collect()
}
