//! Secrets, volumes and networks.

use bollard::query_parameters::{
    ListNetworksOptions, ListSecretsOptions, ListVolumesOptions, RemoveVolumeOptions,
};
use harness_core::name::StackName;
use harness_core::process::{Cmd, Deadline};
use harness_core::secret::Secret;
use std::time::Duration;

use super::docker::{NAMESPACE, filter};
use super::facts::VolumeFacts;
use super::{Docker, EngineError};

impl Docker {
    /// Returns the names of the secrets of a stack (`<stack>_…`), sorted.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn secrets(&self, stack: &StackName) -> Result<Vec<String>, EngineError> {
        let prefix = format!("{stack}_");
        // The engine's name filter matches anywhere in the name.
        let options = ListSecretsOptions { filters: Some(filter("name", &prefix)) };
        let listed = self.api.list_secrets(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list secrets", e))?;
        let mut names: Vec<String> = listed.into_iter().filter_map(|s| s.spec?.name).collect();
        names.retain(|name| name.starts_with(&prefix));
        names.sort();
        Ok(names)
    }

    /// Creates a secret. The value goes through the client's standard input, never through an argument.
    ///
    /// # Errors
    /// It exists already, or the client failed.
    pub async fn create_secret(&self, name: &str, value: &Secret) -> Result<(), EngineError> {
        let cmd = Cmd::new("docker", &self.client_env(), Deadline::after(Duration::from_secs(30)));
        let cmd =
            cmd.args(["secret", "create", name, "-"]).stdin(value.expose()).hiding([value.clone()]);
        cmd.run().await.map(drop).map_err(|e| EngineError::from_client(&e))
    }

    /// Removes a secret.
    ///
    /// # Errors
    /// A service uses it, or it is not there.
    pub async fn remove_secret(&self, name: &str) -> Result<(), EngineError> {
        self.api.delete_secret(name).await.map_err(|e| EngineError::from_api("remove a secret", e))
    }

    /// Returns the volumes of a stack, by name.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn volumes(&self, stack: &StackName) -> Result<Vec<VolumeFacts>, EngineError> {
        let options =
            ListVolumesOptions { filters: Some(filter("label", &format!("{NAMESPACE}={stack}"))) };
        let listed = self.api.list_volumes(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list volumes", e))?;
        let facts =
            |v: bollard::models::Volume| VolumeFacts { name: v.name, mountpoint: v.mountpoint };
        let mut volumes: Vec<VolumeFacts> =
            listed.volumes.unwrap_or_default().into_iter().map(facts).collect();
        volumes.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(volumes)
    }

    /// Removes a volume.
    ///
    /// # Errors
    /// A container still uses it (a conflict), or the engine did not answer.
    pub async fn remove_volume(&self, name: &str, force: bool) -> Result<(), EngineError> {
        let removed = self.api.remove_volume(name, Some(RemoveVolumeOptions { force })).await;
        removed.map_err(|e| EngineError::from_api("remove a volume", e))
    }

    /// Returns whether a network of exactly this name exists in Swarm's scope.
    ///
    /// # Errors
    /// The engine did not answer.
    pub async fn has_swarm_network(&self, name: &str) -> Result<bool, EngineError> {
        let options = ListNetworksOptions { filters: Some(filter("name", name)) };
        let listed = self.api.list_networks(Some(options)).await;
        let listed = listed.map_err(|e| EngineError::from_api("list networks", e))?;
        Ok(listed
            .iter()
            .any(|n| n.name.as_deref() == Some(name) && n.scope.as_deref() == Some("swarm")))
    }
}
