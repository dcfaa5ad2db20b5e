//! How a trials process reaches the app's containers and files. Main types: [`Access`], [`AccessError`].

use camino::Utf8Path;
use harness_abra::Attached;
use harness_abra::engine::{EngineError, ExecError, FileError};
use harness_core::cause::CauseClass;
use harness_core::chain::Chain;
use harness_core::name::ServiceName;
use harness_core::platform::{App, Attachment};
use harness_local::embedded::{self, ControlError};
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
    Swarm(Box<Attached>),
    /// On a server simulated in the runner's process, which may be this one.
    Embedded(Box<embedded::Attached>),
    /// Nowhere: the harness is being measured, or what should be in this process is not.
    Nowhere,
}

impl Access {
    /// Returns the way to an app. Nothing is connected yet.
    pub(crate) fn to(app: &App, attachment: &Attachment) -> Self {
        match attachment {
            Attachment::Swarm { docker_host, https, ca } => {
                let attached = Attached::new(docker_host, *https, ca.clone(), app.clone());
                Self::Swarm(Box::new(attached))
            }
            Attachment::Embedded { control, token, .. } => {
                let attached = embedded::Attached::new(*control, token, app.clone());
                Self::Embedded(Box::new(attached))
            }
            // What runs trials in the process of the server itself hands them their way; a file cannot.
            Attachment::InProcess | Attachment::Instant => Self::Nowhere,
        }
    }

    /// Returns the way to an app on a server in this process.
    pub(crate) fn within(attached: &embedded::Attached) -> Self {
        Self::Embedded(Box::new(attached.clone()))
    }

    /// Runs a command in the service's running container.
    pub(crate) async fn exec(
        &self,
        service: &ServiceName,
        argv: &[&str],
    ) -> Result<Executed, AccessError> {
        match self {
            Self::Swarm(attached) => {
                let ended = attached.exec(service, argv).await;
                let output = ended.map_err(|e| from_exec(service, argv, e))?;
                Ok(Executed { stdout: output.stdout, stderr: output.stderr })
            }
            Self::Embedded(attached) => {
                let ended = attached.exec(service, argv).await;
                let output = ended.map_err(|e| from_control(service, &argv.join(" "), &e))?;
                Ok(Executed { stdout: output.stdout, stderr: output.stderr })
            }
            Self::Nowhere => Err(nowhere()),
        }
    }

    /// Reads a file of the service's running container.
    pub(crate) async fn read_file(
        &self,
        service: &ServiceName,
        path: &str,
    ) -> Result<Vec<u8>, AccessError> {
        let at = Utf8Path::new(path);
        match self {
            Self::Swarm(attached) => {
                attached.read_file(service, at).await.map_err(|e| from_file(service, path, e))
            }
            Self::Embedded(attached) => {
                attached.read_file(service, at).await.map_err(|e| from_control(service, path, &e))
            }
            Self::Nowhere => Err(nowhere()),
        }
    }

    /// Writes a file of the service's running container.
    pub(crate) async fn write_file(
        &self,
        service: &ServiceName,
        path: &str,
        content: &[u8],
    ) -> Result<(), AccessError> {
        let at = Utf8Path::new(path);
        match self {
            Self::Swarm(attached) => {
                let written = attached.write_file(service, at, content).await;
                written.map_err(|e| from_file(service, path, e))
            }
            Self::Embedded(attached) => {
                let written = attached.write_file(service, at, content).await;
                written.map_err(|e| from_control(service, path, &e))
            }
            Self::Nowhere => Err(nowhere()),
        }
    }

    /// Removes a file of the service's running container.
    pub(crate) async fn remove_file(
        &self,
        service: &ServiceName,
        path: &str,
    ) -> Result<(), AccessError> {
        let at = Utf8Path::new(path);
        match self {
            Self::Swarm(attached) => {
                attached.remove_file(service, at).await.map_err(|e| from_file(service, path, e))
            }
            Self::Embedded(attached) => {
                attached.remove_file(service, at).await.map_err(|e| from_control(service, path, &e))
            }
            Self::Nowhere => Err(nowhere()),
        }
    }

    /// Returns a backup's content where no file holds it: on a server in this process.
    pub(crate) fn archive(&self, path: &Utf8Path) -> Option<Vec<u8>> {
        match self {
            Self::Embedded(attached) => attached.archive(path),
            Self::Swarm(_) | Self::Nowhere => None,
        }
    }

    /// Names the containers outside the stack that mount one of its volumes.
    pub(crate) async fn foreign_containers(&self) -> Result<Vec<String>, AccessError> {
        match self {
            Self::Swarm(attached) => {
                let holders = attached.foreign_containers().await.map_err(|e| from_engine(&e))?;
                Ok(holders.iter().map(ToString::to_string).collect())
            }
            Self::Embedded(attached) => {
                attached.foreign_containers().await.map_err(|e| unreachable_control(&e))
            }
            Self::Nowhere => Err(nowhere()),
        }
    }
}

fn nowhere() -> AccessError {
    AccessError::Engine {
        cause: CauseClass::Harness,
        reason: "there is no app to reach from this process".to_owned(),
    }
}

/// What the simulated server's control port says; `what` is the path or the command.
fn from_control(service: &ServiceName, what: &str, error: &ControlError) -> AccessError {
    let (service, reason) = (service.clone(), Chain(error).to_string());
    match error {
        ControlError::NotRunning(_) => AccessError::NotRunning { service, reason },
        ControlError::Missing => AccessError::NoFile { service, path: what.to_owned() },
        ControlError::Refused(_) => AccessError::Refused { service, path: what.to_owned(), reason },
        ControlError::Failed { .. } => {
            AccessError::Command { service, command: what.to_owned(), reason }
        }
        ControlError::Unreachable { .. }
        | ControlError::Unreadable(_)
        | ControlError::Unheard(_) => unreachable_control(error),
    }
}

fn unreachable_control(error: &ControlError) -> AccessError {
    AccessError::Engine { cause: CauseClass::Harness, reason: Chain(error).to_string() }
}

fn from_engine(error: &EngineError) -> AccessError {
    AccessError::Engine { cause: error.class(), reason: Chain(error).to_string() }
}

fn from_exec(service: &ServiceName, argv: &[&str], error: ExecError) -> AccessError {
    let reason = Chain(&error).to_string();
    match error {
        ExecError::NotRunning { service } => AccessError::NotRunning { service, reason },
        ExecError::Failed { command, service, code, output } => {
            let said = format!("{}{}", output.stdout.trim(), output.stderr.trim());
            AccessError::Command { service, command, reason: format!("exit code {code}: {said}") }
        }
        ExecError::NoProgram { command, service, .. }
        | ExecError::TimedOut { command, service, .. } => {
            AccessError::Command { service, command, reason }
        }
        // The container went away between being found and being asked.
        ExecError::Engine(EngineError::Refused { status: 404 | 409, .. }) => {
            AccessError::NotRunning { service: service.clone(), reason }
        }
        ExecError::Engine(EngineError::Refused { .. }) => {
            AccessError::Command { service: service.clone(), command: argv.join(" "), reason }
        }
        ExecError::Engine(error) => from_engine(&error),
    }
}

fn from_file(service: &ServiceName, path: &str, error: FileError) -> AccessError {
    let reason = Chain(&error).to_string();
    let (service, path) = (service.clone(), path.to_owned());
    match error {
        FileError::Missing { .. } => AccessError::NoFile { service, path },
        FileError::NotRunning { .. } => AccessError::NotRunning { service, reason },
        // What an engine refuses here is the path: a mount that is read-only, say.
        FileError::NotPlain { .. }
        | FileError::NotRemovable { .. }
        | FileError::Remove(_)
        | FileError::Archive { .. }
        | FileError::Engine(EngineError::Refused { .. }) => {
            AccessError::Refused { service, path, reason }
        }
        FileError::Engine(error) => from_engine(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service() -> ServiceName {
        ServiceName::try_from("app".to_owned()).unwrap()
    }

    fn refused(status: u16, said: &str) -> EngineError {
        EngineError::Refused { what: "write a file".to_owned(), status, said: said.to_owned() }
    }

    #[test]
    fn a_read_only_volume_refuses_and_does_not_pass_by_waiting() {
        let error = refused(403, "mounted volume is marked read-only").into();
        let error = from_file(&service(), "/data/x", error);
        assert!(matches!(error, AccessError::Refused { .. }) && !error.may_pass(), "{error}");
    }

    #[test]
    fn an_engine_that_is_silent_is_the_hosts_fault_and_may_pass() {
        let silent = EngineError::TimedOut {
            host: "unix:///x".to_owned(),
            what: "read a file".to_owned(),
            limit: std::time::Duration::from_secs(5),
        };
        let error = from_file(&service(), "/data/x", silent.into());
        assert!(error.may_pass());
        assert!(matches!(error, AccessError::Engine { cause: CauseClass::Host, .. }), "{error}");
    }

    #[test]
    fn a_container_that_went_away_may_come_back() {
        let error = refused(409, "container 1 is not running").into();
        assert!(from_exec(&service(), &["true"], error).may_pass());
    }
}
