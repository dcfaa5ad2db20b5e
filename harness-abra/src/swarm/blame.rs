//! Whose fault a failed operation is: an engine that no longer answers explains everything else.

use harness_core::cause::CauseClass;
use harness_core::name::{Domain, InvalidSwarmName};
use harness_core::platform::OpError;
use harness_core::recipe::GitError;

use super::connect::Swarm;
use super::placed::ReadPlacedError;
use crate::abra::AbraError;
use crate::abra_dir::AbraDirError;
use crate::engine::{EngineError, PullError, RemoveError};

impl Swarm {
    /// Says whose fault abra's failure is. The engine is asked: with it gone, whatever abra says is about that.
    pub(super) async fn blame(&self, op: String, error: AbraError) -> OpError {
        if let Err(gone) = self.engine.ping().await {
            let mut blamed = OpError::from_source(op, CauseClass::Host, gone);
            blamed.cause.evidence = format!("{}; {error}", blamed.cause.evidence);
            return blamed;
        }
        let class = error.class();
        OpError::from_source(op, class, error)
    }
}

/// Says whose fault the engine's failure is.
pub(super) fn engine(op: &str) -> impl FnOnce(EngineError) -> OpError + '_ {
    move |error| {
        let class = error.class();
        OpError::from_source(op, class, error)
    }
}

/// Says whose fault a failed pull is.
pub(super) fn pull(op: &str) -> impl FnOnce(PullError) -> OpError + '_ {
    move |error| {
        let class = error.class();
        OpError::from_source(op, class, error)
    }
}

/// Says whose fault a failed removal is.
pub(super) fn remove(op: &str) -> impl FnOnce(RemoveError) -> OpError + '_ {
    move |error| {
        let class = error.class();
        OpError::from_source(op, class, error)
    }
}

/// Says whose fault it is that the run's own files cannot be handled.
pub(super) fn files(op: &str) -> impl Fn(AbraDirError) -> OpError + '_ {
    move |error| OpError::from_source(op, CauseClass::Harness, error)
}

/// Says whose fault it is that a file of the checkout cannot be written.
pub(super) fn io(op: &str) -> impl Fn(std::io::Error) -> OpError + '_ {
    move |error| OpError::from_source(op, CauseClass::Harness, error)
}

/// Says whose fault it is that git fails on our own clone.
pub(super) fn git(op: &str) -> impl Fn(GitError) -> OpError + '_ {
    move |error| OpError::from_source(op, CauseClass::Harness, error)
}

/// Says whose fault it is that the placed revision cannot be read.
pub(super) fn placed(op: &str) -> impl Fn(ReadPlacedError) -> OpError + '_ {
    move |error| {
        let class = match &error {
            ReadPlacedError::NoComposeFile { .. } | ReadPlacedError::Compose(_) => {
                CauseClass::Recipe
            }
            ReadPlacedError::Io { .. } => CauseClass::Harness,
        };
        OpError::from_source(op, class, error)
    }
}

/// Says whose fault a name is that Swarm would refuse: the domain of a run is as short as it can be.
pub(super) fn name(op: &str) -> impl Fn(InvalidSwarmName) -> OpError + '_ {
    move |error| OpError::from_source(op, CauseClass::Recipe, error)
}

/// Names an operation on an app, as it fits after "failed to".
pub(super) fn op(what: &str, domain: &Domain) -> String {
    format!("{what} {domain}")
}
