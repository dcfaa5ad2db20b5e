//! What the engine says about services, tasks, containers and volumes, as plain data.

use std::collections::BTreeMap;

/// One service of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceFacts {
    /// The engine's id.
    pub id: String,
    /// The full name, `<stack>_<service>`.
    pub name: String,
    /// The service labels (`deploy.labels`).
    pub labels: BTreeMap<String, String>,
    /// The image, without digest.
    pub image: String,
    /// How many tasks should run.
    pub desired: u64,
    /// How many tasks run; with a health check only healthy ones count.
    pub running: u64,
    /// Whether it is a replicated service.
    pub replicated: bool,
    /// The update under way or the last one.
    pub update: Option<UpdateFacts>,
    /// The task template as the engine keeps it: two equal texts mean that no task has to change.
    pub template: String,
    /// Whether its tasks may end for good (restart condition `none` or `on-failure`).
    pub may_complete: bool,
    /// When it was created, as the engine writes it.
    pub created: String,
    /// Published ports, as `docker service ls` shows them.
    pub ports: String,
    /// Its mounts.
    pub mounts: Vec<MountFacts>,
}

impl ServiceFacts {
    /// Returns the name without the stack.
    pub fn short_name(&self) -> &str {
        let stack = self.labels.get("com.docker.stack.namespace").map_or("", String::as_str);
        self.name.strip_prefix(stack).and_then(|rest| rest.strip_prefix('_')).unwrap_or(&self.name)
    }
}

/// A mount of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountFacts {
    /// The volume's full name; for a bind the path on the host.
    pub source: String,
    /// Where the container sees it.
    pub target: String,
    /// Whether it is a volume.
    pub is_volume: bool,
}

/// A service update.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpdateFacts {
    /// How far it is.
    pub state: UpdateState,
    /// When it began, as the engine writes it (RFC 3339, UTC).
    pub started: String,
    /// The engine's message.
    pub message: String,
}

/// How far an update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateState {
    /// Tasks are being replaced.
    Updating,
    /// Stopped half-way; stays so for ever.
    Paused,
    /// Done.
    Completed,
    /// The old specification is being put back.
    RollbackStarted,
    /// Putting the old specification back stopped half-way.
    RollbackPaused,
    /// The old specification is back.
    RollbackCompleted,
}

/// One task of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFacts {
    /// The service's id.
    pub service_id: String,
    /// The state word, as `running`, `complete`, `failed`.
    pub state: String,
    /// When that state began, as the engine writes it.
    pub since: String,
    /// The engine's error text, or empty.
    pub error: String,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerFacts {
    /// Its id.
    pub id: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeFacts {
    /// Its full name.
    pub name: String,
    /// Where its content is on the host.
    pub mountpoint: String,
}
