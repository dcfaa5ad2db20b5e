//! Stopping the containers of services that are gone, without the seconds for which Swarm lets a load balancer
//! forget them.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::Task as ApiTask;
use bollard::query_parameters::StopContainerOptionsBuilder;
use futures_util::future::join_all;
use harness_core::name::StackName;

use super::connect::{Engine, QUESTION};
use super::error::EngineError;
use super::tasks::container_of;

/// What Swarm gives a container to end when its service says nothing else.
const GRACE: Duration = Duration::from_secs(10);

impl Engine {
    /// Stops and removes the containers of a stack whose services are gone: with the signal and the grace that Swarm
    /// would give them, only at once. A database ends in order.
    pub(super) async fn stop_containers(&self, stack: &StackName) -> Result<(), EngineError> {
        let (services, tasks, containers) = tokio::try_join!(
            self.services(Some(stack)),
            self.tasks(Some(stack)),
            self.containers(Some(stack)),
        )?;
        let services: Vec<&str> = services.iter().filter_map(|s| s.id.as_deref()).collect();
        let graces = graces(&tasks, &services);
        let stops = containers.iter().filter_map(|c| c.id.as_deref()).map(async |id| {
            if let Some(grace) = graces.get(id) {
                self.stop_container(id, *grace).await?;
                self.remove_container(id).await?;
            }
            Ok(())
        });
        join_all(stops).await.into_iter().collect()
    }

    async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        // The engine answers when the container has ended: the client must wait as long.
        let limit = grace.saturating_add(QUESTION);
        let docker = self.docker.clone().with_timeout(limit);
        let stop = docker.stop_container(id, Some(options));
        match self.ask("stop a container", limit, stop).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_missing() || error.is_in_use() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Returns the grace of each container whose service is gone. The others are not ours to stop.
fn graces(tasks: &[ApiTask], services: &[&str]) -> HashMap<String, Duration> {
    let doomed = tasks.iter().filter(|t| {
        let service = t.service_id.as_deref();
        service.is_none_or(|id| !services.contains(&id))
    });
    let of = |task: &ApiTask| {
        let spec = task.spec.as_ref().and_then(|s| s.container_spec.as_ref());
        let nanos = spec.and_then(|s| s.stop_grace_period).and_then(|n| u64::try_from(n).ok());
        Some((container_of(task)?.to_owned(), nanos.map_or(GRACE, Duration::from_nanos)))
    };
    doomed.filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, service: &str, grace: Option<u64>) -> ApiTask {
        serde_json::from_value(serde_json::json!({
            "ServiceID": service,
            "Spec": {"ContainerSpec": {"StopGracePeriod": grace}},
            "Status": {"State": "running", "ContainerStatus": {"ContainerID": id}}
        }))
        .unwrap()
    }

    #[test]
    fn only_containers_of_services_that_are_gone_are_stopped_and_each_gets_its_own_grace() {
        let tasks = [
            task("a", "gone", Some(60_000_000_000)),
            task("b", "gone", None),
            task("c", "there", None),
        ];
        let graces = graces(&tasks, &["there"]);
        assert_eq!(graces.get("a"), Some(&Duration::from_secs(60)));
        assert_eq!(graces.get("b"), Some(&GRACE));
        assert_eq!(graces.len(), 2);
    }
}
