//! Removing all of an app with nothing but the engine and its env file. Main type: [`Sweeper`].

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::platform::{App, OpError};

use super::blame;
use crate::abra_dir::AbraDir;
use crate::engine::{Engine, Holder, NotATestServer, Stopping};

/// Removes what killed runs left, with no recipe and no abra.
#[derive(Clone, Debug)]
pub struct Sweeper {
    engine: Engine,
    home: Utf8PathBuf,
    server: String,
}

impl Sweeper {
    /// Connects to an engine and proves that it is a test server. `home` is the host's own `ABRA_DIR`, `server` abra's
    /// name for this server.
    ///
    /// # Errors
    /// The engine is no test server, or does not answer.
    pub async fn connect(
        docker_host: &str,
        home: &Utf8Path,
        server: &str,
    ) -> Result<Self, NotATestServer> {
        let engine = Engine::connect(docker_host).await?;
        engine.check_test_server().await?;
        Ok(Self { engine, home: home.to_owned(), server: server.to_owned() })
    }

    /// Removes all of an app at once: what runs, what it kept, its env file. Returns the containers of no stack that
    /// held its volumes, named. Nothing to remove is fine. The limit is for what runs, and then again for what it
    /// kept.
    ///
    /// # Errors
    /// Something could not be removed in time, or the engine does not answer.
    pub async fn remove_everything(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = blame::op("remove everything of", &app.domain);
        let gone = self.engine.remove_running(&app.stack, Stopping::AtOnce, limit).await;
        gone.map_err(blame::remove(&op))?;
        let holders = self.engine.remove_kept(&app.stack, limit).await;
        let holders = holders.map_err(blame::remove(&op))?;
        // Only the env file is asked for: there is no private folder here.
        let dir = AbraDir::new(Utf8Path::new("/nonexistent"), &self.home, &self.server);
        dir.forget_env(&app.domain).map_err(blame::files(&op))?;
        Ok(holders.iter().map(Holder::short).collect())
    }
}
