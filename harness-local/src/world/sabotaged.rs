//! Where a saboteur lays hands on the engine and what runs on it. Nobody does, until [`World::sabotage`] says so.

use harness_core::name::StackName;

use super::fault_data::{HookEnd, Kept};
use super::image::{Request, Response};
use super::ports::Connection;
use super::route::Routed;
use super::session::Reply;
use super::state::World;
use crate::sabotage::{Sabotage, Saboteur, Turn, Volumes};

/// Methods that only read.
const READING: [&str; 3] = ["GET", "HEAD", "OPTIONS"];

impl World {
    /// Lets one thing be sabotaged from now on, in every stack but these: what the app needs is not what is tested.
    pub(crate) fn sabotage(&mut self, what: Sabotage, spared: Vec<StackName>) {
        self.saboteur = Some(Box::new(Saboteur::new(what)));
        self.spared = spared;
    }

    /// Returns whether nobody lays hands on what bears this name: a service, a volume.
    fn is_spared(&self, name: &str) -> bool {
        let of = |stack: &StackName| {
            name.strip_prefix(stack.as_str()).is_some_and(|r| r.starts_with('_'))
        };
        self.spared.iter().any(of)
    }

    /// Returns whether the saboteur found anything to break.
    pub(crate) fn sabotage_came_to_something(&self) -> bool {
        self.saboteur.as_ref().is_some_and(|s| s.came_to_something())
    }

    /// Returns whether somebody sabotages.
    pub(crate) const fn is_sabotaged(&self) -> bool {
        self.saboteur.is_some()
    }

    /// Returns what all volumes hold that are not spared.
    pub(crate) fn held(&self) -> Volumes {
        let volumes = self.volumes.iter().filter(|(name, _)| !self.is_spared(name));
        volumes.map(|(name, volume)| (name.clone(), volume.files.clone())).collect()
    }

    /// Lets the volumes that are there hold something else.
    pub(crate) fn hold(&mut self, mut held: Volumes) {
        for (name, volume) in &mut self.volumes {
            if let Some(files) = held.remove(name) {
                volume.files = files;
            }
        }
    }

    /// Someone is about to write from outside.
    pub(super) fn before_write(&mut self) {
        let Some(mut saboteur) = self.saboteur.take() else { return };
        saboteur.before_write(|| self.held());
        self.saboteur = Some(saboteur);
    }

    /// A deploy begins.
    pub(super) fn sabotage_deploy(&mut self, stack: &StackName) {
        if !self.spared.contains(stack) {
            self.on_volumes(Saboteur::at_deploy);
        }
    }

    /// A restore has ended.
    pub(crate) fn sabotage_restored(&mut self) {
        self.on_volumes(Saboteur::after_restore);
    }

    fn on_volumes(&mut self, work: impl FnOnce(&mut Saboteur, &mut Volumes)) {
        let Some(mut saboteur) = self.saboteur.take() else { return };
        let mut held = self.held();
        work(&mut saboteur, &mut held);
        self.hold(held);
        self.saboteur = Some(saboteur);
    }

    /// Returns the image that a service really runs.
    pub(super) fn really_runs(&mut self, service: &str, named: &str) -> String {
        let is_spared = self.is_spared(service);
        match &mut self.saboteur {
            Some(saboteur) if !is_spared => saboteur.image(service, named),
            Some(_) | None => named.to_owned(),
        }
    }

    /// Returns how a hook ends instead of being run; none: it is run.
    pub(crate) fn hook_end(&mut self, is_restore: bool) -> Option<HookEnd> {
        let skips = self.saboteur.as_mut().is_some_and(|s| s.skips_hook(is_restore));
        if skips { Some(HookEnd::Well) } else { self.trouble.hook_end(is_restore) }
    }

    /// Returns what the dumps of a backup are to be made of instead of what volumes hold.
    pub(crate) fn dumps_of(&self) -> Option<Volumes> {
        self.saboteur.as_ref()?.dumps_of().cloned()
    }

    /// Takes from a backup what it is to lose.
    pub(crate) fn spoil_backup(&mut self, before_hooks: &Volumes, files: &mut Vec<Kept>) {
        self.trouble.spoil_backup(files);
        if let Some(saboteur) = &mut self.saboteur {
            saboteur.spoil_backup(before_hooks, files);
        }
    }

    /// Puts other dumps into a backup.
    pub(crate) fn swap_dumps(
        &mut self,
        before_hooks: &Volumes,
        files: &mut [Kept],
        made: &Volumes,
    ) {
        if let Some(saboteur) = &mut self.saboteur {
            saboteur.swap_dumps(before_hooks, files, made);
        }
    }

    /// Takes from what is to come back what a restore is to lose.
    pub(crate) fn spoil_restore(&mut self, files: &mut Vec<Kept>) {
        self.trouble.spoil_restore(files);
        let Some(mut saboteur) = self.saboteur.take() else { return };
        saboteur.spoil_restore(&self.held(), files);
        self.saboteur = Some(saboteur);
    }

    /// Takes a request through the router, and changes what comes back as it was told to.
    pub fn route(&mut self, host: &str, request: &Request) -> Routed {
        self.strike(host, request);
        if self.led_to(host, request).is_some_and(|(service, _)| self.is_spared(&service)) {
            return self.honestly_route(host, request);
        }
        let reads = READING.contains(&request.method.as_str());
        if !reads {
            self.before_write();
        }
        let Some(mut saboteur) = self.saboteur.take() else {
            return self.honestly_route(host, request);
        };
        let held = (!reads && saboteur.drops_writes()).then(|| self.held());
        let mut routed = self.honestly_route(host, request);
        if let (Some(held), Routed::Answered(answer)) = (held, &routed)
            && answer.status < 400
            && held != self.held()
        {
            self.hold(held);
            saboteur.came_true();
        }
        if let Routed::Answered(own) = routed {
            let mut ask = |asked: &Request| -> Option<Response> {
                match self.honestly_route(host, asked) {
                    Routed::Answered(answer) => Some(answer),
                    Routed::Unknown | Routed::NoBackend | Routed::Refused => None,
                }
            };
            routed = Routed::Answered(saboteur.answer(request, own, &mut ask));
        }
        self.saboteur = Some(saboteur);
        routed
    }

    /// Takes what is said on a connection to the app, and changes what comes back as it was told to.
    pub(super) fn seen_reply(&mut self, connection: &mut Connection, said: &[u8]) -> Reply {
        let container = self.containers.get(&connection.container);
        let stack = container.and_then(|container| container.stack.as_ref());
        if stack.is_some_and(|stack| self.spared.contains(stack)) {
            return self.own_reply(connection, said, true);
        }
        let Some(mut saboteur) = self.saboteur.take() else {
            return self.own_reply(connection, said, true);
        };
        let held = saboteur.drops_spoken_writes().then(|| self.held());
        let mut reply = if saboteur.ignores_settings() {
            let honest = self.rehearsed(connection, said);
            let bare = self.own_reply(connection, said, false);
            if bare != honest {
                saboteur.came_true();
            }
            bare
        } else {
            self.own_reply(connection, said, true)
        };
        if let Some(held) = held.filter(|held| *held != self.held()) {
            self.hold(held);
            saboteur.came_true();
        }
        if let Some(container) = self.containers.get(&connection.container) {
            let (port, number) = (connection.port, connection.turns);
            let turn = Turn { port, number, settings: &container.spec.env };
            reply = saboteur.reply(turn, reply);
        }
        self.saboteur = Some(saboteur);
        reply
    }

    /// Returns what the app would answer, and leaves everything as it is.
    fn rehearsed(&mut self, connection: &mut Connection, said: &[u8]) -> Reply {
        let (containers, volumes) = (self.containers.clone(), self.volumes.clone());
        let session = connection.session.clone();
        let reply = self.own_reply(connection, said, true);
        (self.containers, self.volumes, connection.session) = (containers, volumes, session);
        reply
    }
}
