//! `docker stack deploy`: networks, configs and services as asked for. What is no longer asked for stays.

use std::sync::OnceLock;

use harness_core::name::{MAX_SWARM_NAME, StackName};
use thiserror::Error;

use super::objects::ObjectError;
use super::spec::{MountedFile, ServiceSpec, StackSpec};
use super::state::{Config, Network, Service, World};

/// The longest name that Swarm takes for a service.
const MAX_SERVICE_NAME: usize = 63;

/// A stack could not be deployed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DeployError {
    /// A network of others is not there.
    #[error("network \"{0}\" is declared as external, but could not be found")]
    NoNetwork(String),
    /// A network was removed and is still shown: containers of before are on it.
    #[error("network {0} not found")]
    NetworkGoes(String),
    /// A secret is not there.
    #[error("secret not found: {0}")]
    NoSecret(String),
    /// A config is not there.
    #[error("config not found: {0}")]
    NoConfig(String),
    /// A config has another content.
    #[error("failed to update config {0}: only updates to Labels are allowed")]
    ConfigChanged(String),
    /// A service's name is too long.
    #[error("name must be 63 characters or fewer: {0}")]
    ServiceName(String),
    /// A config cannot be made.
    #[error(transparent)]
    Object(#[from] ObjectError),
}

impl World {
    /// Deploys a stack: makes what is not there, changes what is. Services that it does not name go on.
    ///
    /// # Errors
    /// Something that it needs is not there, or a name or a config is refused. What was made until then stays.
    pub fn deploy_stack(&mut self, spec: StackSpec) -> Result<(), DeployError> {
        self.stacks.insert(spec.stack.clone());
        self.sabotage_deploy(&spec.stack);
        let spec = self.lay_over(spec);
        for network in spec.networks {
            match (self.networks.contains_key(&network.name), network.external) {
                (true, _) => {}
                (false, true) => return Err(DeployError::NoNetwork(network.name)),
                (false, false) => {
                    let made = Network { stack: Some(spec.stack.clone()), removed: false };
                    self.networks.insert(network.name.clone(), made);
                    self.say("network create", &network.name);
                }
            }
        }
        for config in spec.configs {
            match self.configs.get(&config.name) {
                Some(known) if known.data == config.data => {}
                Some(_) => return Err(DeployError::ConfigChanged(config.name)),
                None => {
                    let stack = Some(spec.stack.clone());
                    let made = Config { stack, data: config.data, is_template: config.is_template };
                    self.make_config(&config.name, made)?;
                }
            }
        }
        for service in &spec.services {
            self.check_service(&spec.stack, service)?;
        }
        for service in spec.services {
            self.apply_service(&spec.stack, service);
        }
        self.begin_deeds(&spec.stack);
        Ok(())
    }

    fn check_service(&self, stack: &StackName, service: &ServiceSpec) -> Result<(), DeployError> {
        let name = full_name(stack, service.name.as_str());
        if name.len() > MAX_SERVICE_NAME {
            return Err(DeployError::ServiceName(name));
        }
        let goes = |name: &&String| self.networks.get(*name).is_some_and(|n| n.removed);
        if let Some(network) = service.task.networks.iter().find(goes) {
            return Err(DeployError::NetworkGoes(network.clone()));
        }
        let missing = |files: &[MountedFile], known: &dyn Fn(&str) -> bool| {
            files.iter().find(|f| f.name.len() > MAX_SWARM_NAME || !known(&f.name)).cloned()
        };
        if let Some(file) = missing(&service.task.secrets, &|n| self.secrets.contains_key(n)) {
            return Err(DeployError::NoSecret(file.name));
        }
        if let Some(file) = missing(&service.task.configs, &|n| self.configs.contains_key(n)) {
            return Err(DeployError::NoConfig(file.name));
        }
        Ok(())
    }

    fn apply_service(&mut self, stack: &StackName, spec: ServiceSpec) {
        let name = full_name(stack, spec.name.as_str());
        match self.services.get_mut(&name) {
            Some(known) => {
                known.previous = Some(std::mem::replace(&mut known.spec, spec));
                known.version += 1;
                known.digest = OnceLock::new();
                known.restarts.clear();
                // Whatever an update came to is forgotten by the next deploy, also by one that changes nothing.
                (known.rollout, known.status) = (None, None);
                self.say("service update", &name);
                self.let_go(&name);
                self.plan_update(&name);
            }
            None => {
                let made = Service {
                    stack: stack.clone(),
                    spec,
                    previous: None,
                    status: None,
                    rollout: None,
                    version: 0,
                    digest: OnceLock::new(),
                    restarts: std::collections::BTreeMap::new(),
                };
                self.services.insert(name.clone(), made);
                self.say("service create", &name);
                self.keep_count(&name);
            }
        }
    }

    /// Lets tasks start that waited for an update that is over.
    fn let_go(&mut self, service: &str) {
        let held: Vec<String> = self
            .tasks
            .values()
            .filter(|t| t.service == service && t.held == Some(super::state::Hold::ForPredecessor))
            .map(|t| t.id.clone())
            .collect();
        held.iter().for_each(|id| self.release(id));
    }
}

/// Returns the full name of a service.
pub(super) fn full_name(stack: &StackName, service: &str) -> String {
    format!("{stack}_{service}")
}
