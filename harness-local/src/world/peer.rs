//! What a container sees of the others: by the names of their services, on the networks that both are on.

use std::collections::BTreeMap;

use harness_core::observation::TaskState;
use jiff::Timestamp;

use super::container::Container;
use super::image::{Image, Request, Response};
use super::inside::{EngineCall, Inside, Purpose};
use super::state::{Task, Volume};

/// What is around a container while a program runs in it.
pub(super) struct Around<'a> {
    pub(super) now: Timestamp,
    pub(super) purpose: Purpose,
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
            now: around.now,
            cwd: "/".to_owned(),
            networks: &self.spec.networks,
            stack: self.stack.as_ref(),
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

    fn with_peer<V>(
        &mut self,
        host: &str,
        work: impl FnOnce(&mut Inside<'_>, &dyn Image) -> V,
    ) -> Option<V> {
        let id = self.peer(host)?;
        let mut container = self.others.remove(&id)?;
        let mut around = Around {
            now: self.now,
            purpose: Purpose::Exec,
            tasks: self.tasks,
            others: self.others,
            volumes: self.volumes,
            calls: self.calls,
        };
        let value = container.serves.then(|| container.with(&mut around, work));
        self.others.insert(id, container);
        value
    }
}
