//! Removing everything of a stack without abra: for what a failed run left, and when abra fails. Main type:
//! [`RemoveError`].

use std::collections::HashMap;
use std::time::Duration;

use bollard::query_parameters::{RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder};
use harness_core::cause::CauseClass;
use harness_core::name::{ServiceName, StackName};
use thiserror::Error;

use super::connect::{Engine, QUESTION};
use super::containers::Holder;
use super::error::EngineError;
use super::stack_of::Stacks;
use super::ticks::Ticks;

/// Something of a stack could not be removed.
#[derive(Debug, Error)]
pub enum RemoveError {
    /// It was still there after the limit.
    #[error("stack {stack} is not gone after {limit:?}: {left} left")]
    Left {
        /// The stack.
        stack: StackName,
        /// The limit.
        limit: Duration,
        /// What was left.
        left: String,
    },
    /// A container of another stack holds a volume.
    #[error("volumes of stack {stack} cannot be removed: {holder}, and that is not ours to remove")]
    Held {
        /// The stack.
        stack: StackName,
        /// Who holds it.
        holder: Box<Holder>,
    },
    /// The engine did not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl RemoveError {
    /// Returns whose fault it is.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Left { .. } => CauseClass::Host,
            Self::Held { .. } => CauseClass::Recipe,
            Self::Engine(error) => error.class(),
        }
    }
}

/// How containers end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopping {
    /// In their own time: their data is wanted.
    Gently,
    /// At once: nothing of them is wanted.
    AtOnce,
}

/// The containers outside of a stack that mounted its volumes.
#[derive(Clone, Debug)]
pub(crate) struct Holders {
    /// Those of no stack: they were removed.
    pub(crate) removed: Vec<Holder>,
    /// Those of other stacks: not ours to remove.
    pub(crate) staying: Vec<Holder>,
}

impl Engine {
    /// Removes a stack's services, tasks, containers and networks, and waits until they are gone.
    ///
    /// # Errors
    /// Something was left after the limit, or the engine does not answer.
    pub async fn remove_running(
        &self,
        stack: &StackName,
        stopping: Stopping,
        limit: Duration,
    ) -> Result<(), RemoveError> {
        for service in self.services(Some(stack)).await? {
            let Some(id) = service.id else { continue };
            self.gone("remove a service", self.docker.delete_service(&id)).await?;
        }
        if stopping == Stopping::Gently {
            self.stop_containers(stack).await?;
        }
        self.wait_until_gone(stack, stopping, limit).await
    }

    /// Removes one service of a stack and waits until its tasks are gone.
    ///
    /// # Errors
    /// A task was left after the limit, or the engine does not answer.
    pub async fn remove_service(
        &self,
        stack: &StackName,
        service: &ServiceName,
        limit: Duration,
    ) -> Result<(), RemoveError> {
        let name = format!("{stack}_{service}");
        self.gone("remove a service", self.docker.delete_service(&name)).await?;
        self.stop_containers(stack).await?;
        let label = format!("com.docker.swarm.service.name={name}");
        let filters = super::lists::filters(&[("label", &label)]);
        let mut ticks = Ticks::within(limit);
        loop {
            let more = ticks.next_has_successor().await;
            let left = self.containers_where(&filters).await?.len();
            if left == 0 {
                return Ok(());
            }
            if !more {
                let left = format!("{left} containers of service {service}");
                return Err(RemoveError::Left { stack: stack.clone(), limit, left });
            }
        }
    }

    /// Removes what a stack keeps: secrets, configs and volumes, and before them the containers of no stack that
    /// hold its volumes. Returns those containers.
    ///
    /// # Errors
    /// Something was left after the limit, is held by another stack, or the engine does not answer. What another
    /// stack holds keeps nothing else from going.
    pub async fn remove_kept(
        &self,
        stack: &StackName,
        limit: Duration,
    ) -> Result<Vec<Holder>, RemoveError> {
        let Holders { removed, staying } = self.remove_holders(stack).await?;
        let mut stacks = Stacks::new();
        stacks.add(stack.as_str());
        let is_own = |name: &str, labels: Option<&HashMap<String, String>>| {
            stacks.of(name, labels).as_deref() == Some(stack.as_str())
        };
        for secret in self.secrets().await? {
            let (Some(id), Some(spec)) = (secret.id, secret.spec) else { continue };
            if is_own(spec.name.as_deref().unwrap_or_default(), spec.labels.as_ref()) {
                self.gone("remove a secret", self.docker.delete_secret(&id)).await?;
            }
        }
        for config in self.configs().await? {
            let (Some(id), Some(spec)) = (config.id, config.spec) else { continue };
            if is_own(spec.name.as_deref().unwrap_or_default(), spec.labels.as_ref()) {
                self.gone("remove a config", self.docker.delete_config(&id)).await?;
            }
        }
        self.remove_free_volumes(stack, staying, limit).await?;
        Ok(removed)
    }

    /// Removes the volumes of a stack of which nothing runs, and before them the containers of no stack that hold
    /// some; returns the volumes that there were.
    ///
    /// # Errors
    /// One was left after the limit, is held by another stack, or the engine does not answer.
    pub async fn remove_volumes_of(
        &self,
        stack: &StackName,
        limit: Duration,
    ) -> Result<Vec<String>, RemoveError> {
        let there = self.volumes_of(stack).await?;
        let Holders { staying, .. } = self.remove_holders(stack).await?;
        self.remove_free_volumes(stack, staying, limit).await?;
        Ok(there)
    }

    /// Returns the names of a stack's volumes.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn volumes_of(&self, stack: &StackName) -> Result<Vec<String>, EngineError> {
        let mut stacks = Stacks::new();
        stacks.add(stack.as_str());
        let mut volumes = self.volumes().await?;
        volumes.retain(|v| stacks.of(&v.name, Some(&v.labels)).as_deref() == Some(stack.as_str()));
        Ok(volumes.into_iter().map(|v| v.name).collect())
    }

    /// Removes every volume of a stack that no container of another stack mounts.
    async fn remove_free_volumes(
        &self,
        stack: &StackName,
        staying: Vec<Holder>,
        limit: Duration,
    ) -> Result<(), RemoveError> {
        let mut left = free_of(self.volumes_of(stack).await?.into_iter(), &staying);
        // Swarm may hold a volume for a moment after the last container went.
        let mut ticks = Ticks::within(limit);
        loop {
            let more = ticks.next_has_successor().await;
            left = self.remove_volumes(&left).await?;
            if left.is_empty() {
                break;
            }
            if !more {
                let left = format!("volumes {}", left.join(", "));
                if staying.is_empty() {
                    return Err(RemoveError::Left { stack: stack.clone(), limit, left });
                }
                tracing::warn!(%stack, %left, "volumes are left beside those of another stack");
                break;
            }
        }
        match staying.into_iter().next() {
            Some(holder) => {
                Err(RemoveError::Held { stack: stack.clone(), holder: Box::new(holder) })
            }
            None => Ok(()),
        }
    }

    /// Removes the containers of no stack that mount a volume of this one. Those of other stacks stay.
    pub(crate) async fn remove_holders(&self, stack: &StackName) -> Result<Holders, EngineError> {
        let found = self.foreign_holders(stack).await?;
        let (staying, removed): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|h| h.stack.is_some());
        for holder in &removed {
            tracing::warn!(%holder, "a container of no stack is removed");
            self.remove_container(&holder.id).await?;
        }
        Ok(Holders { removed, staying })
    }

    pub(super) async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removed = self.docker.remove_container(id, Some(options));
        match self.ask("remove a container", QUESTION, removed).await {
            Ok(()) => Ok(()),
            // It is being removed already.
            Err(error) if error.is_missing() || error.is_in_use() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes volumes and returns those that are still in use.
    async fn remove_volumes(&self, names: &[String]) -> Result<Vec<String>, EngineError> {
        let mut left = Vec::new();
        for name in names {
            let options = RemoveVolumeOptionsBuilder::new().build();
            let removed = self.docker.remove_volume(name, Some(options));
            match self.ask("remove a volume", QUESTION, removed).await {
                Ok(()) => {}
                Err(error) if error.is_missing() => {}
                Err(error) if error.is_in_use() => left.push(name.clone()),
                Err(error) => return Err(error),
            }
        }
        Ok(left)
    }

    /// Asks for a removal; what is not there is removed already.
    async fn gone(
        &self,
        what: &str,
        question: impl Future<Output = Result<(), bollard::errors::Error>>,
    ) -> Result<(), EngineError> {
        match self.ask(what, QUESTION, question).await {
            Ok(()) => Ok(()),
            Err(error) if error.is_missing() => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Returns the volumes that none of these containers mounts: there is no use in waiting for the others.
fn free_of(volumes: impl Iterator<Item = String>, staying: &[Holder]) -> Vec<String> {
    let held = |name: &String| staying.iter().any(|h| h.volumes.contains(name));
    volumes.filter(|name| !held(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_that_another_stack_holds_keeps_no_other_from_going() {
        let neighbor = Holder {
            id: "1".to_owned(),
            name: "neighbor".to_owned(),
            image: "x:1".to_owned(),
            stack: Some("b".to_owned()),
            volumes: vec!["a_data".to_owned()],
        };
        let own = || ["a_data", "a_conf"].map(str::to_owned).into_iter();
        assert_eq!(free_of(own(), &[neighbor]), ["a_conf"]);
        assert_eq!(free_of(own(), &[]), ["a_data", "a_conf"]);
    }
}
