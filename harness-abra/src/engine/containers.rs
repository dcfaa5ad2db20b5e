//! Containers: the one to talk to of a service, and those that hold a stack's volumes from outside.

use bollard::models::{ContainerSummary, Task as ApiTask, TaskState as ApiState};
use harness_core::name::{ServiceName, StackName};

use super::STACK_LABEL;
use super::connect::Engine;
use super::error::EngineError;
use super::lists::filters;
use super::tasks::container_of;

/// A container that mounts a volume of a stack that it does not belong to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its image.
    pub image: String,
    /// The stack that it belongs to, if it belongs to one.
    pub stack: Option<String>,
    /// The volumes of the stack that it mounts.
    pub volumes: Vec<String>,
}

impl Holder {
    /// Returns its name with its image.
    pub fn short(&self) -> String {
        format!("{} ({})", self.name, self.image)
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whose = self.stack.as_deref().unwrap_or("no stack");
        let volumes = self.volumes.join(", ");
        write!(f, "container {} ({}, of {whose}) mounts {volumes}", self.name, self.image)
    }
}

impl Engine {
    /// Returns the container of the service's newest running task; `None` when none runs.
    pub(super) async fn running_container(
        &self,
        stack: &StackName,
        service: &ServiceName,
    ) -> Result<Option<String>, EngineError> {
        let name = format!("{stack}_{service}");
        let tasks =
            self.tasks_where(&filters(&[("service", &name), ("desired-state", "running")])).await;
        match tasks {
            Ok(tasks) => Ok(newest_running(&tasks)),
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the containers outside of a stack that mount one of its volumes: they would keep it from going.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn foreign_holders(&self, stack: &StackName) -> Result<Vec<Holder>, EngineError> {
        let (containers, volumes) = tokio::try_join!(self.containers(None), self.volumes())?;
        let prefix = format!("{stack}_");
        let own: Vec<&str> = volumes
            .iter()
            .filter(|v| {
                let label = v.labels.get(STACK_LABEL);
                label.map_or_else(|| v.name.starts_with(&prefix), |l| l == stack.as_str())
            })
            .map(|v| v.name.as_str())
            .collect();
        Ok(holders(stack, &containers, &own))
    }
}

fn newest_running(tasks: &[ApiTask]) -> Option<String> {
    let running = tasks
        .iter()
        .filter(|t| t.status.as_ref().is_some_and(|s| s.state == Some(ApiState::RUNNING)));
    let newest = running.max_by(|a, b| a.created_at.cmp(&b.created_at))?;
    container_of(newest).map(str::to_owned)
}

fn holders(stack: &StackName, containers: &[ContainerSummary], volumes: &[&str]) -> Vec<Holder> {
    let holder = |c: &ContainerSummary| {
        let owner = c.labels.as_ref().and_then(|l| l.get(STACK_LABEL)).cloned();
        let mounted = c.mounts.iter().flatten().filter_map(|m| m.name.clone());
        let mounted: Vec<String> = mounted.filter(|m| volumes.contains(&m.as_str())).collect();
        let foreign = owner.as_deref() != Some(stack.as_str()) && !mounted.is_empty();
        let id = c.id.clone()?;
        let name = c.names.iter().flatten().next().cloned().unwrap_or_else(|| id.clone());
        foreign.then(|| Holder {
            id,
            name: name.trim_start_matches('/').to_owned(),
            image: c.image.clone().unwrap_or_default(),
            stack: owner,
            volumes: mounted,
        })
    };
    containers.iter().filter_map(holder).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_running_task_is_talked_to() {
        let tasks: Vec<ApiTask> =
            serde_json::from_str(include_str!("../../fixtures/engine/20.10/tasks.json")).unwrap();
        let newest = newest_running(&tasks).unwrap();
        assert_eq!(newest.len(), 64);
        assert_eq!(newest_running(&[]), None);
    }

    #[test]
    fn only_containers_outside_of_the_stack_are_foreign() {
        let container = |name: &str, stack: Option<&str>, volume: &str| -> ContainerSummary {
            let labels = stack.map(|s| serde_json::json!({STACK_LABEL: s}));
            serde_json::from_value(serde_json::json!({
                "Id": name, "Names": [format!("/{name}")], "Image": "x:1",
                "Labels": labels.unwrap_or_else(|| serde_json::json!({})),
                "Mounts": [{"Type": "volume", "Name": volume}]
            }))
            .unwrap()
        };
        let all = [
            container("own", Some("a"), "a_data"),
            container("stray", None, "a_data"),
            container("neighbor", Some("b"), "a_data"),
            container("elsewhere", None, "b_data"),
        ];
        let stack = StackName::try_from("a".to_owned()).unwrap();
        let found: Vec<_> = holders(&stack, &all, &["a_data"]);
        let names: Vec<_> = found.iter().map(|h| h.name.as_str()).collect();
        assert_eq!(names, ["stray", "neighbor"]);
        assert_eq!(found[0].to_string(), "container stray (x:1, of no stack) mounts a_data");
    }
}
