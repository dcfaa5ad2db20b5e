//! Linting a recipe in a pristine clone of its own: what the run lays over its checkout must not count.

use std::time::Duration;

use harness_core::lint::LintReport;
use harness_core::platform::{App, OpError, Revision};

use super::blame;
use super::connect::Swarm;
use crate::abra_dir::AbraDir;

impl Swarm {
    pub(super) async fn lint_at(
        &self,
        app: &App,
        at: &Revision,
        limit: Duration,
    ) -> Result<LintReport, OpError> {
        let op = format!("lint {} at {}", app.recipe, at.commit.short());
        let root = self.settings.run_dir.join("lint");
        let dir = AbraDir::new(&root, &self.settings.abra_home, &self.settings.server);
        dir.remove().map_err(blame::files(&op))?;
        let (origin, base) = (&self.settings.repository, &self.settings.base_env);
        let clone = dir.checkout_of(&app.recipe, origin, base, self.settings.limits.clone);
        let clone = clone.await.map_err(blame::files(&op))?;
        clone.checkout(&at.commit).await.map_err(blame::git(&op))?;
        let linted = self.abra.in_dir(&root).lint(&app.recipe, limit).await;
        dir.remove().map_err(blame::files(&op))?;
        match linted {
            Ok(report) => Ok(report),
            Err(error) => Err(self.blame(op, error).await),
        }
    }
}
