//! What is asked of the engine: a stack's services, networks and configs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};

/// A stack as `docker stack deploy` sends it: every name is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackSpec {
    /// The stack.
    pub stack: StackName,
    /// Its services.
    pub services: Vec<ServiceSpec>,
    /// The networks that it makes or expects.
    pub networks: Vec<NetworkSpec>,
    /// The configs that it makes.
    pub configs: Vec<ConfigSpec>,
}

/// A network of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Its name.
    pub name: String,
    /// Whether it must be there already.
    pub external: bool,
}

/// A config that a stack makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigSpec {
    /// Its name.
    pub name: String,
    /// Its content.
    pub data: Vec<u8>,
    /// Whether it is filled in as a template when a container is made.
    pub is_template: bool,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its name in the stack.
    pub name: ServiceName,
    /// Its service labels.
    pub labels: BTreeMap<String, String>,
    /// How many tasks it wants.
    pub replicas: Replicas,
    /// What its tasks are.
    pub task: Arc<TaskSpec>,
    /// How new tasks replace old ones.
    pub update: RolloutSpec,
    /// How old ones come back.
    pub rollback: RolloutSpec,
}

/// How many tasks a service wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replicas {
    /// So many.
    Count(u64),
    /// One on each node; there is one node.
    Global,
}

impl Replicas {
    /// Returns how many that is.
    pub(super) const fn count(self) -> u64 {
        match self {
            Self::Count(count) => count,
            Self::Global => 1,
        }
    }
}

/// What a task is. Two tasks are alike when this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSpec {
    /// The image with its tag.
    pub image: String,
    /// What is started instead of the image's entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments instead of the image's.
    pub command: Option<Vec<String>>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Volumes and folders.
    pub mounts: Vec<MountSpec>,
    /// Configs, by full name.
    pub configs: Vec<MountedFile>,
    /// Secrets, by full name.
    pub secrets: Vec<MountedFile>,
    /// Networks, by full name.
    pub networks: Vec<String>,
    /// The health check.
    pub health: Option<HealthSpec>,
    /// When an ended task is replaced.
    pub restart: RestartSpec,
    /// How it is told to end.
    pub stop: StopSpec,
    /// The port that the router is told, for images of which nothing else is known.
    pub routed_port: Option<u16>,
    /// Its ports that are published on the host. Swarm makes new tasks when they change.
    pub ports: Vec<PublishedPort>,
}

/// A port that is published on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedPort {
    /// The port of the host; 0 when Swarm chooses one.
    pub published: u16,
    /// The port in the container.
    pub target: u16,
    /// What is spoken there.
    pub protocol: Protocol,
    /// Whose port it is.
    pub mode: PortMode,
}

/// What is spoken on a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

/// Whose port a published port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortMode {
    /// The task's: no two tasks of a node have it at a time.
    Host,
    /// The service's, on all nodes.
    Ingress,
}

/// A mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountSpec {
    /// What is mounted.
    pub source: MountSource,
    /// Where.
    pub target: String,
    /// Whether it may only be read.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountSource {
    /// A volume, by full name.
    Volume(String),
    /// A path of the host.
    Host(String),
    /// Memory.
    Memory,
}

/// A config or secret in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedFile {
    /// Its full name.
    pub name: String,
    /// Where it appears.
    pub target: String,
}

/// A health check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthSpec {
    /// The command.
    pub test: Vec<String>,
    /// Time between probes.
    pub interval: Duration,
    /// So many failures in a row make it unhealthy.
    pub retries: u64,
    /// So long failures do not count.
    pub start_period: Duration,
}

/// When an ended task is replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartSpec {
    /// After what ending.
    pub condition: RestartCondition,
    /// So much later.
    pub delay: Duration,
    /// At most so many times.
    pub max_attempts: Option<u64>,
}

/// After what ending a task is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartCondition {
    /// Any.
    Any,
    /// A bad one.
    OnFailure,
    /// None.
    None,
}

/// How a container is told to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopSpec {
    /// Whether it is killed at once.
    pub kills: bool,
    /// How long it may take.
    pub grace: Duration,
}

/// How tasks are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RolloutSpec {
    /// How many at a time; 0 is all.
    pub parallelism: u64,
    /// Time between batches.
    pub delay: Duration,
    /// Which comes first.
    pub order: Order,
    /// What a failure does.
    pub on_failure: FailureAction,
    /// How long a new task is watched.
    pub monitor: Duration,
}

/// Which comes first when a task is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The old one ends.
    StopFirst,
    /// The new one runs.
    StartFirst,
}

/// What the failure of a new task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureAction {
    /// The update stops where it is.
    Pause,
    /// The old specification comes back.
    RollBack,
    /// Nothing.
    Continue,
}

impl Default for RolloutSpec {
    /// What Swarm does when nothing is said.
    fn default() -> Self {
        Self {
            parallelism: 1,
            delay: Duration::ZERO,
            order: Order::StopFirst,
            on_failure: FailureAction::Pause,
            monitor: Duration::from_secs(5),
        }
    }
}

impl Default for RestartSpec {
    /// What Swarm does when nothing is said.
    fn default() -> Self {
        Self { condition: RestartCondition::Any, delay: Duration::from_secs(5), max_attempts: None }
    }
}

impl Default for StopSpec {
    /// What Docker does when nothing is said.
    fn default() -> Self {
        Self { kills: false, grace: Duration::from_secs(10) }
    }
}
