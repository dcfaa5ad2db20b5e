//! The connection, and reading services, tasks and containers.

use std::collections::{BTreeMap, HashMap};

use bollard::models::{
    EndpointPortConfigPublishModeEnum, MountType, Service, ServiceUpdateStatus,
    ServiceUpdateStatusStateEnum, Task, TaskSpecRestartPolicyConditionEnum,
};
use bollard::query_parameters::{ListContainersOptions, ListServicesOptions, ListTasksOptions};
use harness_core::name::StackName;
use harness_core::process::BaseEnv;

use super::EngineError;
use super::facts::{ContainerFacts, MountFacts, ServiceFacts, TaskFacts, UpdateFacts, UpdateState};

/// The label that says which stack a thing belongs to.
pub(super) const NAMESPACE: &str = "com.docker.stack.namespace";

/// A Docker Engine in Swarm mode.
#[derive(Clone, Debug)]
pub struct Docker {
    pub(super) api: bollard::Docker,
    pub(super) base: BaseEnv,
    pub(super) host: String,
}

impl Docker {
    /// Connects to the engine at `host` (`unix:///…`); `base` is the environment of the `docker` client.
    ///
    /// # Errors
    /// No engine answers there.
    pub async fn connect(host: &str, base: &BaseEnv) -> Result<Self, EngineError> {
        let unreachable =
            |source| EngineError::Unreachable { host: host.to_owned(), source: Box::new(source) };
        let api = bollard::Docker::connect_with_host(host).map_err(unreachable)?;
        let api = api.negotiate_version().await.map_err(unreachable)?;
        Ok(Self { api, base: base.clone(), host: host.to_owned() })
    }

    /// Returns the services of a stack, by name.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn services(&self, stack: &StackName) -> Result<Vec<ServiceFacts>, EngineError> {
        self.services_labeled(&format!("{NAMESPACE}={stack}")).await
    }

    /// Returns the services that carry a label (`name` or `name=value`), by name.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn services_labeled(&self, label: &str) -> Result<Vec<ServiceFacts>, EngineError> {
        let options =
            ListServicesOptions { filters: Some(filter("label", label)), status: Some(true) };
        let listed = self.api.list_services(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list services", e))?;
        let mut facts: Vec<ServiceFacts> = listed.into_iter().map(service_facts).collect();
        facts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(facts)
    }

    /// Returns the tasks of a stack, whatever their state.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn tasks(&self, stack: &StackName) -> Result<Vec<TaskFacts>, EngineError> {
        let options =
            ListTasksOptions { filters: Some(filter("label", &format!("{NAMESPACE}={stack}"))) };
        let listed = self.api.list_tasks(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list tasks", e))?;
        Ok(listed.into_iter().map(task_facts).collect())
    }

    /// Returns the running containers of a service (full name) on this node, newest first.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn running_containers(
        &self,
        service: &str,
    ) -> Result<Vec<ContainerFacts>, EngineError> {
        let mut filters = filter("label", &format!("com.docker.swarm.service.name={service}"));
        filters.insert("status".to_owned(), vec!["running".to_owned()]);
        let options = ListContainersOptions { filters: Some(filters), ..Default::default() };
        let listed = self.api.list_containers(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list containers", e))?;
        let facts = |c: bollard::models::ContainerSummary| ContainerFacts {
            id: c.id.unwrap_or_default(),
            labels: c.labels.unwrap_or_default().into_iter().collect(),
        };
        Ok(listed.into_iter().map(facts).collect())
    }
}

/// Returns a filter with one condition, in the API's shape.
pub(super) fn filter(name: &str, value: &str) -> HashMap<String, Vec<String>> {
    HashMap::from([(name.to_owned(), vec![value.to_owned()])])
}

fn service_facts(service: Service) -> ServiceFacts {
    let spec = service.spec.unwrap_or_default();
    let template = spec.task_template.unwrap_or_default();
    // Sorted keys: two equal templates must give equal texts.
    let text =
        serde_json::to_value(&template).map(|value| sorted(&value).to_string()).unwrap_or_default();
    let condition = template.restart_policy.and_then(|p| p.condition);
    let container = template.container_spec.unwrap_or_default();
    let status = service.service_status.unwrap_or_default();
    let ports = service.endpoint.and_then(|e| e.ports).unwrap_or_default();
    ServiceFacts {
        id: service.id.unwrap_or_default(),
        name: spec.name.unwrap_or_default(),
        labels: spec.labels.unwrap_or_default().into_iter().collect::<BTreeMap<_, _>>(),
        image: without_digest(&container.image.unwrap_or_default()),
        desired: status.desired_tasks.unwrap_or_default(),
        running: status.running_tasks.unwrap_or_default(),
        replicated: spec.mode.is_some_and(|m| m.replicated.is_some()),
        update: service.update_status.and_then(update_facts),
        template: text,
        may_complete: matches!(
            condition,
            Some(
                TaskSpecRestartPolicyConditionEnum::NONE
                    | TaskSpecRestartPolicyConditionEnum::ON_FAILURE
            )
        ),
        created: service.created_at.unwrap_or_default(),
        ports: ports.iter().map(port_text).collect::<Vec<_>>().join(", "),
        mounts: container.mounts.unwrap_or_default().into_iter().map(mount_facts).collect(),
    }
}

fn sorted(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let ordered: BTreeMap<&String, serde_json::Value> =
                map.iter().map(|(k, v)| (k, sorted(v))).collect();
            serde_json::Value::Object(ordered.into_iter().map(|(k, v)| (k.clone(), v)).collect())
        }
        serde_json::Value::Array(items) => {
            serde_json::Value::Array(items.iter().map(sorted).collect())
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => value.clone(),
    }
}

fn without_digest(image: &str) -> String {
    image.split_once('@').map_or(image, |(name, _)| name).to_owned()
}

fn mount_facts(mount: bollard::models::Mount) -> MountFacts {
    MountFacts {
        source: mount.source.unwrap_or_default(),
        target: mount.target.unwrap_or_default(),
        is_volume: mount.typ == Some(MountType::VOLUME),
    }
}

fn port_text(port: &bollard::models::EndpointPortConfig) -> String {
    let protocol = port.protocol.map_or_else(|| "tcp".to_owned(), |p| p.to_string());
    let (published, target) =
        (port.published_port.unwrap_or_default(), port.target_port.unwrap_or_default());
    match port.publish_mode {
        Some(EndpointPortConfigPublishModeEnum::HOST) => {
            format!("{published}->{target}/{protocol} (host)")
        }
        Some(
            EndpointPortConfigPublishModeEnum::INGRESS | EndpointPortConfigPublishModeEnum::EMPTY,
        )
        | None => {
            format!("{published}->{target}/{protocol}")
        }
    }
}

fn update_facts(status: ServiceUpdateStatus) -> Option<UpdateFacts> {
    let state = match status.state? {
        ServiceUpdateStatusStateEnum::EMPTY => return None,
        ServiceUpdateStatusStateEnum::UPDATING => UpdateState::Updating,
        ServiceUpdateStatusStateEnum::PAUSED => UpdateState::Paused,
        ServiceUpdateStatusStateEnum::COMPLETED => UpdateState::Completed,
        ServiceUpdateStatusStateEnum::ROLLBACK_STARTED => UpdateState::RollbackStarted,
        ServiceUpdateStatusStateEnum::ROLLBACK_PAUSED => UpdateState::RollbackPaused,
        ServiceUpdateStatusStateEnum::ROLLBACK_COMPLETED => UpdateState::RollbackCompleted,
    };
    let started = status.started_at.unwrap_or_default();
    Some(UpdateFacts { state, started, message: status.message.unwrap_or_default() })
}

fn task_facts(task: Task) -> TaskFacts {
    let status = task.status.unwrap_or_default();
    TaskFacts {
        service_id: task.service_id.unwrap_or_default(),
        state: status.state.map(|s| s.to_string()).unwrap_or_default(),
        since: status.timestamp.unwrap_or_default(),
        error: status.err.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_no_part_of_the_image() {
        assert_eq!(without_digest("nginx:1.22.1@sha256:abc"), "nginx:1.22.1");
        assert_eq!(without_digest("reg:5000/nginx:1"), "reg:5000/nginx:1");
    }

    #[test]
    fn templates_compare_whatever_the_order_of_their_keys() {
        let a: serde_json::Value = serde_json::from_str(r#"{"b":[{"y":1,"x":2}],"a":1}"#).unwrap();
        let b: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":[{"x":2,"y":1}]}"#).unwrap();
        assert_eq!(sorted(&a).to_string(), sorted(&b).to_string());
    }
}
