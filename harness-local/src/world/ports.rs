//! Ports that are published on the host: which task holds them, and who answers there.

use std::collections::BTreeMap;

use harness_core::observation::TaskState;

use super::inside::Purpose;
use super::session::{Reply, Session};
use super::spec::{PortMode, Protocol, PublishedPort};
use super::state::{Task, World};
use super::step::Step;

/// What Swarm says of a task that waits for a port of the only node.
const NO_NODE: &str = "no suitable node (host-mode port already in use on 1 node)";

/// A connection from outside to a published port. It ends with the container that it leads to.
#[derive(Debug)]
pub struct Connection {
    pub(super) container: String,
    /// The container's own port.
    pub(super) port: u16,
    speaks_tls: bool,
    pub(super) session: Session,
    /// How often something was said.
    pub(super) turns: u32,
    closed: bool,
}

impl Connection {
    /// Returns the connection of a request that was taken over from HTTP.
    pub(super) fn of_request(container: String, port: u16, path: &str) -> Self {
        let mut session = Session::default();
        session.known.insert("path".to_owned(), path.to_owned());
        Self { container, port, speaks_tls: false, session, turns: 0, closed: false }
    }

    /// Returns whether the port speaks TLS. What passes here is what is inside of it.
    pub const fn speaks_tls(&self) -> bool {
        self.speaks_tls
    }
}

impl Task {
    /// Returns whether the task keeps others from its ports: it is on the node and has not ended.
    const fn holds_ports(&self) -> bool {
        matches!(self.state, TaskState::Preparing | TaskState::Starting | TaskState::Running)
    }

    fn asks_for_a_port_of(&self, other: &Self) -> bool {
        let in_host_mode =
            |p: &&PublishedPort| matches!(p.mode, PortMode::Host) && p.published != 0;
        let mut own = self.spec.ports.iter().filter(in_host_mode);
        own.any(|port| {
            let same =
                |p: &PublishedPort| (p.published, p.protocol) == (port.published, port.protocol);
            other.spec.ports.iter().filter(in_host_mode).any(same)
        })
    }
}

impl World {
    /// Returns whether a task has to wait because another one holds a port of the host that it asks for, and notes that
    /// on the task.
    pub(super) fn waits_for_a_port(&mut self, id: &str) -> bool {
        let Some(task) = self.tasks.get(id) else { return false };
        let held = self
            .tasks
            .values()
            .any(|other| other.id != id && other.holds_ports() && task.asks_for_a_port_of(other));
        let said = task.error.is_some();
        let service = task.service.clone();
        if let Some(task) = self.tasks.get_mut(id) {
            task.error = held.then(|| NO_NODE.to_owned());
        }
        if held && !said {
            self.say("task", &service);
        }
        held
    }

    /// Lets the tasks go on that waited for a port of one that has ended.
    pub(super) fn free_ports(&mut self, ended: &str) {
        let Some(ended) = self.tasks.get(ended).filter(|t| !t.spec.ports.is_empty()) else {
            return;
        };
        let waits = |t: &&Task| {
            t.state == TaskState::Pending
                && t.is_live()
                && t.error.is_some()
                && t.asks_for_a_port_of(ended)
        };
        let mut waiting: Vec<(u64, String)> =
            self.tasks.values().filter(waits).map(|t| (t.number, t.id.clone())).collect();
        waiting.sort();
        for (_, id) in waiting {
            let after = self.random.time(20, 100);
            self.plan(after, Step::Task(id));
        }
    }

    /// Returns whether something takes connections on a published TCP port.
    pub fn listens_on(&mut self, port: u16) -> bool {
        self.holder(port).is_some()
    }

    /// Connects to a published TCP port; returns what the server says first with the connection, and none when nobody
    /// listens there.
    pub fn connect(&mut self, port: u16) -> Option<(Connection, Vec<u8>)> {
        let (container, port) = self.holder(port)?;
        let speaks_tls = self.containers.get(&container)?.player.speaks_tls(port);
        let session = Session::default();
        let mut connection =
            Connection { container, port, speaks_tls, session, turns: 0, closed: false };
        let greeting = self.say_on(&mut connection, &[]);
        Some((connection, greeting.bytes))
    }

    /// Says something on a connection and returns the answer. One that is closed answers nothing.
    pub fn say_on(&mut self, connection: &mut Connection, said: &[u8]) -> Reply {
        if !self.is_open(connection) {
            return Reply::end();
        }
        if !said.is_empty() {
            self.before_write();
        }
        let reply = self.seen_reply(connection, said);
        connection.turns += 1;
        connection.closed |= reply.ends;
        reply
    }

    /// Returns what the app itself answers; `heeds` says whether it sees its environment.
    pub(super) fn own_reply(
        &mut self,
        connection: &mut Connection,
        said: &[u8],
        heeds: bool,
    ) -> Reply {
        let Connection { container, port, session, .. } = connection;
        let port = *port;
        let reply = self.with_inside(container, Purpose::Exec, |inside, player| {
            if heeds {
                return player.converse(inside, port, session, said);
            }
            inside.with_env(&BTreeMap::new(), |bare| player.converse(bare, port, session, said))
        });
        reply.unwrap_or_else(Reply::end)
    }

    /// Returns whether a connection still leads somewhere.
    pub fn is_open(&self, connection: &Connection) -> bool {
        let serves = self.containers.get(&connection.container).is_some_and(|c| c.serves);
        !connection.closed && serves
    }

    /// Returns the container behind a published TCP port, with its own port, if its server listens there.
    fn holder(&mut self, published: u16) -> Option<(String, u16)> {
        let leads_here =
            |p: &&PublishedPort| p.published == published && p.protocol == Protocol::Tcp;
        let here = self.tasks.values().filter_map(|task| {
            let port = task.spec.ports.iter().find(leads_here)?;
            let id = task.container.as_ref().filter(|_| task.holds_ports())?;
            Some((task.number, id.clone(), port.target))
        });
        let (_, id, target) = here.max()?;
        let listens = self.with_inside(&id, Purpose::Exec, |inside, player| {
            inside.serves && player.listens(inside, target)
        });
        listens.unwrap_or(false).then_some((id, target))
    }
}
