//! Taking an app down: through abra, and through the engine where abra fails. Every step may be done again.

use std::time::Duration;

use harness_core::platform::{App, OpError};

use super::blame;
use super::connect::Swarm;
use crate::abra::AbraError;
use crate::engine::{Holder, Stopping};

impl Swarm {
    pub(super) async fn take_down(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let op = blame::op("undeploy", &app.domain);
        self.watch.mind(app.stack.as_str());
        let left = self.engine.left_of(&app.stack).await.map_err(blame::engine(&op))?;
        if left.is_nothing() {
            return Ok(());
        }
        // Half of the time is abra's, the rest is for the engine when abra fails or hangs.
        if !left.services.is_empty() && self.abra_knows(app) {
            let undeployed = self.abra.undeploy(&app.domain, limit / 2).await;
            self.heed("undeploy", app, &undeployed);
        }
        match self.engine.remove_running(&app.stack, Stopping::Gently, limit / 2).await {
            Ok(()) => Ok(()),
            Err(error) => {
                tracing::warn!(domain = %app.domain, %error, "what runs is removed by force");
                let by_force = self.engine.remove_running(&app.stack, Stopping::AtOnce, limit / 4);
                by_force.await.map_err(blame::remove(&op))
            }
        }
    }

    pub(super) async fn take_away(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = blame::op("remove the data of", &app.domain);
        // First those who hold volumes: abra would wait for them in vain.
        let first = self.engine.remove_holders(&app.stack).await.map_err(blame::engine(&op))?;
        let mut holders = first.removed;
        if self.abra_knows(app) {
            if first.staying.is_empty() {
                let volumes = self.abra.remove_volumes(&app.domain, limit / 4).await;
                self.heed("remove volumes of", app, &volumes);
            }
            let secrets = self.abra.remove_secrets(&app.domain, limit / 4).await;
            self.heed("remove secrets of", app, &secrets);
        }
        let more = self.engine.remove_kept(&app.stack, limit / 2).await;
        holders.extend(more.map_err(blame::remove(&op))?);
        Ok(holders.iter().map(Holder::short).collect())
    }

    /// Removes the volumes alone, and makes sure of it: what is destroyed in a test must be gone.
    pub(super) async fn take_volumes(
        &self,
        app: &App,
        limit: Duration,
    ) -> Result<Vec<String>, OpError> {
        let op = blame::op("remove the volumes of", &app.domain);
        let there = self.engine.volumes_of(&app.stack).await.map_err(blame::engine(&op))?;
        if self.abra_knows(app) {
            let volumes = self.abra.remove_volumes(&app.domain, limit / 2).await;
            self.heed("remove volumes of", app, &volumes);
        }
        let left = self.engine.remove_volumes_of(&app.stack, limit / 2).await;
        left.map_err(blame::remove(&op))?;
        Ok(there)
    }

    pub(super) fn forget_files(&self, app: &App) -> Result<(), OpError> {
        let op = blame::op("forget", &app.domain);
        self.dir.forget_env(&app.domain).map_err(blame::files(&op))?;
        self.dir.remove().map_err(blame::files(&op))?;
        self.known().placed.remove(&app.domain);
        Ok(())
    }

    /// Returns whether abra can be asked about the app at all.
    fn abra_knows(&self, app: &App) -> bool {
        self.dir.env_file(&app.domain).exists() && self.dir.checkout(&app.recipe).exists()
    }

    /// Takes note of how abra fared. A failure is made good through the engine, and must not go unseen.
    fn heed(&self, what: &str, app: &App, done: &Result<(), AbraError>) {
        if let Err(error) = done {
            tracing::warn!(
                domain = %app.domain,
                error = %harness_core::chain::Chain(error),
                "abra failed to {what} the app; the engine is asked instead"
            );
        }
    }
}
