//! Making an app: checkout, env file, secrets. Nothing runs yet.

use std::time::Duration;

use harness_core::platform::{App, OpError, Revision};
use harness_core::recipe::Repository;

use super::blame;
use super::connect::Swarm;
use super::names::check_names;
use super::placed::read_placed;

impl Swarm {
    pub(super) async fn make(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> Result<(), OpError> {
        let op = blame::op("create app", &app.domain);
        self.watch.mind(app.stack.as_str());
        let checkout = self.fresh_checkout(app, &op).await?;
        checkout.checkout(&at.commit).await.map_err(blame::git(&op))?;
        let server = &self.settings.server;
        if let Err(error) = self.abra.app_new(&app.recipe, &app.domain, server, limit).await {
            return Err(self.blame(op, error).await);
        }
        self.put(app, at, env).await?;
        self.make_secrets(app, &op, limit).await
    }

    async fn fresh_checkout(&self, app: &App, op: &str) -> Result<Repository, OpError> {
        let (origin, _) = self.settings.recipe(&app.recipe);
        let base = &self.settings.base_env;
        let made = self.dir.checkout_of(&app.recipe, origin, base, self.settings.limits.clone);
        made.await.map_err(blame::files(op))
    }

    async fn make_secrets(&self, app: &App, op: &str, limit: Duration) -> Result<(), OpError> {
        let env = self.dir.read_env(&app.domain).map_err(blame::files(op))?;
        let checkout = self.dir.checkout(&app.recipe);
        let compose = read_placed(&checkout, &env, &app.stack).map_err(blame::placed(op))?;
        check_names(&compose, &app.stack).map_err(blame::name(op))?;
        if compose.secrets.is_empty() {
            return Ok(());
        }
        match self.abra.generate_secrets(&app.domain, limit).await {
            Ok(made) => {
                self.known().secrets.extend(made.into_iter().map(|(_, secret)| secret));
                Ok(())
            }
            Err(error) => Err(self.blame(op.to_owned(), error).await),
        }
    }
}
