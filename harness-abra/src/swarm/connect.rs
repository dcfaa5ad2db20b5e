//! The platform itself, and what must hold before it does anything. Main type: [`Swarm`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use harness_core::cause::CauseClass;
use harness_core::http::Client;
use harness_core::name::{Domain, RecipeName};
use harness_core::platform::PlatformFacts;
use harness_core::recipe::Tag;
use harness_core::secret::Secret;
use thiserror::Error;

use super::placed::Placed;
use super::settings::SwarmSettings;
use crate::abra::{Abra, VersionError};
use crate::abra_dir::AbraDir;
use crate::engine::{Engine, NotATestServer, Watch};
use crate::names::LOCAL_NAMES;
use crate::quirks::{NO_IPVS, lacks_ipvs};

/// A Docker Engine in Swarm mode, driven through abra.
#[derive(Debug)]
pub struct Swarm {
    pub(super) settings: SwarmSettings,
    pub(super) engine: Engine,
    pub(super) abra: Abra,
    pub(super) dir: AbraDir,
    pub(super) watch: Watch,
    pub(super) lacks_ipvs: bool,
    pub(super) facts: PlatformFacts,
    known: Mutex<Known>,
}

/// What was learnt on the way.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) placed: HashMap<Domain, Placed>,
    pub(super) clients: HashMap<Domain, Client>,
    pub(super) secrets: Vec<Secret>,
    pub(super) tags: HashMap<RecipeName, Arc<[Tag]>>,
}

/// The platform cannot be used.
#[derive(Debug, Error)]
pub enum ConnectError {
    /// There is no engine that apps may be tested on.
    #[error("there is no engine that apps may be tested on")]
    Engine(#[from] NotATestServer),
    /// There is no abra that can be driven.
    #[error("there is no abra that can be driven")]
    Abra(#[from] VersionError),
}

impl ConnectError {
    /// Returns whose fault it is.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Engine(_) => CauseClass::Host,
            Self::Abra(_) => CauseClass::Harness,
        }
    }
}

impl Swarm {
    /// Connects to the engine, proves that it is a test server, checks abra's version, and begins to watch. Nothing
    /// is changed.
    ///
    /// # Errors
    /// The engine or abra are not as they must be; each error says what to do.
    pub async fn connect(settings: SwarmSettings) -> Result<Self, ConnectError> {
        let engine =
            Engine::connect(&settings.docker_host).await.map_err(NotATestServer::Engine)?;
        let root = settings.run_dir.join("abra");
        let dir = AbraDir::new(&root, &settings.abra_home, &settings.server);
        let abra = Abra::new(&settings.abra, &settings.base_env, &root);
        let (checked, facts, version) =
            tokio::join!(engine.check_test_server(), engine.facts(), abra.check_version());
        checked?;
        let facts = facts.map_err(NotATestServer::Engine)?;
        let version = version?;
        let lacks_ipvs = lacks_ipvs(&settings.docker_host);
        let mut stand_ins = facts.stand_ins;
        if version.is_stand_in {
            stand_ins.insert(0, "abra".to_owned());
        }
        let wants_names = settings.ca.is_some() && settings.domains.len() > 1;
        let has_names =
            wants_names && engine.router().await.map_err(NotATestServer::Engine)?.is_some();
        let quirks = [(lacks_ipvs, NO_IPVS), (has_names, LOCAL_NAMES)];
        let host_quirks = quirks.iter().filter(|(is_so, _)| *is_so);
        let host_quirks = host_quirks.map(|(_, text)| (*text).to_owned()).collect();
        let facts = PlatformFacts {
            name: "swarm".to_owned(),
            abra: version.text,
            abra_is_stand_in: version.is_stand_in,
            engine: facts.version,
            host_quirks,
            stand_ins,
        };
        let watch = Watch::begin(&engine);
        let known = Mutex::default();
        Ok(Self { settings, engine, abra, dir, watch, lacks_ipvs, facts, known })
    }

    /// Returns the engine.
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics while holding what is known")
    }
}
