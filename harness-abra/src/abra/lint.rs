//! `abra recipe lint`.

use std::time::Duration;

use harness_core::lint::{LintReport, LintStatus};
use harness_core::name::RecipeName;

use super::driver::Abra;
use super::error::AbraError;
use super::lint_table::parse_lint;

impl Abra {
    /// Lints the checkout as it is. Whatever keeps abra from judging makes the report say "not verified", with the
    /// reason, and never a pass.
    ///
    /// # Errors
    /// abra could not be started.
    pub async fn lint(
        &self,
        recipe: &RecipeName,
        limit: Duration,
    ) -> Result<LintReport, AbraError> {
        let args = ["recipe", "lint", "--no-input", "--offline", "--chaos", recipe.as_str()];
        let cmd = self.cmd(&args, limit);
        match self.run_in_terminal("recipe lint", &cmd).await {
            Ok(output) => Ok(parse_lint(&output.stdout)),
            Err(error @ AbraError::NotStarted { .. }) => Err(error),
            Err(
                error @ (AbraError::Hung { .. }
                | AbraError::Fatal { .. }
                | AbraError::Unreadable { .. }
                | AbraError::Io { .. }),
            ) => Ok(LintReport {
                status: LintStatus::Unver,
                rules_failed: Vec::new(),
                reason: Some(error.to_string()),
                text: error.to_string(),
            }),
        }
    }
}
