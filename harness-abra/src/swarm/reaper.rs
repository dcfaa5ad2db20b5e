//! Removing all of an app with nothing but the engine and its env file. Main type: [`Reaper`].

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::platform::{App, OpError};

use super::blame;
use crate::abra_dir::AbraDir;
use crate::engine::{Engine, Stopping};

/// How long what runs may take to go, and then again what it kept.
const LIMIT: Duration = Duration::from_secs(60);

/// Removes what killed runs left, with no recipe and no abra.
#[derive(Clone, Debug)]
pub struct Reaper {
    /// The engine's address, as in `DOCKER_HOST`.
    pub docker_host: String,
    /// The host's own `ABRA_DIR`.
    pub abra_home: Utf8PathBuf,
    /// abra's name for the server.
    pub server: String,
}

impl Reaper {
    /// Removes all of an app at once: what runs, what it kept, its env file. Returns the containers of no stack that
    /// held its volumes, named. Nothing to remove is fine.
    ///
    /// # Errors
    /// The engine is no test server or does not answer, or something could not be removed in time.
    pub async fn remove_everything(&self, app: &App) -> Result<Vec<String>, OpError> {
        let op = blame::op("remove everything of", &app.domain);
        let engine = Engine::connect(&self.docker_host).await.map_err(blame::engine(&op))?;
        let checked = engine.check_test_server().await;
        checked.map_err(|e| OpError::from_source(&op, CauseClass::Host, e))?;
        let gone = engine.remove_running(&app.stack, Stopping::AtOnce, LIMIT).await;
        gone.map_err(blame::remove(&op))?;
        let holders = engine.remove_kept(&app.stack, LIMIT).await.map_err(blame::remove(&op))?;
        // Only the env file is asked for: there is no private folder here.
        let dir = AbraDir::new(Utf8Path::new("/nonexistent"), &self.abra_home, &self.server);
        dir.forget_env(&app.domain).map_err(blame::files(&op))?;
        Ok(holders.iter().map(ToString::to_string).collect())
    }
}
