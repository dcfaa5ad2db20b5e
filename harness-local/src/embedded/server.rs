//! The simulated server: the engine with what abra and the backup bot know, whoever reaches it and how. Main types:
//! [`Server`], [`Reach`].

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::http::{Answer, HttpError};
use harness_core::name::Commit;
use harness_core::platform::{App, Attachment};
use harness_core::process::BaseEnv;
use harness_core::suite::Laid;
use jiff::Timestamp;

use super::apps::Apps;
use super::files::RecipeFiles;
use super::shared::Shared;

/// The simulated server.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) seed: u64,
    /// Each recipe's files, and what is laid over them; the one under test is the first.
    recipes: Vec<(RecipeFiles, Laid)>,
    pub(crate) shared: Arc<Shared>,
    apps: Mutex<Apps>,
}

impl Server {
    /// Returns a server that knows these recipes, the one under test first.
    pub(super) fn new(seed: u64, recipes: Vec<(RecipeFiles, Laid)>, shared: Arc<Shared>) -> Self {
        Self { seed, recipes, shared, apps: Mutex::default() }
    }

    /// Returns the files of the recipe that has a commit, and what is laid over them.
    pub(crate) fn recipe(&self, commit: &Commit) -> Option<&(RecipeFiles, Laid)> {
        self.recipes.iter().find(|(files, _)| files.at(commit).is_some())
    }

    pub(super) fn apps(&self) -> MutexGuard<'_, Apps> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the simulated server is reached, and by what clock its runs are dated.
pub trait Reach: Send + Sync {
    /// Returns the clock that a run is dated by.
    fn now(&self) -> Timestamp;

    /// Returns what trials need to reach apps.
    fn attachment(&self) -> Attachment;

    /// Asks an app for a path through the router.
    fn get(
        &self,
        app: &App,
        path: &str,
        limit: Duration,
    ) -> impl Future<Output = Result<Answer, HttpError>> + Send;

    /// Returns a folder of this host and what processes on it start from; none in virtual time, where there is no host.
    fn host(&self) -> Option<(&Utf8Path, &BaseEnv)>;

    /// Keeps the content of a backup where checks can read it, and returns where.
    ///
    /// # Errors
    /// It cannot be written.
    fn keep(&self, into: &Utf8Path, name: &str, content: Vec<u8>) -> std::io::Result<Utf8PathBuf>;
}
