//! Files in a service's running container, through the engine's archives: no shell and no program is needed inside.
//! Main type: [`FileError`].

use std::io::Read;
use std::time::Duration;

use bollard::query_parameters::{
    DownloadFromContainerOptionsBuilder, UploadToContainerOptionsBuilder,
};
use camino::{Utf8Path, Utf8PathBuf};
use futures_util::StreamExt;
use harness_core::name::{ServiceName, StackName};
use thiserror::Error;

use super::connect::Engine;
use super::error::EngineError;
use super::exec::ExecError;

/// The largest file that is read, in bytes.
const MAX_FILE: usize = 64 * 1024 * 1024;

/// How many symbolic links are followed.
const MAX_LINKS: usize = 8;

/// A file in a container could not be handled.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is no such file, or no such folder to write it into.
    #[error("there is no {path} in service `{service}`")]
    Missing {
        /// The path.
        path: Utf8PathBuf,
        /// The service.
        service: ServiceName,
    },
    /// No task of the service runs.
    #[error("no task of service `{service}` runs: no file of it can be handled")]
    NotRunning {
        /// The service.
        service: ServiceName,
    },
    /// It is a folder, a device, or too large.
    #[error("{path} in service `{service}` cannot be read: it is {what}")]
    NotPlain {
        /// The path.
        path: Utf8PathBuf,
        /// The service.
        service: ServiceName,
        /// What it is.
        what: String,
    },
    /// The container cannot remove it, and neither can we.
    #[error(
        "{path} in service `{service}` cannot be removed: the container has no `rm`, and its volumes are not on this host"
    )]
    NotRemovable {
        /// The path.
        path: Utf8PathBuf,
        /// The service.
        service: ServiceName,
    },
    /// The command that removes it failed.
    #[error("failed to remove a file")]
    Remove(#[source] ExecError),
    /// The engine's archive cannot be read.
    #[error("the engine's archive of {path} cannot be read")]
    Archive {
        /// The path.
        path: Utf8PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// The engine did not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Where a file is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The stack.
    pub(crate) stack: &'a StackName,
    /// The service.
    pub(crate) service: &'a ServiceName,
    /// The path in the container.
    pub(crate) path: &'a Utf8Path,
}

impl Place<'_> {
    fn missing(&self) -> FileError {
        FileError::Missing { path: self.path.to_owned(), service: self.service.clone() }
    }

    pub(super) fn failed(&self, error: EngineError) -> FileError {
        match &error {
            EngineError::Refused { status: 404, said, .. }
                if !said.contains("No such container") =>
            {
                self.missing()
            }
            EngineError::Refused { status: 404 | 409, .. } => {
                FileError::NotRunning { service: self.service.clone() }
            }
            EngineError::Refused { .. }
            | EngineError::Unreachable { .. }
            | EngineError::TimedOut { .. }
            | EngineError::Shape { .. } => FileError::Engine(error),
        }
    }
}

/// What an archive of one path holds.
enum Found {
    File(Vec<u8>),
    Link(Utf8PathBuf),
    Other(String),
}

impl Engine {
    pub(super) async fn container_at(&self, place: Place<'_>) -> Result<String, FileError> {
        let container = self.running_container(place.stack, place.service).await?;
        container.ok_or_else(|| FileError::NotRunning { service: place.service.clone() })
    }

    /// Reads a file. Symbolic links are followed.
    pub(crate) async fn read_file(
        &self,
        place: Place<'_>,
        limit: Duration,
    ) -> Result<Vec<u8>, FileError> {
        let container = self.container_at(place).await?;
        let mut path = place.path.to_owned();
        for _ in 0..MAX_LINKS {
            let at = Place { path: &path, ..place };
            let archive = self.archive(&container, &path, limit).await.map_err(|e| at.failed(e))?;
            let found = first_entry(&archive)
                .map_err(|source| FileError::Archive { path: path.clone(), source })?;
            match found {
                Some(Found::File(bytes)) => return Ok(bytes),
                Some(Found::Link(target)) => {
                    path = path.parent().unwrap_or(Utf8Path::new("/")).join(target);
                }
                Some(Found::Other(what)) => {
                    return Err(FileError::NotPlain { path, service: place.service.clone(), what });
                }
                None => return Err(at.missing()),
            }
        }
        let what = "a symbolic link that leads nowhere".to_owned();
        Err(FileError::NotPlain {
            path: place.path.to_owned(),
            service: place.service.clone(),
            what,
        })
    }

    /// Writes a file, in place of one that is there. Its folder must be there.
    pub(crate) async fn write_file(
        &self,
        place: Place<'_>,
        content: &[u8],
        limit: Duration,
    ) -> Result<(), FileError> {
        let container = self.container_at(place).await?;
        let (Some(folder), Some(name)) = (place.path.parent(), place.path.file_name()) else {
            return Err(place.missing());
        };
        let archive = archive_of(name, content)
            .map_err(|source| FileError::Archive { path: place.path.to_owned(), source })?;
        let options = UploadToContainerOptionsBuilder::new().path(folder.as_str()).build();
        let body = bollard::body_full(archive.into());
        let upload = self.docker.upload_to_container(&container, Some(options), body);
        let what = "write a file in a container";
        self.ask(what, limit, upload).await.map_err(|e| place.failed(e))
    }

    /// Removes a file. None to remove is fine. The API cannot do it: the container's own `rm` is asked, and where
    /// there is none, the volume's folder on this host.
    pub(crate) async fn remove_file(
        &self,
        place: Place<'_>,
        limit: Duration,
    ) -> Result<(), FileError> {
        let argv = ["rm", "-f", "--", place.path.as_str()];
        match self.exec(place.stack, place.service, &argv, limit).await {
            Ok(_) => Ok(()),
            Err(ExecError::NotRunning { service }) => Err(FileError::NotRunning { service }),
            Err(ExecError::Engine(error)) => Err(FileError::Engine(error)),
            Err(ExecError::NoProgram { .. }) => self.remove_on_host(place).await,
            Err(error @ (ExecError::Failed { .. } | ExecError::TimedOut { .. })) => {
                Err(FileError::Remove(error))
            }
        }
    }

    async fn remove_on_host(&self, place: Place<'_>) -> Result<(), FileError> {
        let container = self.container_at(place).await?;
        let inspect = self.docker.inspect_container(&container, None);
        let inspected = self.ask("describe a container", super::connect::QUESTION, inspect).await?;
        let not_removable = || FileError::NotRemovable {
            path: place.path.to_owned(),
            service: place.service.clone(),
        };
        let on_host = inspected.mounts.iter().flatten().find_map(|mount| {
            let inside = place.path.strip_prefix(mount.destination.as_deref()?).ok()?;
            Some(Utf8Path::new(mount.source.as_deref()?).join(inside))
        });
        let local = self.host().starts_with("unix://") || self.host().starts_with('/');
        let path = on_host.filter(|_| local).ok_or_else(not_removable)?;
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            Err(_refused) => Err(not_removable()),
        }
    }

    async fn archive(
        &self,
        container: &str,
        path: &Utf8Path,
        limit: Duration,
    ) -> Result<Vec<u8>, EngineError> {
        let options = DownloadFromContainerOptionsBuilder::new().path(path.as_str()).build();
        let download = async {
            let mut archive = Vec::new();
            let mut stream =
                std::pin::pin!(self.docker.download_from_container(container, Some(options)));
            while let Some(chunk) = stream.next().await {
                archive.extend_from_slice(&chunk?);
                if archive.len() > MAX_FILE {
                    break;
                }
            }
            Ok(archive)
        };
        self.ask("read a file in a container", limit, download).await
    }
}

fn first_entry(archive: &[u8]) -> std::io::Result<Option<Found>> {
    let mut archive = tar::Archive::new(archive);
    let Some(entry) = archive.entries()?.next() else { return Ok(None) };
    let mut entry = entry?;
    let kind = entry.header().entry_type();
    if kind.is_symlink() {
        let target = entry.link_name()?.and_then(|t| Utf8PathBuf::try_from(t.into_owned()).ok());
        return Ok(target.map(Found::Link));
    }
    if !kind.is_file() {
        return Ok(Some(Found::Other(
            if kind.is_dir() { "a folder" } else { "no plain file" }.to_owned(),
        )));
    }
    let size = entry.size();
    if usize::try_from(size).unwrap_or(usize::MAX) > MAX_FILE {
        return Ok(Some(Found::Other(format!("too large ({size} bytes)"))));
    }
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    if content.len() as u64 != size {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof));
    }
    Ok(Some(Found::File(content)))
}

fn archive_of(name: &str, content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(u64::try_from(jiff::Timestamp::now().as_second()).unwrap_or(0));
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_data(&mut header, name, content)?;
    archive.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let archive = archive_of("marker", b"\0original\n").unwrap();
        let Some(Found::File(content)) = first_entry(&archive).unwrap() else { panic!() };
        assert_eq!(content, b"\0original\n");
    }

    #[test]
    fn links_and_folders_are_told_apart_and_a_cut_archive_is_no_file() {
        let mut header = tar::Header::new_gnu();
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Symlink);
        let mut archive = tar::Builder::new(Vec::new());
        archive.append_link(&mut header, "a", "../b").unwrap();
        let archive = archive.into_inner().unwrap();
        let Some(Found::Link(target)) = first_entry(&archive).unwrap() else { panic!() };
        assert_eq!(target, "../b");
        let whole = archive_of("x", &[7; 4096]).unwrap();
        assert!(first_entry(&whole[..1024]).is_err());
    }
}
