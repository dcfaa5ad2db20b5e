//! The engine's lists, each of one stack or of everything.

use std::collections::HashMap;

use bollard::models::{Config, ContainerSummary, Network, Secret, Service, Task, Volume};
use bollard::query_parameters::{
    ListConfigsOptionsBuilder, ListContainersOptionsBuilder, ListNetworksOptionsBuilder,
    ListSecretsOptionsBuilder, ListServicesOptionsBuilder, ListTasksOptionsBuilder,
    ListVolumesOptionsBuilder,
};
use harness_core::name::StackName;

use super::STACK_LABEL;
use super::connect::{Engine, QUESTION};
use super::error::EngineError;

/// A filter of the API.
pub(super) type Filters = HashMap<String, Vec<String>>;

/// Returns filters that all have to fit.
pub(super) fn filters(pairs: &[(&str, &str)]) -> Filters {
    let mut filters = Filters::new();
    for (key, value) in pairs {
        filters.entry((*key).to_owned()).or_default().push((*value).to_owned());
    }
    filters
}

fn of(stack: Option<&StackName>) -> Filters {
    stack
        .map_or_else(Filters::new, |stack| filters(&[("label", &format!("{STACK_LABEL}={stack}"))]))
}

impl Engine {
    /// Lists services.
    pub(super) async fn services(
        &self,
        stack: Option<&StackName>,
    ) -> Result<Vec<Service>, EngineError> {
        let options = ListServicesOptionsBuilder::new().filters(&of(stack)).build();
        self.ask("list services", QUESTION, self.docker.list_services(Some(options))).await
    }

    /// Lists tasks, also ended ones.
    pub(super) async fn tasks(&self, stack: Option<&StackName>) -> Result<Vec<Task>, EngineError> {
        self.tasks_where(&of(stack)).await
    }

    /// Lists tasks that these filters let through.
    pub(super) async fn tasks_where(&self, filters: &Filters) -> Result<Vec<Task>, EngineError> {
        let options = ListTasksOptionsBuilder::new().filters(filters).build();
        self.ask("list tasks", QUESTION, self.docker.list_tasks(Some(options))).await
    }

    /// Lists containers, also ended ones.
    pub(super) async fn containers(
        &self,
        stack: Option<&StackName>,
    ) -> Result<Vec<ContainerSummary>, EngineError> {
        self.containers_where(&of(stack)).await
    }

    /// Lists containers that these filters let through, also ended ones.
    pub(super) async fn containers_where(
        &self,
        filters: &Filters,
    ) -> Result<Vec<ContainerSummary>, EngineError> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(filters).build();
        self.ask("list containers", QUESTION, self.docker.list_containers(Some(options))).await
    }

    /// Lists networks.
    pub(super) async fn networks(
        &self,
        stack: Option<&StackName>,
    ) -> Result<Vec<Network>, EngineError> {
        let options = ListNetworksOptionsBuilder::new().filters(&of(stack)).build();
        self.ask("list networks", QUESTION, self.docker.list_networks(Some(options))).await
    }

    /// Lists volumes.
    pub(super) async fn volumes(&self) -> Result<Vec<Volume>, EngineError> {
        let options = ListVolumesOptionsBuilder::new().build();
        let listed = self.ask("list volumes", QUESTION, self.docker.list_volumes(Some(options)));
        Ok(listed.await?.volumes.unwrap_or_default())
    }

    /// Lists secrets.
    pub(super) async fn secrets(&self) -> Result<Vec<Secret>, EngineError> {
        let options = ListSecretsOptionsBuilder::new().build();
        self.ask("list secrets", QUESTION, self.docker.list_secrets(Some(options))).await
    }

    /// Lists configs.
    pub(super) async fn configs(&self) -> Result<Vec<Config>, EngineError> {
        let options = ListConfigsOptionsBuilder::new().build();
        self.ask("list configs", QUESTION, self.docker.list_configs(Some(options))).await
    }
}
