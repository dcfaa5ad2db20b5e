//! Secrets, configs, networks and volumes by themselves.

use harness_core::name::{MAX_SWARM_NAME, StackName};
use thiserror::Error;

use super::fault::Moment;
use super::spec::MountSource;
use super::state::{Config, Network, Volume, World};

/// Something could not be made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ObjectError {
    /// Its name is too long.
    #[error("name must be 64 characters or fewer: {0}")]
    TooLong(String),
    /// There is one of that name.
    #[error("{0} already exists")]
    Exists(String),
}

/// Something could not be removed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RemovalError {
    /// A container of no service is on a network.
    #[error("network {0} has active endpoints")]
    ActiveEndpoints(String),
    /// A volume is mounted.
    #[error("volume {name} is in use by {by}")]
    VolumeInUse {
        /// The volume.
        name: String,
        /// The container.
        by: String,
    },
    /// A secret, config or network is used by a service.
    #[error("{name} is in use by the service {by}")]
    InUse {
        /// The secret, config or network.
        name: String,
        /// The service.
        by: String,
    },
}

impl World {
    /// Makes a network of no stack.
    pub fn create_network(&mut self, name: &str) {
        let made = Network { stack: None, removed: false };
        self.networks.entry(name.to_owned()).or_insert(made);
    }

    /// Makes a secret.
    ///
    /// # Errors
    /// Its name is too long or taken.
    pub fn create_secret(&mut self, name: &str, value: Vec<u8>) -> Result<(), ObjectError> {
        self.check_name(name, self.secrets.contains_key(name))?;
        self.secrets.insert(name.to_owned(), value);
        Ok(())
    }

    pub(super) fn make_config(&mut self, name: &str, config: Config) -> Result<(), ObjectError> {
        self.check_name(name, self.configs.contains_key(name))?;
        self.configs.insert(name.to_owned(), config);
        Ok(())
    }

    fn check_name(&self, name: &str, taken: bool) -> Result<(), ObjectError> {
        if name.len() > MAX_SWARM_NAME {
            return Err(ObjectError::TooLong(name.to_owned()));
        }
        if taken { Err(ObjectError::Exists(name.to_owned())) } else { Ok(()) }
    }

    /// Returns the volumes of a stack, by full name.
    pub fn volumes_of(&self, stack: &StackName) -> Vec<String> {
        let own = self.volumes.iter().filter(|(_, v)| v.stack.as_ref() == Some(stack));
        own.map(|(name, _)| name.clone()).collect()
    }

    /// Returns the files of a volume, by path below its root; none when there is no such volume.
    pub fn volume_files(&self, name: &str) -> Option<&std::collections::BTreeMap<String, Vec<u8>>> {
        self.volumes.get(name).map(|v| &v.files)
    }

    /// Puts a file into a volume, which is made if it is not there.
    pub fn put_into_volume(&mut self, stack: &StackName, name: &str, path: &str, bytes: Vec<u8>) {
        let make = || Volume { stack: Some(stack.clone()), ..Volume::default() };
        let volume = self.volumes.entry(name.to_owned()).or_insert_with(make);
        volume.files.insert(path.to_owned(), bytes);
    }

    /// Returns the secrets whose names begin with this.
    pub fn secrets_named(&self, prefix: &str) -> Vec<String> {
        self.secrets.keys().filter(|n| n.starts_with(prefix)).cloned().collect()
    }

    /// Returns the configs of a stack.
    pub fn configs_of(&self, stack: &StackName) -> Vec<String> {
        let own = self.configs.iter().filter(|(_, c)| c.stack.as_ref() == Some(stack));
        own.map(|(name, _)| name.clone()).collect()
    }

    /// Removes a secret. None to remove is fine.
    ///
    /// # Errors
    /// A service uses it.
    pub fn remove_secret(&mut self, name: &str) -> Result<(), RemovalError> {
        self.check_unused(name, |t| &t.secrets)?;
        self.secrets.remove(name);
        Ok(())
    }

    /// Removes a config. None to remove is fine.
    ///
    /// # Errors
    /// A service uses it.
    pub fn remove_config(&mut self, name: &str) -> Result<(), RemovalError> {
        self.check_unused(name, |t| &t.configs)?;
        self.configs.remove(name);
        Ok(())
    }

    fn check_unused(
        &self,
        name: &str,
        of: fn(&super::spec::TaskSpec) -> &Vec<super::spec::MountedFile>,
    ) -> Result<(), RemovalError> {
        let uses = |s: &super::state::Service| of(&s.spec.task).iter().any(|f| f.name == name);
        match self.services.iter().find(|(_, s)| uses(s)) {
            Some((by, _)) => Err(RemovalError::InUse { name: name.to_owned(), by: by.clone() }),
            None => Ok(()),
        }
    }

    /// Removes a volume. None to remove is fine.
    ///
    /// # Errors
    /// A container, running or not, mounts it.
    pub fn remove_volume(&mut self, name: &str) -> Result<(), RemovalError> {
        if self.volumes.contains_key(name) && self.is_now(Moment::VolumesBusy) {
            let by = "a container that is gone".to_owned();
            return Err(RemovalError::VolumeInUse { name: name.to_owned(), by });
        }
        let holds = |c: &&super::container::Container| {
            let own = |m: &super::spec::MountSpec| m.source == MountSource::Volume(name.to_owned());
            c.spec.mounts.iter().any(own)
        };
        if let Some(by) = self.containers.values().find(holds) {
            let by = by.name.clone();
            return Err(RemovalError::VolumeInUse { name: name.to_owned(), by });
        }
        if self.volumes.remove(name).is_some() {
            self.say("volume destroy", name);
        }
        Ok(())
    }
}
