//! Everything that exists on the engine.

use harness_core::census::{Census, Item, Kind};
use harness_core::name::StackName;

use super::state::World;

impl World {
    /// Makes a stack known, so that secrets, which say no stack, are counted to it by their names.
    pub fn mind(&mut self, stack: &StackName) {
        self.stacks.insert(stack.clone());
    }

    /// Lists everything that exists.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        let mut add = |kind, name: &str, stack: Option<&StackName>| {
            let stack = stack.map(ToString::to_string);
            census.items.insert(Item { kind, name: name.to_owned(), stack });
        };
        for (name, service) in &self.services {
            add(Kind::Service, name, Some(&service.stack));
            for label in service.spec.labels.keys() {
                let router = label.strip_prefix("traefik.http.routers.");
                if let Some(route) = router.and_then(|r| r.strip_suffix(".rule")) {
                    add(Kind::Route, route, Some(&service.stack));
                }
            }
        }
        for task in self.tasks.values().filter(|t| !t.has_ended()) {
            add(Kind::Task, &format!("{}.{}", task.service, task.id), Some(&task.stack));
        }
        for container in self.containers.values() {
            let by_name = || self.stack_named_by(&container.name);
            add(Kind::Container, &container.name, container.stack.as_ref().or_else(by_name));
        }
        for (name, network) in &self.networks {
            add(Kind::Network, name, network.stack.as_ref());
        }
        for (name, volume) in &self.volumes {
            add(Kind::Volume, name, volume.stack.as_ref());
        }
        for name in self.secrets.keys() {
            add(Kind::Secret, name, self.stack_named_by(name));
        }
        for (name, config) in &self.configs {
            add(Kind::Config, name, config.stack.as_ref());
        }
        census
    }

    /// Returns the known stack that a name begins with.
    fn stack_named_by(&self, name: &str) -> Option<&StackName> {
        let begins = |s: &&StackName| {
            let rest = name.strip_prefix(s.as_str());
            rest.is_some_and(|rest| rest.starts_with(['_', '-', '.']))
        };
        self.stacks.iter().filter(begins).max_by_key(|s| s.as_str().len())
    }
}
