//! A Docker Engine in Swarm mode, in memory: as much of it as a harness can see. Main type: [`World`].
//!
//! A pure state machine: no I/O, no clock and no randomness from outside. Time moves only by [`World::advance_to`];
//! all that takes time is a step in a queue, done in order of time and then of planning. The same seed, commands and
//! times give the same states. What runs in containers is played by an [`Image`].

mod census;
mod container;
mod exec;
mod fault;
mod fault_app;
mod fault_beside;
mod fault_data;
mod fault_deploy;
mod health;
mod image;
mod inside;
mod objects;
mod observe;
mod peer;
mod ports;
mod pull;
mod random;
mod removal;
mod restart;
mod route;
mod sabotaged;
mod session;
mod spec;
mod stack;
mod state;
mod step;
mod task;
mod template;
mod update;

pub use container::{Holder, LogLine};
pub use exec::{ExecError, FileError, ListedFile};
pub(crate) use fault::{Deed, Moment};
pub(crate) use fault_beside::Blow;
pub(crate) use fault_data::{HookEnd, Kept, Spoiled};
pub(crate) use fault_deploy::Order as DeployOrder;
pub use image::{Image, Io, Library, Mishap, Ran, Request, Response};
pub use inside::{EngineCall, FileProblem, Inside, Purpose};
pub use objects::{ObjectError, RemovalError};
pub use ports::Connection;
pub use pull::{ImageSource, PullError};
pub use random::Random;
pub use route::Routed;
pub use session::{Reply, Session};
pub use spec::{
    ConfigSpec, FailureAction, HealthSpec, MountSource, MountSpec, MountedFile, NetworkSpec, Order,
    PortMode, Protocol, PublishedPort, Replicas, RestartCondition, RestartSpec, RolloutSpec,
    ServiceSpec, StackSpec, StopSpec, TaskSpec,
};
pub use stack::DeployError;
pub use state::{Event, World};

#[cfg(test)]
mod tests;
