//! How a trials process reaches the app's containers and files. Main types: [`Access`], [`AccessError`].

use harness_core::name::ServiceName;
use harness_core::platform::{App, Attachment};
use thiserror::Error;

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
pub enum AccessError {
    /// The engine did not answer as it should.
    #[error("the engine did not answer: {reason}")]
    Engine {
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
    /// There is no such file.
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

impl AccessError {
    /// Returns whether the same may succeed a moment later: the container is being replaced, the engine is busy.
    pub(crate) const fn may_pass(&self) -> bool {
        match self {
            Self::Engine { .. } | Self::NotRunning { .. } => true,
            Self::NoFile { .. } | Self::Refused { .. } | Self::Command { .. } => false,
        }
    }
}

/// The app's containers and files, on whichever platform it is.
#[derive(Debug)]
pub(crate) enum Access {
    /// On a Docker Engine in Swarm mode.
    Swarm,
    /// Nowhere: the harness is being measured.
    Instant,
}

impl Access {
    /// Returns the way to an app. Nothing is connected yet.
    pub(crate) fn to(_app: &App, attachment: &Attachment) -> Self {
        match attachment {
            Attachment::Swarm { .. } => Self::Swarm,
            Attachment::Instant => Self::Instant,
        }
    }

    /// Runs a command in the service's running container.
    pub(crate) async fn exec(
        &self,
        _service: &ServiceName,
        _argv: &[&str],
    ) -> Result<Executed, AccessError> {
        Err(self.unreachable())
    }

    /// Reads a file of the service's running container.
    pub(crate) async fn read_file(
        &self,
        _service: &ServiceName,
        _path: &str,
    ) -> Result<Vec<u8>, AccessError> {
        Err(self.unreachable())
    }

    /// Writes a file of the service's running container.
    pub(crate) async fn write_file(
        &self,
        _service: &ServiceName,
        _path: &str,
        _content: &[u8],
    ) -> Result<(), AccessError> {
        Err(self.unreachable())
    }

    /// Removes a file of the service's running container.
    pub(crate) async fn remove_file(
        &self,
        _service: &ServiceName,
        _path: &str,
    ) -> Result<(), AccessError> {
        Err(self.unreachable())
    }

    /// Names the containers outside the stack that mount one of its volumes.
    pub(crate) async fn foreign_containers(&self) -> Result<Vec<String>, AccessError> {
        Err(self.unreachable())
    }

    fn unreachable(&self) -> AccessError {
        AccessError::Engine { reason: "there is none to reach".to_owned() }
    }
}
