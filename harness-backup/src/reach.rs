//! How the containers and files of an app are reached. Main items: [`Reach`], [`ReachError`].

use harness_core::cause::CauseClass;
use harness_core::name::ServiceName;
use thiserror::Error;

use crate::listing::{ListBy, Listing};

/// What a command in a container gave. It ended with 0: anything else is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Executed {
    /// What it wrote to its standard output, lossily.
    pub stdout: String,
    /// What it wrote to its standard error, lossily.
    pub stderr: String,
}

/// The app's containers or files could not be reached, or said no.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReachError {
    /// The engine did not answer as it should.
    #[error("{reason}")]
    Engine {
        /// Whose fault that is.
        cause: CauseClass,
        /// What happened.
        reason: String,
    },
    /// The service has no running container.
    #[error("service `{service}` has no running container: {reason}")]
    NotRunning {
        /// The service.
        service: ServiceName,
        /// What was found instead.
        reason: String,
    },
    /// There is no such file, or no such folder to write it into.
    #[error("there is no {path} in service `{service}`")]
    NoFile {
        /// The service.
        service: ServiceName,
        /// The path in its container.
        path: String,
    },
    /// The file is there or could be, and cannot be read or written.
    #[error("{path} in service `{service}` cannot be used: {reason}")]
    Refused {
        /// The service.
        service: ServiceName,
        /// The path in its container.
        path: String,
        /// What the engine said.
        reason: String,
    },
    /// The command ended with something else than 0, or not in time.
    #[error("`{command}` in service `{service}` failed: {reason}")]
    Command {
        /// The service.
        service: ServiceName,
        /// The command.
        command: String,
        /// Its exit status and what it said.
        reason: String,
    },
}

impl ReachError {
    /// Returns whether the same may succeed a moment later: the container is being replaced, the engine is busy.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Engine { .. } | Self::NotRunning { .. } => true,
            Self::NoFile { .. } | Self::Refused { .. } | Self::Command { .. } => false,
        }
    }
}

/// The running containers of an app and the files in them. Every call has the limit of whoever implements it; nothing
/// is retried here.
pub trait Reach {
    /// Runs a command in the service's running container.
    fn exec(
        &self,
        service: &ServiceName,
        argv: &[&str],
    ) -> impl Future<Output = Result<Executed, ReachError>>;

    /// Reads a file of the service's running container; also where the image has no shell.
    fn read_file(
        &self,
        service: &ServiceName,
        path: &str,
    ) -> impl Future<Output = Result<Vec<u8>, ReachError>>;

    /// Writes a file of the service's running container.
    fn write_file(
        &self,
        service: &ServiceName,
        path: &str,
        content: &[u8],
    ) -> impl Future<Output = Result<(), ReachError>>;

    /// Removes a file of the service's running container.
    fn remove_file(
        &self,
        service: &ServiceName,
        path: &str,
    ) -> impl Future<Output = Result<(), ReachError>>;

    /// Lists the plain files below a folder of the service's running container, what other volumes are mounted below it
    /// too; also where the image has no shell. What is too large to be read is listed by its modification, whatever was
    /// asked for.
    fn list_files(
        &self,
        service: &ServiceName,
        folder: &str,
        by: ListBy,
    ) -> impl Future<Output = Result<Listing, ReachError>>;
}
