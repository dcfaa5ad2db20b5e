//! Reaching the engine, and proof that it is a test server. Main type: [`Engine`].

use std::time::Duration;

use bollard::models::LocalNodeState;
use bollard::query_parameters::ListServicesOptionsBuilder;
use bollard::{API_DEFAULT_VERSION, Docker};
use thiserror::Error;

use super::error::EngineError;
use super::lists::filters;

/// The node label that marks an engine as a test server.
pub const TEST_SERVER_LABEL: &str = "cc-ci.test-server";

/// How long a question may take to be answered.
pub(super) const QUESTION: Duration = Duration::from_secs(20);

/// A Docker Engine. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Engine {
    pub(super) docker: Docker,
    host: String,
}

/// What an engine says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// Its version.
    pub version: String,
    /// Which of its parts are our stand-ins.
    pub stand_ins: Vec<String>,
}

/// The engine is none that apps may be tested on.
#[derive(Debug, Error)]
pub enum NotATestServer {
    /// It is not in Swarm mode, or no manager.
    #[error(
        "the Docker Engine at {host} is no manager of a swarm: `cargo xtask up` makes a test server of it"
    )]
    NotInSwarmMode {
        /// Its address.
        host: String,
    },
    /// It lacks the mark.
    #[error(
        "the Docker Engine at {host} is not marked as a test server: what runs there may matter to someone. If it is one, say so: `cargo xtask up --mark`"
    )]
    NotMarked {
        /// Its address.
        host: String,
    },
    /// It lacks the network that routed services join.
    #[error("the Docker Engine at {host} has no network `proxy`: `cargo xtask up` makes it")]
    NoProxy {
        /// Its address.
        host: String,
    },
    /// It did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl Engine {
    /// Connects to an engine, and agrees with it on a version of the API. One round trip.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn connect(host: &str) -> Result<Self, EngineError> {
        let what = "say its version";
        let failed = |error| EngineError::from_api(host, what, error);
        let seconds = QUESTION.as_secs();
        let docker = if host.starts_with("unix://") || host.starts_with('/') {
            Docker::connect_with_unix(host, seconds, API_DEFAULT_VERSION)
        } else {
            Docker::connect_with_http(host, seconds, API_DEFAULT_VERSION)
        };
        let docker = docker.map_err(failed)?.negotiate_version().await.map_err(failed)?;
        Ok(Self { docker, host: host.to_owned() })
    }

    /// Returns the engine's address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks whether the engine still answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), EngineError> {
        self.ask("answer", Duration::from_secs(3), self.docker.ping()).await.map(drop)
    }

    /// Proves that this engine is a test server: a manager in Swarm mode that carries the mark and has the network
    /// `proxy`.
    ///
    /// # Errors
    /// It is not, or does not answer.
    pub async fn check_test_server(&self) -> Result<(), NotATestServer> {
        let host = || self.host.clone();
        let info = self.ask("describe itself", QUESTION, self.docker.info()).await?;
        let swarm = info.swarm.unwrap_or_default();
        let manages = swarm.control_available.unwrap_or_default();
        let node = swarm.node_id.filter(|id| !id.is_empty());
        let active = swarm.local_node_state == Some(LocalNodeState::ACTIVE);
        let Some(node) = node.filter(|_| active && manages) else {
            return Err(NotATestServer::NotInSwarmMode { host: host() });
        };
        let node = self.ask("describe its node", QUESTION, self.docker.inspect_node(&node)).await?;
        let labels = node.spec.and_then(|s| s.labels).unwrap_or_default();
        if labels.get(TEST_SERVER_LABEL).map(String::as_str) != Some("true") {
            return Err(NotATestServer::NotMarked { host: host() });
        }
        let networks = self.networks(None).await?;
        if !networks.iter().any(|n| n.name.as_deref() == Some("proxy")) {
            return Err(NotATestServer::NoProxy { host: host() });
        }
        Ok(())
    }

    /// Returns what the engine says about itself.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let bots = ListServicesOptionsBuilder::new()
            .filters(&filters(&[("label", "coop-cloud.backupbot.enabled=true")]))
            .build();
        let (version, bots, containers) = tokio::try_join!(
            self.ask("say its version", QUESTION, self.docker.version()),
            self.ask("list backup bots", QUESTION, self.docker.list_services(Some(bots))),
            self.containers(None),
        )?;
        let image = |s: &bollard::models::Service| {
            let task = s.spec.as_ref()?.task_template.as_ref()?;
            task.container_spec.as_ref()?.image.clone()
        };
        let mut stand_ins = Vec::new();
        if containers
            .iter()
            .any(|c| c.image.as_deref().is_some_and(|i| i.starts_with("cc-ci/router")))
        {
            stand_ins.push("router".to_owned());
        }
        if bots.iter().filter_map(image).any(|i| i.starts_with("cc-ci/backupbot")) {
            stand_ins.push("backup bot".to_owned());
        }
        Ok(EngineFacts { version: version.version.unwrap_or_default(), stand_ins })
    }

    /// Asks the engine something, for so long at most.
    pub(super) async fn ask<T>(
        &self,
        what: &str,
        limit: Duration,
        question: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(limit, question).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(EngineError::from_api(&self.host, what, error)),
            Err(_elapsed) => {
                Err(EngineError::TimedOut { host: self.host.clone(), what: what.to_owned(), limit })
            }
        }
    }
}
