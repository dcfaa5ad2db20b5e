//! Linting a recipe beside a run.

use std::time::Duration;

use harness_core::lint::LintReport;
use harness_core::platform::{App, OpError, Revision};

use super::blame;
use super::connect::Swarm;
use crate::abra_dir::AbraDir;
use crate::pristine::{LintError, Pristine};

impl Swarm {
    pub(super) async fn lint_at(
        &self,
        app: &App,
        at: &Revision,
        limit: Duration,
    ) -> Result<LintReport, OpError> {
        let op = format!("lint {} at {}", app.recipe, at.commit.short());
        let root = self.settings.run_dir.join("lint");
        let pristine = Pristine {
            abra: &self.abra,
            dir: &AbraDir::new(&root, &self.settings.abra_home, &self.settings.server),
            origin: self.settings.recipe(&app.recipe).0,
            base: &self.settings.base_env,
            clone_limit: self.settings.limits.clone,
        };
        match pristine.lint(&app.recipe, &at.commit, limit).await {
            Ok(report) => Ok(report),
            Err(LintError::Files(error)) => Err(blame::files(&op)(error)),
            Err(LintError::Git(error)) => Err(blame::git(&op)(error)),
            Err(LintError::Abra(error)) => Err(self.blame(op, error).await),
        }
    }
}
