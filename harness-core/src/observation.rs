//! What a platform shows of an app: services, their tasks and their updates. Plain data, read whole each time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::ServiceName;

/// All of an app at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Observation {
    /// When it was read, by the platform's clock.
    pub at: Timestamp,
    /// Every service of the app's stack, by name.
    pub services: Vec<ServiceState>,
}

impl Observation {
    /// Returns the service of this name.
    pub fn service(&self, name: &ServiceName) -> Option<&ServiceState> {
        self.services.iter().find(|s| s.name == *name)
    }
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ServiceState {
    /// Its name in the compose file.
    pub name: ServiceName,
    /// The image that its specification asks for.
    pub image: String,
    /// Its service labels.
    pub labels: BTreeMap<String, String>,
    /// How many tasks it asks for.
    pub wanted: Wanted,
    /// A digest of its task specification: it changes exactly when new tasks are needed.
    pub spec: String,
    /// Whether a task that ends well stays ended (restart condition `none` or `on-failure`).
    pub ends_by_itself: bool,
    /// Its update, if Swarm ever made one.
    pub update: Option<Update>,
    /// Its tasks, newest first, as far as the platform keeps them.
    pub tasks: Vec<Task>,
}

impl ServiceState {
    /// Returns whether it has done what it was there for: a task of its present specification ended well, none runs, and
    /// none is started again.
    pub fn has_ended(&self) -> bool {
        let ended = |t: &Task| t.is_current && t.state == TaskState::Complete;
        self.ends_by_itself
            && self.tasks.iter().any(ended)
            && !self.tasks.iter().any(|t| t.should_run && !ended(t))
    }
}

/// How many tasks a service asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wanted {
    /// This many; 0 is a wish like any other.
    Replicas(u64),
    /// One for each node: as many as there are tasks that should run.
    Global,
}

/// The state of a service's update.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Update {
    /// Where it stands. It stays for ever, also as a leftover of an earlier update.
    pub phase: UpdatePhase,
    /// When it began.
    pub started: Option<Timestamp>,
    /// What Swarm says about it.
    pub message: String,
}

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UpdatePhase {
    /// In flight.
    Updating,
    /// Stopped after a failure; it never ends by itself.
    Paused,
    /// Done.
    Completed,
    /// The old specification is being put back.
    RollbackStarted,
    /// Putting back stopped after a failure; it never ends by itself.
    RollbackPaused,
    /// The old specification is back.
    RollbackCompleted,
}

/// A task: one attempt to run a service's container.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub state: TaskState,
    /// Whether Swarm wants it to run (and not to end or to be removed).
    pub should_run: bool,
    /// Whether it was made from the service's present specification.
    pub is_current: bool,
    /// When it was created.
    pub created: Timestamp,
    /// When it came into its state.
    pub since: Timestamp,
    /// Why it failed, was rejected or is pending.
    pub error: Option<String>,
    /// The exit code of its container, once it ended.
    pub exit_code: Option<i64>,
    /// Its container, once there is one.
    pub container: Option<String>,
}

/// Where a task stands. The order is Swarm's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskState {
    /// Made, assigned to no node yet, or no node fits.
    Pending,
    /// On its way: assigned, accepted, being prepared.
    Preparing,
    /// Its container starts, or runs and is not healthy yet.
    Starting,
    /// Its container runs, and is healthy if it has a healthcheck.
    Running,
    /// Its container ended with 0.
    Complete,
    /// It was told to end.
    Shutdown,
    /// Its container ended with something else, or was unhealthy.
    Failed,
    /// The node refused it: no such image, no such mount.
    Rejected,
    /// Its node is gone.
    Orphaned,
    /// It is being removed.
    Remove,
}

impl TaskState {
    /// Returns whether a task in this state ended without having been told to.
    pub const fn has_failed(self) -> bool {
        matches!(self, Self::Failed | Self::Rejected | Self::Orphaned)
    }
}
