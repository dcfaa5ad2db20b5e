//! Reaching the simulated server from within its own process, in virtual time: no socket, no file, no clock but
//! tokio's, no randomness but the seed's. Main type: [`InProcess`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::http::{Answer, HttpError};
use harness_core::name::StackName;
use harness_core::platform::{App, Attachment};
use harness_core::process::BaseEnv;
use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::attached::Attached;
use super::clock::Clock;
use super::platform::Embedded;
use super::routed;
use super::server::{Reach, Server};
use super::settings::{InProcessSettings, StartError};
use super::shared::Shared;
use crate::app::StandIns;
use crate::sabotage::Sabotage;
use crate::world::{Request, World};

/// The way to a server in the same process.
#[derive(Debug)]
pub struct InProcess {
    shared: Arc<Shared>,
    archives: Archives,
    _tasks: JoinSet<()>,
}

/// What was backed up, by its path.
pub(super) type Archives = Arc<Mutex<BTreeMap<Utf8PathBuf, Vec<u8>>>>;

impl Embedded<InProcess> {
    /// Starts a simulated server whose time is tokio's: paused, a run takes no longer than its work.
    ///
    /// # Errors
    /// The suite's overlay is not to be used.
    pub fn start_in_process(settings: InProcessSettings) -> Result<Self, StartError> {
        let mut world = World::new(settings.seed, settings.start, Arc::new(StandIns));
        world.create_network("proxy");
        let shared = Arc::new(Shared::new(world, Clock::begin(settings.start, 1)));
        let mut tasks = JoinSet::new();
        let driven = Arc::clone(&shared);
        tasks.spawn(async move { driven.drive().await });
        let reach =
            InProcess { shared: Arc::clone(&shared), archives: Archives::default(), _tasks: tasks };
        let recipes =
            std::iter::once((settings.files, settings.laid)).chain(settings.others).collect();
        Ok(Self { server: Server::new(settings.seed, recipes, shared), reach })
    }

    /// Lets one thing be sabotaged from now on. A fault is none of this server's doing, and does nothing here.
    /// Neither does it anything to these stacks.
    pub fn sabotage(&self, what: Sabotage, spared: Vec<StackName>) {
        self.reach.shared.with(|w| w.sabotage(what, spared));
    }

    /// Returns whether the sabotage found anything to break.
    pub fn sabotage_came_to_something(&self) -> bool {
        self.reach.shared.with(|w| w.sabotage_came_to_something())
    }

    /// Returns whether an app really serves, whatever the harness knows of it.
    pub fn serves(&self, app: &App) -> bool {
        self.reach.shared.with(|w| w.serves(&app.stack))
    }

    /// Returns the server's clock.
    pub fn clock(&self) -> ServerClock {
        ServerClock { shared: Arc::clone(&self.reach.shared) }
    }

    /// Looks whenever something happened, until something is so or the limit is reached; returns whether it is so.
    /// What the harness hears or does not hear of it makes no difference here.
    pub async fn comes(
        &self,
        limit: Duration,
        look: impl FnMut(&mut World) -> bool + Send,
    ) -> bool {
        self.reach.shared.comes(limit, look).await
    }

    /// Returns what trials in the same process use to reach an app.
    pub fn attached(&self, app: &App) -> Attached {
        Attached::in_process(&self.reach.shared, &self.reach.archives, app.clone())
    }
}

/// The clock of a simulated server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ServerClock {
    shared: Arc<Shared>,
}

impl ServerClock {
    /// Returns the time there.
    pub fn now(&self) -> Timestamp {
        self.shared.now()
    }
}

impl Reach for InProcess {
    fn now(&self) -> Timestamp {
        self.shared.now()
    }

    fn attachment(&self) -> Attachment {
        Attachment::InProcess
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        let asked = Request {
            method: "GET".to_owned(),
            path: path.to_owned(),
            headers: vec![("host".to_owned(), app.domain.to_string())],
            body: Vec::new(),
        };
        let answer = routed::answer(&self.shared, app.domain.as_str(), &asked);
        let url = format!("https://{}{path}", app.domain);
        timeout(limit, answer).await.map_err(|_elapsed| HttpError::TimedOut { url, limit })
    }

    fn host(&self) -> Option<(&Utf8Path, &BaseEnv)> {
        None
    }

    fn keep(&self, into: &Utf8Path, name: &str, content: Vec<u8>) -> std::io::Result<Utf8PathBuf> {
        let path = into.join(name);
        let mut archives = self.archives.lock().unwrap_or_else(PoisonError::into_inner);
        archives.insert(path.clone(), content);
        Ok(path)
    }
}
