//! The engine's state. Main type: [`World`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use harness_core::name::StackName;
use harness_core::observation::{TaskState, Update};
use jiff::Timestamp;

use super::container::Container;
use super::fault::Trouble;
use super::image::Library;
use super::inside::Files;
use super::pull::Images;
use super::random::Random;
use super::spec::{ServiceSpec, TaskSpec};
use super::step::Step;
use super::update::Rollout;
use crate::sabotage::Saboteur;

/// A Docker Engine in Swarm mode, in memory.
#[derive(Debug)]
pub struct World {
    pub(super) now: Timestamp,
    pub(super) random: Random,
    pub(super) planned: u64,
    pub(super) queue: BTreeMap<(Timestamp, u64), Step>,
    pub(super) library: Arc<dyn Library>,
    pub(super) images: Images,
    pub(super) services: BTreeMap<String, Service>,
    pub(super) tasks: BTreeMap<String, Task>,
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) networks: BTreeMap<String, Network>,
    pub(super) volumes: BTreeMap<String, Volume>,
    pub(super) secrets: BTreeMap<String, Vec<u8>>,
    pub(super) configs: BTreeMap<String, Config>,
    pub(super) stacks: BTreeSet<StackName>,
    pub(super) events: Vec<Event>,
    /// What stand-ins were asked for and do not play.
    pub(super) refusals: Vec<String>,
    pub(super) trouble: Trouble,
    pub(super) saboteur: Option<Box<Saboteur>>,
    /// What no saboteur lays hands on.
    pub(super) spared: Vec<StackName>,
}

/// Something changed: look again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What, as the engine's event stream says it.
    pub what: String,
    /// The name of what changed.
    pub name: String,
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) stack: StackName,
    pub(super) spec: ServiceSpec,
    pub(super) previous: Option<ServiceSpec>,
    pub(super) status: Option<Update>,
    pub(super) rollout: Option<Rollout>,
    /// Counts the specifications, so that what was planned for an older one is left alone.
    pub(super) version: u64,
    /// A digest of its present task specification, once somebody asked for it.
    pub(super) digest: OnceLock<String>,
    /// How often each slot was started again.
    pub(super) restarts: BTreeMap<u64, u64>,
}

#[derive(Clone, Debug)]
pub(super) struct Task {
    pub(super) id: String,
    pub(super) stack: StackName,
    /// The full name of its service.
    pub(super) service: String,
    pub(super) slot: u64,
    /// Counts up: of two tasks the one with the higher number is newer.
    pub(super) number: u64,
    pub(super) spec: Arc<TaskSpec>,
    pub(super) state: TaskState,
    pub(super) wish: Wish,
    pub(super) created: Timestamp,
    pub(super) since: Timestamp,
    pub(super) error: Option<String>,
    pub(super) exit_code: Option<i64>,
    pub(super) container: Option<String>,
    /// It waits for its turn until then; none: until it is let go.
    pub(super) held: Option<Hold>,
}

/// Why a task that is ready does not start yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// For the restart delay.
    Until(Timestamp),
    /// For the task that it replaces.
    ForPredecessor,
}

/// What Swarm wants of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wish {
    Ready,
    Run,
    Shutdown,
    Remove,
}

#[derive(Clone, Debug)]
pub(super) struct Network {
    pub(super) stack: Option<StackName>,
    /// It was removed, and is shown until the last container on it has ended.
    pub(super) removed: bool,
}

/// A volume with its files.
#[derive(Clone, Debug, Default)]
pub(super) struct Volume {
    pub(super) stack: Option<StackName>,
    pub(super) files: Files,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) stack: Option<StackName>,
    pub(super) data: Vec<u8>,
    pub(super) is_template: bool,
}

impl Task {
    pub(super) const fn is_live(&self) -> bool {
        matches!(self.wish, Wish::Ready | Wish::Run) && !self.has_ended()
    }

    pub(super) const fn has_ended(&self) -> bool {
        matches!(
            self.state,
            TaskState::Complete
                | TaskState::Shutdown
                | TaskState::Failed
                | TaskState::Rejected
                | TaskState::Orphaned
                | TaskState::Remove
        )
    }
}

impl World {
    /// Returns an engine on which nothing is, with its images played by a library.
    pub fn new(seed: u64, start: Timestamp, library: Arc<dyn Library>) -> Self {
        Self {
            now: start,
            random: Random::new(seed),
            planned: 0,
            queue: BTreeMap::new(),
            library,
            images: Images::default(),
            services: BTreeMap::new(),
            tasks: BTreeMap::new(),
            containers: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            secrets: BTreeMap::new(),
            configs: BTreeMap::new(),
            stacks: BTreeSet::new(),
            events: Vec::new(),
            refusals: Vec::new(),
            trouble: Trouble::default(),
            saboteur: None,
            spared: Vec::new(),
        }
    }

    /// Returns the engine's time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// Returns the numbers that everything random is made of.
    pub const fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// Returns what happened since the last time.
    pub fn drain_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    /// Returns what stand-ins were asked for since the last time and do not play, whether or not anyone heard it.
    pub fn drain_refusals(&mut self) -> Vec<String> {
        std::mem::take(&mut self.refusals)
    }

    pub(super) fn say(&mut self, what: &str, name: &str) {
        self.events.push(Event { at: self.now, what: what.to_owned(), name: name.to_owned() });
    }
}
