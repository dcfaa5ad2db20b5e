//! What a container sees of the others: by the names of their services, on the networks that both are on.

use std::collections::BTreeMap;

use harness_core::observation::TaskState;
use jiff::Timestamp;

use super::container::Container;
use super::image::{Image, Request, Response};
use super::inside::{EngineCall, Inside, Purpose};
use super::route::{ROUTED, forwarded, led_to, newest};
use super::state::{Service, Task, Volume};

/// What is around a container while a program runs in it.
pub(super) struct Around<'a> {
    pub(super) now: Timestamp,
    pub(super) purpose: Purpose,
    pub(super) services: &'a BTreeMap<String, Service>,
    pub(super) tasks: &'a BTreeMap<String, Task>,
    pub(super) others: &'a mut BTreeMap<String, Container>,
    pub(super) volumes: &'a mut BTreeMap<String, Volume>,
    pub(super) calls: &'a mut Vec<EngineCall>,
}

impl Container {
    /// Does something with the container as its programs see it.
    pub(super) fn with<V>(
        &mut self,
        around: &mut Around<'_>,
        work: impl FnOnce(&mut Inside<'_>, &dyn Image) -> V,
    ) -> V {
        let mut inside = Inside {
            image: &self.spec.image,
            env: &self.spec.env,
            routed_port: self.spec.routed_port,
            serves: self.serves,
            purpose: around.purpose,
            now: around.now.saturating_add(self.clock).unwrap_or(around.now),
            engine_now: around.now,
            cwd: "/".to_owned(),
            networks: &self.spec.networks,
            stack: self.stack.as_ref(),
            services: around.services,
            tasks: around.tasks,
            others: around.others,
            own: &mut self.own,
            mounted: &self.mounted,
            image_files: &self.image_files,
            mounts: &self.spec.mounts,
            volumes: around.volumes,
            calls: around.calls,
        };
        work(&mut inside, &*self.player)
    }
}

impl Inside<'_> {
    /// Returns whether a service of this name listens on a port.
    pub fn reaches(&mut self, host: &str, port: u16) -> bool {
        self.with_peer(host, |peer, player| player.listens(peer, port)).unwrap_or(false)
    }

    /// Returns whether there is a service of this name that runs.
    pub fn resolves(&self, host: &str) -> bool {
        self.peer(host).is_some()
    }

    /// Says something to the port of a service that speaks no HTTP; `None` when nobody answers.
    pub fn say_to(&mut self, host: &str, port: u16, said: &[u8]) -> Option<Vec<u8>> {
        self.with_peer(host, |peer, player| player.hear(peer, port, said)).flatten()
    }

    /// Asks the port of a service; `None` when nobody answers.
    pub fn ask(&mut self, host: &str, port: u16, request: &Request) -> Option<Response> {
        self.with_peer(host, |peer, player| player.answer(peer, port, request)).flatten()
    }

    /// Returns the newest container of a service: Swarm's names lead only to tasks that run, and so to healthy ones.
    fn peer(&self, host: &str) -> Option<String> {
        let named = |task: &Task| {
            let short = task.service.strip_prefix(task.stack.as_str());
            let short = short.and_then(|s| s.strip_prefix('_'));
            task.service == host || short == Some(host)
        };
        let near = |task: &Task| task.spec.networks.iter().any(|n| self.networks.contains(n));
        let reached = self
            .tasks
            .values()
            .filter(|t| t.state == TaskState::Running && t.is_live() && named(t) && near(t));
        // The own stack's service comes before one of the same name on a network that stacks share.
        let newest = reached.max_by_key(|t| (Some(&t.stack) == self.stack, t.number))?;
        newest.container.clone().filter(|id| self.others.get(id).is_some_and(|c| c.runs))
    }

    /// Asks an app by its public name, through the router; `None` when it leads nowhere, or nobody answers there. An app
    /// that asks itself is not answered: it is busy with asking.
    pub fn visit(&mut self, host: &str, request: &Request) -> Option<Response> {
        if !self.networks.iter().any(|network| network == ROUTED) {
            return None;
        }
        let (service, route) = led_to(self.services, host, request)?;
        let id = newest(self.tasks, &service)?;
        let request = forwarded(request, host);
        self.with_container(&id, |peer, player| player.answer(peer, route.port, &request)).flatten()
    }

    fn with_peer<V>(
        &mut self,
        host: &str,
        work: impl FnOnce(&mut Inside<'_>, &dyn Image) -> V,
    ) -> Option<V> {
        let id = self.peer(host)?;
        self.with_container(&id, work)
    }

    fn with_container<V>(
        &mut self,
        id: &str,
        work: impl FnOnce(&mut Inside<'_>, &dyn Image) -> V,
    ) -> Option<V> {
        let mut container = self.others.remove(id)?;
        let mut around = Around {
            now: self.engine_now,
            purpose: Purpose::Exec,
            services: self.services,
            tasks: self.tasks,
            others: self.others,
            volumes: self.volumes,
            calls: self.calls,
        };
        let value = container.serves.then(|| container.with(&mut around, work));
        self.others.insert(id.to_owned(), container);
        value
    }
}
