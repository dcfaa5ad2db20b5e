//! How a trials process reaches the app's containers and files. Main type: [`Access`].

use camino::Utf8Path;
use harness_abra::Attached;
use harness_abra::engine::{EngineError, ExecError, FileError, Seen, SeenFile};
use harness_backup::{self as backup, Executed, ListBy, Listing, Reach, ReachError};
use harness_core::cause::CauseClass;
use harness_core::chain::Chain;
use harness_core::name::ServiceName;
use harness_core::platform::{App, Attachment};
use harness_local::embedded::{self, ControlError};
use harness_local::world::ListedFile;

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

    /// Returns a backup's content where no file holds it: on a server in this process.
    pub(crate) fn archive(&self, path: &Utf8Path) -> Option<Vec<u8>> {
        match self {
            Self::Embedded(attached) => attached.archive(path),
            Self::Swarm(_) | Self::Nowhere => None,
        }
    }

    /// Names the containers outside the stack that mount one of its volumes.
    pub(crate) async fn foreign_containers(&self) -> Result<Vec<String>, ReachError> {
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

impl Reach for Access {
    async fn exec(&self, service: &ServiceName, argv: &[&str]) -> Result<Executed, ReachError> {
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

    async fn read_file(&self, service: &ServiceName, path: &str) -> Result<Vec<u8>, ReachError> {
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

    async fn write_file(
        &self,
        service: &ServiceName,
        path: &str,
        content: &[u8],
    ) -> Result<(), ReachError> {
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

    async fn list_files(
        &self,
        service: &ServiceName,
        folder: &str,
        by: ListBy,
    ) -> Result<Listing, ReachError> {
        let at = Utf8Path::new(folder);
        match self {
            Self::Swarm(attached) => {
                let seen = match by {
                    ListBy::Modified => Seen::Times,
                    ListBy::Content => Seen::Contents,
                };
                let files = attached.list_files(service, at, seen).await;
                Ok(listing(files.map_err(|e| from_file(service, folder, e))?))
            }
            Self::Embedded(attached) => {
                let files = attached.list_files(service, at).await;
                let files = files.map_err(|e| from_control(service, folder, &e))?;
                let file = |f: ListedFile| backup::ListedFile {
                    path: f.path,
                    bytes: f.bytes,
                    stamp: f.content,
                };
                Ok(Listing { by: ListBy::Content, files: files.into_iter().map(file).collect() })
            }
            Self::Nowhere => Err(nowhere()),
        }
    }

    async fn remove_file(&self, service: &ServiceName, path: &str) -> Result<(), ReachError> {
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
}

/// Returns files as they compare: by what they hold if that is known of all of them.
fn listing(files: Vec<SeenFile>) -> Listing {
    let by_content = files.iter().all(|file| file.content.is_some());
    let file = |f: SeenFile| backup::ListedFile {
        stamp: f.content.filter(|_| by_content).unwrap_or(f.modified),
        path: f.path,
        bytes: f.bytes,
    };
    let by = if by_content { ListBy::Content } else { ListBy::Modified };
    Listing { by, files: files.into_iter().map(file).collect() }
}

fn nowhere() -> ReachError {
    ReachError::Engine {
        cause: CauseClass::Harness,
        reason: "there is no app to reach from this process".to_owned(),
    }
}

/// What the simulated server's control port says; `what` is the path or the command.
fn from_control(service: &ServiceName, what: &str, error: &ControlError) -> ReachError {
    let (service, reason) = (service.clone(), Chain(error).to_string());
    match error {
        ControlError::NotRunning(_) => ReachError::NotRunning { service, reason },
        ControlError::Missing => ReachError::NoFile { service, path: what.to_owned() },
        ControlError::Refused(_) => ReachError::Refused { service, path: what.to_owned(), reason },
        ControlError::Failed { .. } => {
            ReachError::Command { service, command: what.to_owned(), reason }
        }
        ControlError::Unreachable { .. }
        | ControlError::Unreadable(_)
        | ControlError::Unheard(_) => unreachable_control(error),
    }
}

fn unreachable_control(error: &ControlError) -> ReachError {
    ReachError::Engine { cause: CauseClass::Harness, reason: Chain(error).to_string() }
}

fn from_engine(error: &EngineError) -> ReachError {
    ReachError::Engine { cause: error.class(), reason: Chain(error).to_string() }
}

fn from_exec(service: &ServiceName, argv: &[&str], error: ExecError) -> ReachError {
    let reason = Chain(&error).to_string();
    match error {
        ExecError::NotRunning { service } => ReachError::NotRunning { service, reason },
        ExecError::Failed { command, service, code, output } => {
            let said = format!("{}{}", output.stdout.trim(), output.stderr.trim());
            ReachError::Command { service, command, reason: format!("exit code {code}: {said}") }
        }
        ExecError::NoProgram { command, service, .. }
        | ExecError::TimedOut { command, service, .. } => {
            ReachError::Command { service, command, reason }
        }
        // The container went away between being found and being asked.
        ExecError::Engine(EngineError::Refused { status: 404 | 409, .. }) => {
            ReachError::NotRunning { service: service.clone(), reason }
        }
        ExecError::Engine(EngineError::Refused { .. }) => {
            ReachError::Command { service: service.clone(), command: argv.join(" "), reason }
        }
        ExecError::Engine(error) => from_engine(&error),
    }
}

fn from_file(service: &ServiceName, path: &str, error: FileError) -> ReachError {
    let reason = Chain(&error).to_string();
    let (service, path) = (service.clone(), path.to_owned());
    match error {
        FileError::Missing { .. } => ReachError::NoFile { service, path },
        FileError::NotRunning { .. } => ReachError::NotRunning { service, reason },
        // What an engine refuses here is the path: a mount that is read-only, say.
        FileError::NotPlain { .. }
        | FileError::NotRemovable { .. }
        | FileError::Remove(_)
        | FileError::Archive { .. }
        | FileError::Engine(EngineError::Refused { .. }) => {
            ReachError::Refused { service, path, reason }
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
        assert!(matches!(error, ReachError::Refused { .. }) && !error.may_pass(), "{error}");
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
        assert!(matches!(error, ReachError::Engine { cause: CauseClass::Host, .. }), "{error}");
    }

    #[test]
    fn a_container_that_went_away_may_come_back() {
        let error = refused(409, "container 1 is not running").into();
        assert!(from_exec(&service(), &["true"], error).may_pass());
    }
}
