//! What a Docker Engine does for the stand-ins, in a few plain calls. Main type: [`Docker`].
//!
//! Stacks go through the `docker` client (it merges and interpolates compose files); everything else through the
//! engine's API. Facts come back as plain data, so that what abra means never sees the API's own types.

mod docker;
mod error;
mod exec;
mod facts;
mod logs;
mod objects;
mod stack;

pub use docker::Docker;
pub use error::EngineError;
pub use exec::{ExecRequest, Stream};
pub use facts::{
    ContainerFacts, MountFacts, ServiceFacts, TaskFacts, UpdateFacts, UpdateState, VolumeFacts,
};
pub use logs::LogRequest;
pub use stack::StackDeploy;
