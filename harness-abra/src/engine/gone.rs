//! Waiting until nothing of a stack runs any more. Main type: [`Left`].

use std::time::Duration;

use harness_core::name::StackName;

use super::connect::{Engine, QUESTION};
use super::error::EngineError;
use super::remove::{RemoveError, Stopping};
use super::tasks::is_there;
use super::ticks::Ticks;

/// What of a stack still runs or is connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Services, by name.
    pub services: Vec<String>,
    /// Tasks that have not ended, by id.
    pub tasks: Vec<String>,
    /// Containers, by id.
    pub containers: Vec<String>,
    /// Networks, by id.
    pub networks: Vec<String>,
}

impl Left {
    /// Returns whether nothing is left.
    pub fn is_nothing(&self) -> bool {
        self.runs_nothing() && self.networks.is_empty()
    }

    /// Returns whether at most networks are left.
    pub fn runs_nothing(&self) -> bool {
        self.services.is_empty() && self.tasks.is_empty() && self.containers.is_empty()
    }
}

impl std::fmt::Display for Left {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds = [
            (self.services.len(), "services"),
            (self.tasks.len(), "tasks"),
            (self.containers.len(), "containers"),
            (self.networks.len(), "networks"),
        ];
        let some = kinds.iter().filter(|(n, _)| *n > 0).map(|(n, kind)| format!("{n} {kind}"));
        f.write_str(&some.collect::<Vec<_>>().join(", "))
    }
}

impl Engine {
    /// Returns what of a stack still runs or is connected.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn left_of(&self, stack: &StackName) -> Result<Left, EngineError> {
        let (services, tasks, containers, networks) = tokio::try_join!(
            self.services(Some(stack)),
            self.tasks(Some(stack)),
            self.containers(Some(stack)),
            self.networks(Some(stack)),
        )?;
        let services: Vec<String> = services.into_iter().filter_map(|s| s.spec?.name).collect();
        let containers: Vec<String> = containers.into_iter().filter_map(|c| c.id).collect();
        let ids: Vec<&str> = containers.iter().map(String::as_str).collect();
        let tasks = tasks.into_iter().filter(|t| is_there(t, &ids)).filter_map(|t| t.id).collect();
        Ok(Left {
            services,
            tasks,
            containers,
            networks: networks.into_iter().filter_map(|n| n.id).collect(),
        })
    }

    /// Waits until nothing of a stack runs or is connected. A container that comes up late is removed if all is to end
    /// at once, and otherwise ends in its own time. Swarm frees networks late, and sometimes never: once
    /// nothing runs any more they are removed.
    ///
    /// # Errors
    /// Something was left after the limit, or the engine does not answer.
    pub(super) async fn wait_until_gone(
        &self,
        stack: &StackName,
        stopping: Stopping,
        limit: Duration,
    ) -> Result<(), RemoveError> {
        let mut ticks = Ticks::within(limit);
        loop {
            let more = ticks.next_has_successor().await;
            let left = self.left_of(stack).await?;
            if left.is_nothing() {
                return Ok(());
            }
            if !more {
                let left = left.to_string();
                return Err(RemoveError::Left { stack: stack.clone(), limit, left });
            }
            if stopping == Stopping::AtOnce {
                for container in &left.containers {
                    self.remove_container(container).await?;
                }
            }
            if left.runs_nothing() {
                self.remove_networks(&left.networks).await;
            }
        }
    }

    /// Removes networks; those that are still in use stay for the next look.
    pub(super) async fn remove_networks(&self, networks: &[String]) {
        for network in networks {
            let removed = self.docker.remove_network(network);
            match self.ask("remove a network", QUESTION, removed).await {
                Ok(()) => {}
                Err(error) if error.is_missing() || error.is_in_use() => {}
                Err(error) => tracing::debug!(%error, "a network could not be removed"),
            }
        }
    }
}
