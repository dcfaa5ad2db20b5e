//! A container as the program in it sees it. Main type: [`Inside`].

use std::collections::{BTreeMap, BTreeSet};

use harness_core::name::StackName;
use jiff::Timestamp;

use super::container::Container;
use super::spec::{MountSource, MountSpec};
use super::state::{Service, Task};

/// The files of a volume, by path below its root.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// A container as the program in it sees it: its environment, its files, its volumes.
#[derive(Debug)]
pub struct Inside<'a> {
    /// The image with its tag.
    pub image: &'a str,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// The port that the router is told.
    pub routed_port: Option<u16>,
    /// Whether its server has booted.
    pub serves: bool,
    /// What for a program is run.
    pub purpose: Purpose,
    /// The time by its clock, which is the engine's unless something is wrong with it.
    pub now: Timestamp,
    /// The folder that relative paths begin at.
    pub cwd: String,
    /// The engine's time.
    pub(super) engine_now: Timestamp,
    pub(super) networks: &'a [String],
    pub(super) stack: Option<&'a StackName>,
    pub(super) services: &'a BTreeMap<String, Service>,
    pub(super) tasks: &'a BTreeMap<String, Task>,
    pub(super) others: &'a mut BTreeMap<String, Container>,
    pub(super) own: &'a mut BTreeMap<String, Option<Vec<u8>>>,
    pub(super) mounted: &'a BTreeMap<String, Vec<u8>>,
    pub(super) image_files: &'a BTreeMap<String, Vec<u8>>,
    pub(super) mounts: &'a [MountSpec],
    pub(super) volumes: &'a mut BTreeMap<String, super::state::Volume>,
    pub(super) calls: &'a mut Vec<EngineCall>,
}

/// What for a program is run in a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It is the container's own.
    Main,
    /// It says whether the container is healthy.
    Health,
    /// Someone asked for it, or for an answer or a file.
    Exec,
}

/// What a program asks of the engine through its socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineCall {
    /// Make a container of no stack.
    Create {
        /// Its name.
        name: String,
        /// Its image.
        image: String,
        /// The volumes that it mounts.
        volumes: Vec<String>,
    },
    /// Start a container.
    Start {
        /// Its name.
        name: String,
    },
    /// End the container's main program, as SIGTERM does if that hears it.
    Terminate,
    /// Nothing: a stand-in was asked for what it does not play, whether or not its complaint was heard.
    Refused {
        /// What it said.
        said: String,
    },
}

/// A file cannot be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileProblem {
    /// There is no such file or folder.
    Missing,
    /// It may only be read.
    ReadOnly,
    /// It is a folder.
    Folder,
}

/// Folders that every image has.
const FOLDERS: [&str; 10] =
    ["/", "/tmp", "/etc", "/var", "/usr", "/run", "/home", "/root", "/dev", "/opt"];

impl Inside<'_> {
    /// Returns a path as it is from the root.
    fn absolute(&self, path: &str) -> String {
        if path.starts_with('/') { tidy(path) } else { tidy(&format!("{}/{path}", self.cwd)) }
    }

    /// Makes a folder the one that relative paths begin at.
    pub fn enter(&mut self, folder: &str) {
        self.cwd = self.absolute(folder);
    }

    /// Does something with another environment.
    pub fn with_env<V>(
        &mut self,
        env: &BTreeMap<String, String>,
        work: impl FnOnce(&mut Inside<'_>) -> V,
    ) -> V {
        let mut inside = Inside {
            image: self.image,
            env,
            routed_port: self.routed_port,
            serves: self.serves,
            purpose: self.purpose,
            now: self.now,
            engine_now: self.engine_now,
            cwd: self.cwd.clone(),
            networks: self.networks,
            stack: self.stack,
            services: self.services,
            tasks: self.tasks,
            others: self.others,
            own: self.own,
            mounted: self.mounted,
            image_files: self.image_files,
            mounts: self.mounts,
            volumes: self.volumes,
            calls: self.calls,
        };
        work(&mut inside)
    }
    /// Returns the content of a file.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        let path = self.absolute(path);
        if let Some(bytes) = self.mounted.get(&path) {
            return Some(bytes);
        }
        if let Some((mount, below)) = self.mount_of(&path) {
            return match &mount.source {
                MountSource::Volume(name) => {
                    self.volumes.get(name)?.files.get(&below).map(Vec::as_slice)
                }
                MountSource::Host(_) | MountSource::Memory => self.own.get(&path)?.as_deref(),
            };
        }
        match self.own.get(&path) {
            Some(written) => written.as_deref(),
            None => self.image_files.get(&path).map(Vec::as_slice),
        }
    }

    /// Writes a file whose folder is there.
    ///
    /// # Errors
    /// There is no such folder, or it may only be read.
    pub fn write(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), FileProblem> {
        let path = self.absolute(path);
        if path.starts_with("/dev/") {
            return Ok(());
        }
        if self.mounted.contains_key(&path) {
            return Err(FileProblem::ReadOnly);
        }
        if self.is_folder(&path) {
            return Err(FileProblem::Folder);
        }
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        if !self.is_folder(if folder.is_empty() { "/" } else { folder }) {
            return Err(FileProblem::Missing);
        }
        match self.volume_of(&path)? {
            Some((volume, below)) => drop(volume.insert(below, bytes)),
            None => drop(self.own.insert(path, Some(bytes))),
        }
        Ok(())
    }

    /// Writes a file and makes the folders that it lies in.
    ///
    /// # Errors
    /// It may only be read.
    pub fn write_new(&mut self, path: &str, bytes: Vec<u8>) -> Result<(), FileProblem> {
        if let Some((folder, _)) =
            self.absolute(path).rsplit_once('/').filter(|(f, _)| !f.is_empty())
        {
            self.make_folder(folder);
        }
        self.write(path, bytes)
    }

    /// Makes a folder, which lasts as long as the container; in a volume, as long as something lies in it.
    pub fn make_folder(&mut self, path: &str) {
        if !self.is_folder(path) {
            self.own.insert(format!("{}/", self.absolute(path)), Some(Vec::new()));
        }
    }

    /// Forgets a folder that was made, and those below it.
    pub fn remove_folder(&mut self, path: &str) {
        let path = format!("{}/", self.absolute(path));
        self.own.retain(|own, _| !(own.ends_with('/') && own.starts_with(&path)));
    }

    /// Removes a file.
    ///
    /// # Errors
    /// There is none, or it may only be read.
    pub fn remove(&mut self, path: &str) -> Result<(), FileProblem> {
        let path = self.absolute(path);
        if self.mounted.contains_key(&path) {
            return Err(FileProblem::ReadOnly);
        }
        if self.read(&path).is_none() {
            return Err(FileProblem::Missing);
        }
        match self.volume_of(&path)? {
            Some((volume, below)) => drop(volume.remove(&below)),
            None => drop(self.own.insert(path, None)),
        }
        Ok(())
    }

    /// Returns whether there is such a folder: a mount, or a folder that something lies in.
    pub fn is_folder(&self, path: &str) -> bool {
        let path = self.absolute(path);
        let is_mount = |m: &MountSpec| tidy(&m.target) == path && m.target != DOCKER_SOCKET;
        let below = format!("{}/", path.trim_end_matches('/'));
        FOLDERS.contains(&path.as_str())
            || self.mounts.iter().any(is_mount)
            || self.mounts.iter().any(|m| m.target.starts_with(&below))
            || self.all().iter().any(|p| p.starts_with(&below))
    }

    /// Returns the paths of all files below a folder, sorted.
    pub fn below(&self, folder: &str) -> Vec<String> {
        let prefix = self.prefix(folder);
        let is_file = |path: &String| path.starts_with(&prefix) && !path.ends_with('/');
        self.all().into_iter().filter(is_file).collect()
    }

    /// Returns what the paths below a folder begin with.
    pub fn prefix(&self, folder: &str) -> String {
        format!("{}/", self.absolute(folder).trim_end_matches('/'))
    }

    /// Returns whether the engine's socket is in the container.
    pub fn has_engine(&self) -> bool {
        self.mounts.iter().any(|m| matches!(&m.source, MountSource::Host(p) if p == DOCKER_SOCKET))
    }

    /// Remembers that a stand-in cannot do what it was asked to, if it says so.
    pub(crate) fn note_refusal(&mut self, said: &[u8]) {
        let said = String::from_utf8_lossy(said);
        if let Some(line) = said.lines().find(|l| l.contains("not played by a stand-in")) {
            self.calls.push(EngineCall::Refused { said: line.to_owned() });
        }
    }

    /// Asks something of the engine. It is done once the program has gone on.
    pub fn call_engine(&mut self, call: EngineCall) {
        self.calls.push(call);
    }

    fn all(&self) -> BTreeSet<String> {
        let mut all: BTreeSet<String> = self.mounted.keys().cloned().collect();
        let hidden = |path: &str| self.mount_of(path).is_some();
        let image = self.image_files.keys().filter(|p| !self.own.contains_key(*p) && !hidden(p));
        all.extend(image.cloned());
        all.extend(self.own.iter().filter(|(_, b)| b.is_some()).map(|(p, _)| p.clone()));
        for mount in self.mounts {
            let MountSource::Volume(name) = &mount.source else { continue };
            let files = self.volumes.get(name).into_iter().flat_map(|v| v.files.keys());
            all.extend(files.map(|below| format!("{}/{below}", tidy(&mount.target))));
        }
        all
    }

    fn mount_of(&self, path: &str) -> Option<(&MountSpec, String)> {
        let below = |m: &MountSpec| {
            let rest = path.strip_prefix(tidy(&m.target).as_str())?;
            rest.strip_prefix('/').map(str::to_owned)
        };
        let found = self.mounts.iter().filter_map(|m| Some((m, below(m)?)));
        found.max_by_key(|(m, _)| m.target.len())
    }

    /// Returns the files of the volume that a path lies in.
    fn volume_of(&mut self, path: &str) -> Result<Option<(&mut Files, String)>, FileProblem> {
        let Some((mount, below)) = self.mount_of(path) else { return Ok(None) };
        if mount.read_only {
            return Err(FileProblem::ReadOnly);
        }
        let MountSource::Volume(name) = mount.source.clone() else { return Ok(None) };
        Ok(self.volumes.get_mut(&name).map(|volume| (&mut volume.files, below)))
    }
}

/// The engine's socket.
const DOCKER_SOCKET: &str = "/var/run/docker.sock";

/// Returns an absolute path without `.`, `..`, doubled or trailing slashes.
pub(super) fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_tidied() {
        assert_eq!(tidy("/a//b/./c/../d/"), "/a/b/d");
        assert_eq!(tidy("/"), "/");
        assert_eq!(tidy("/../../etc"), "/etc");
    }
}
