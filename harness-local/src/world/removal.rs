//! Taking stacks, services, networks and containers away.

use std::time::Duration;

use harness_core::name::{ServiceName, StackName};

use super::container::Holder;
use super::fault::Moment;
use super::objects::RemovalError;
use super::spec::MountSource;
use super::stack::full_name;
use super::state::{Wish, World};
use super::step::Step;

impl World {
    /// Removes a stack's services, and configs and networks as far as that is possible at once; the rest is told to
    /// end and is gone a little later.
    pub fn remove_stack(&mut self, stack: &StackName) {
        let own = self.services.iter().filter(|(_, s)| s.stack == *stack);
        for name in own.map(|(name, _)| name.clone()).collect::<Vec<_>>() {
            self.drop_service(&name);
        }
        for config in self.configs_of(stack) {
            // In use by another stack's service: it stays, as with the real engine.
            drop(self.remove_config(&config));
        }
        for network in self.networks_of(stack) {
            drop(self.remove_network(&network));
        }
    }

    /// Removes a service of a stack. None to remove is fine.
    pub fn remove_service(&mut self, stack: &StackName, service: &ServiceName) {
        self.drop_service(&full_name(stack, service.as_str()));
    }

    fn drop_service(&mut self, name: &str) {
        if self.services.remove(name).is_none() {
            return;
        }
        self.say("service remove", name);
        let tasks = self.tasks.values().filter(|t| t.service == name);
        for id in tasks.map(|t| t.id.clone()).collect::<Vec<_>>() {
            self.stop_task(&id, Wish::Remove);
        }
    }

    /// Returns the networks of a stack.
    pub fn networks_of(&self, stack: &StackName) -> Vec<String> {
        let own = self.networks.iter().filter(|(_, n)| n.stack.as_ref() == Some(stack));
        own.map(|(name, _)| name.clone()).collect()
    }

    /// Removes a network. None to remove is fine. It is shown until the last container on it has ended.
    ///
    /// # Errors
    /// A service uses it, or a container of no service is on it.
    pub fn remove_network(&mut self, name: &str) -> Result<(), RemovalError> {
        let Some(network) = self.networks.get(name) else { return Ok(()) };
        if network.stack.is_some() && self.is_now(Moment::NetworksBusy) {
            return Err(RemovalError::ActiveEndpoints(name.to_owned()));
        }
        let on_it = |networks: &[String]| networks.iter().any(|n| n == name);
        if self.networks.get(name).is_none_or(|n| n.removed) {
            return Ok(());
        }
        if let Some((by, _)) = self.services.iter().find(|(_, s)| on_it(&s.spec.task.networks)) {
            return Err(RemovalError::InUse { name: name.to_owned(), by: by.clone() });
        }
        let strays = self.containers.values().filter(|c| c.runs && c.task.is_none());
        if strays.into_iter().any(|c| on_it(&c.spec.networks)) {
            return Err(RemovalError::ActiveEndpoints(name.to_owned()));
        }
        if let Some(network) = self.networks.get_mut(name) {
            network.removed = true;
        }
        self.network_goes(name);
        Ok(())
    }

    fn network_goes(&mut self, name: &str) {
        let after = self.random.time(50, 250);
        self.plan(after, Step::NetworkGone(name.to_owned()));
    }

    /// A removed network is no longer shown once every container on it has ended.
    pub(super) fn network_gone(&mut self, name: &str) {
        let is_on_it = |t: &super::state::Task| {
            !t.has_ended() && t.container.is_some() && t.spec.networks.iter().any(|n| n == name)
        };
        if self.networks.get(name).is_some_and(|n| n.removed) && !self.tasks.values().any(is_on_it)
        {
            self.networks.remove(name);
            self.say("network destroy", name);
        }
    }

    /// A container has left its networks: those that were removed meanwhile may go.
    pub(super) fn let_networks_go(&mut self, container: &str) {
        let Some(container) = self.containers.get(container) else { return };
        for network in container.spec.networks.clone() {
            if self.networks.get(&network).is_some_and(|n| n.removed) {
                self.network_goes(&network);
            }
        }
    }

    /// Ends the containers of a stack whose services are gone without the pause in which load balancers forget them.
    pub fn hurry(&mut self, stack: &StackName) {
        let orphaned = |t: &&super::state::Task| {
            t.stack == *stack && !t.has_ended() && !self.services.contains_key(&t.service)
        };
        let containers: Vec<String> =
            self.tasks.values().filter(orphaned).filter_map(|t| t.container.clone()).collect();
        for container in containers {
            self.stop_container_after(&container, Duration::ZERO);
        }
    }

    /// Returns whether anything of a stack runs or is told to end, networks included.
    pub fn has_running(&self, stack: &StackName) -> bool {
        self.services.values().any(|s| s.stack == *stack)
            || self.tasks.values().any(|t| t.stack == *stack)
            || self.containers.values().any(|c| c.stack.as_ref() == Some(stack))
            || !self.networks_of(stack).is_empty()
    }

    /// Returns the containers of other stacks or of none that mount a volume of this one.
    pub fn holders(&self, stack: &StackName) -> Vec<Holder> {
        let volumes = self.volumes_of(stack);
        let of = |c: &super::container::Container| {
            let held = c.spec.mounts.iter().filter_map(|m| match &m.source {
                MountSource::Volume(name) => volumes.contains(name).then(|| name.clone()),
                MountSource::Host(_) | MountSource::Memory => None,
            });
            let (name, image) = (c.name.clone(), c.spec.image.clone());
            Holder { name, image, volumes: held.collect() }
        };
        let foreign = self.containers.values().filter(|c| c.stack.as_ref() != Some(stack));
        foreign.map(of).filter(|h| !h.volumes.is_empty()).collect()
    }

    /// Removes a container of no stack by its name, running or not. None to remove is fine.
    pub fn remove_container(&mut self, name: &str) {
        let found = self.containers.iter().find(|(_, c)| c.name == name && c.task.is_none());
        if let Some(id) = found.map(|(id, _)| id.clone()) {
            self.drop_container(&id);
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let volumes = self.volumes.join(", ");
        write!(f, "container {} ({}, of no stack) mounts {volumes}", self.name, self.image)
    }
}
