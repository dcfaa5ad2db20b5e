//! What the swarm platform is made from. Main type: [`SwarmSettings`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::name::{Domain, RecipeName};
use harness_core::process::BaseEnv;
use harness_core::recipe::Repository;
use harness_core::suite::Laid;

/// What the swarm platform is made from.
#[derive(Clone, Debug)]
pub struct SwarmSettings {
    /// The engine's address, as in `DOCKER_HOST`.
    pub docker_host: String,
    /// The abra to use: a path, or a name to look for in `PATH`.
    pub abra: Utf8PathBuf,
    /// The host's own `ABRA_DIR`: its servers and catalogue are shared.
    pub abra_home: Utf8PathBuf,
    /// The run's folder: the private `ABRA_DIR` is made in it.
    pub run_dir: Utf8PathBuf,
    /// Where the router answers HTTPS.
    pub https: SocketAddr,
    /// The certificate authority that signs the router's certificates; none: the system's.
    pub ca: Option<Utf8PathBuf>,
    /// abra's name for the server.
    pub server: String,
    /// What every process starts from. It should name the run in `CCCI_RUN_ID`.
    pub base_env: BaseEnv,
    /// The recipe's repository, complete: abra is never allowed to fetch.
    pub repository: Repository,
    /// What the suite lays over the recipe's files. It was found usable before.
    pub laid: Laid,
    /// The same of each recipe that is deployed beside it.
    pub others: BTreeMap<RecipeName, (Repository, Laid)>,
    /// The host names of every app of the run.
    pub domains: Vec<Domain>,
    /// Limits of what no caller gives a limit for.
    pub limits: Limits,
}

impl SwarmSettings {
    /// Returns the repository of a recipe, and what is laid over its files.
    pub(super) fn recipe(&self, name: &RecipeName) -> (&Repository, &Laid) {
        self.others.get(name).map_or((&self.repository, &self.laid), |(r, laid)| (r, laid))
    }
}

/// Limits of what no caller gives a limit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Cloning the recipe from the local repository.
    pub clone: Duration,
    /// Removing one service.
    pub prune: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { clone: Duration::from_secs(60), prune: Duration::from_secs(60) }
    }
}
