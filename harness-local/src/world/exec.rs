//! Reaching into a running container: programs, files, logs.

use harness_core::name::{ServiceName, StackName};
use harness_core::observation::TaskState;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::container::LogLine;
use super::fault::Moment;
use super::image::{Io, Ran};
use super::inside::{FileProblem, Purpose};
use super::stack::full_name;
use super::state::World;

/// A program could not be run in a container.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ExecError {
    /// Nothing of the service runs.
    #[error("no container of {0} is running")]
    NotRunning(String),
    /// The container has ended: the engine's 409.
    #[error("container {0} is not running")]
    Ended(String),
    /// There is no such container: the engine's 404.
    #[error("No such container: {0}")]
    NoContainer(String),
}

/// A file in a container could not be handled.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FileError {
    /// Nothing of the service runs.
    #[error(transparent)]
    NotRunning(#[from] ExecError),
    /// There is no such file, or no such folder.
    #[error("there is no {0}")]
    Missing(String),
    /// It may not be written, or is no plain file.
    #[error("{path} cannot be used: {reason}")]
    Refused {
        /// The path.
        path: String,
        /// Why.
        reason: &'static str,
    },
}

/// A file in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct ListedFile {
    /// Its path below the folder.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// A number made of what it holds.
    pub content: u64,
}

impl ListedFile {
    fn of(path: &str, content: &[u8]) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(content)[..8]);
        let content_number = u64::from_le_bytes(first);
        Self { path: path.to_owned(), bytes: content.len() as u64, content: content_number }
    }
}

impl World {
    /// Returns the container of a service's newest running task.
    pub(super) fn running_container(&mut self, service: &str) -> Result<String, ExecError> {
        if self.is_now(Moment::ExecRefused) {
            return Err(ExecError::NotRunning(service.to_owned()));
        }
        let running = self.tasks.values().filter(|t| {
            let runs = |id: &String| self.containers.get(id).is_some_and(|c| c.runs);
            t.service == service
                && t.is_live()
                && t.state == TaskState::Running
                && t.container.as_ref().is_some_and(runs)
        });
        let newest = running.max_by_key(|t| t.number);
        let container = newest.and_then(|t| t.container.clone());
        container.ok_or_else(|| ExecError::NotRunning(service.to_owned()))
    }

    /// Returns whether a task of a service runs.
    pub fn runs(&self, stack: &StackName, service: &ServiceName) -> bool {
        let service = full_name(stack, service.as_str());
        self.tasks.values().any(|t| t.service == service && t.state == TaskState::Running)
    }

    /// Runs a program in the container of a service's newest running task and returns its exit code.
    ///
    /// # Errors
    /// Nothing of the service runs.
    pub fn exec(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        argv: &[String],
        io: &mut Io<'_>,
    ) -> Result<i64, ExecError> {
        let name = full_name(stack, service.as_str());
        let container = self.running_container(&name)?;
        self.before_write();
        self.exec_in_container(&container, argv, io)
    }

    /// Runs a program in a container, by its id, and returns its exit code.
    ///
    /// # Errors
    /// There is no such container, or it has ended.
    pub fn exec_in_container(
        &mut self,
        id: &str,
        argv: &[String],
        io: &mut Io<'_>,
    ) -> Result<i64, ExecError> {
        match self.containers.get(id) {
            None => return Err(ExecError::NoContainer(id.to_owned())),
            Some(container) if !container.runs => return Err(ExecError::Ended(id.to_owned())),
            Some(_) => {}
        }
        match self.run_in(id, argv, Purpose::Exec, io) {
            Some(Ran::Ended(code)) => Ok(code),
            // What stays beside the main program is of no interest here.
            Some(Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. }) => Ok(0),
            None => Err(ExecError::NoContainer(id.to_owned())),
        }
    }

    /// Returns whether the server in a service's container listens on a port.
    pub fn listens(&mut self, stack: &StackName, service: &ServiceName, port: u16) -> bool {
        let container = self.running_container(&full_name(stack, service.as_str()));
        let Ok(container) = container else { return false };
        let listens = self.with_inside(&container, Purpose::Exec, |inside, player| {
            inside.serves && player.listens(inside, port)
        });
        listens.unwrap_or(false)
    }

    /// Kills the container of a service's newest running task, as the kernel does when memory is short.
    ///
    /// # Errors
    /// Nothing of the service runs.
    pub fn kill(&mut self, stack: &StackName, service: &ServiceName) -> Result<(), ExecError> {
        let container = self.running_container(&full_name(stack, service.as_str()))?;
        self.container_ended(&container, 137);
        Ok(())
    }

    /// Reads a file in a service's container.
    ///
    /// # Errors
    /// Nothing runs, or there is no such file.
    pub fn read_file(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        path: &str,
    ) -> Result<Vec<u8>, FileError> {
        let container = self.running_container(&full_name(stack, service.as_str()))?;
        let bytes = self.with_inside(&container, Purpose::Exec, |inside, _| {
            inside.read(path).map(<[u8]>::to_vec)
        });
        bytes.flatten().ok_or_else(|| FileError::Missing(path.to_owned()))
    }

    /// Writes a file in a service's container.
    ///
    /// # Errors
    /// Nothing runs, there is no such folder, or it may not be written.
    pub fn write_file(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        path: &str,
        bytes: Vec<u8>,
    ) -> Result<(), FileError> {
        let container = self.running_container(&full_name(stack, service.as_str()))?;
        self.before_write();
        let written =
            self.with_inside(&container, Purpose::Exec, |inside, _| inside.write(path, bytes));
        handled(path, written)
    }

    /// Removes a file in a service's container. None to remove is fine.
    ///
    /// # Errors
    /// Nothing runs, or it may not be removed.
    pub fn remove_file(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        path: &str,
    ) -> Result<(), FileError> {
        let container = self.running_container(&full_name(stack, service.as_str()))?;
        self.before_write();
        match self.with_inside(&container, Purpose::Exec, |inside, _| inside.remove(path)) {
            Some(Err(FileProblem::Missing)) => Ok(()),
            removed => handled(path, removed),
        }
    }

    /// Lists the files below a folder in a service's container.
    ///
    /// # Errors
    /// Nothing runs, or there is no such folder.
    pub fn list_files(
        &mut self,
        stack: &StackName,
        service: &ServiceName,
        folder: &str,
    ) -> Result<Vec<ListedFile>, FileError> {
        let container = self.running_container(&full_name(stack, service.as_str()))?;
        let listed = self.with_inside(&container, Purpose::Exec, |inside, _| {
            let prefix = inside.prefix(folder);
            let file = |path: String| {
                // Configs and secrets are the engine's.
                let content = inside.read(&path).filter(|_| !inside.mounted.contains_key(&path))?;
                Some(ListedFile::of(path.strip_prefix(&prefix)?, content))
            };
            let files = inside.below(folder).into_iter().filter_map(file).collect();
            inside.is_folder(folder).then_some(files)
        });
        listed.flatten().ok_or_else(|| FileError::Missing(folder.to_owned()))
    }

    /// Returns the last lines that the tasks of a service wrote, also those that ended, oldest first.
    pub fn logs(&self, stack: &StackName, service: &ServiceName, lines: usize) -> Vec<String> {
        let name = full_name(stack, service.as_str());
        let tasks = self.tasks.values().filter(|t| t.service == name);
        let containers = tasks.filter_map(|t| self.containers.get(t.container.as_ref()?));
        let mut all: Vec<&LogLine> = containers.flat_map(|c| &c.log).collect();
        all.sort_by_key(|l| l.at);
        let from = all.len().saturating_sub(lines);
        all[from..].iter().map(|l| l.text.clone()).collect()
    }
}

fn handled(path: &str, done: Option<Result<(), FileProblem>>) -> Result<(), FileError> {
    let refused = |reason| Err(FileError::Refused { path: path.to_owned(), reason });
    match done {
        Some(Ok(())) => Ok(()),
        Some(Err(FileProblem::Missing)) | None => Err(FileError::Missing(path.to_owned())),
        Some(Err(FileProblem::ReadOnly)) => refused("it may only be read"),
        Some(Err(FileProblem::Folder)) => refused("it is a folder"),
    }
}
