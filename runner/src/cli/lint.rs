//! `cc-ci lint`.

use std::time::Duration;

use camino::Utf8Path;
use harness_abra::abra::Abra;
use harness_abra::abra_dir::AbraDir;
use harness_abra::{LintError, Pristine};
use harness_core::lint::{LintReport, LintStatus};
use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};
use thiserror::Error;

use crate::output;
use crate::settings::check_abra;
use crate::source::{SourceError, open};

use super::Failed;
use super::options::{Places, What};

/// Lints a recipe with abra, in a pristine clone, and judges its table: its exit code says nothing. Needs no engine.
///
/// Exit codes: 0 every error rule is satisfied; 1 one is not; 3 it could not be judged.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Error)]
enum LintCommandError {
    #[error("failed to make a temporary folder")]
    Folder(#[source] std::io::Error),
    #[error("the temporary folder's path is not UTF-8")]
    Path,
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("failed to lint")]
    Lint(#[from] LintError),
}

/// How long the lint may take; abra needs about a second.
const LIMIT: Duration = Duration::from_secs(60);

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let target = self.what.target().map_err(Failed::usage)?;
        let settings = self.places.settings(base, None, None)?;
        check_abra(&settings.abra).map_err(Failed::usage)?;
        let work = async {
            let folder = tempfile::tempdir().map_err(LintCommandError::Folder)?;
            let dir = Utf8Path::from_path(folder.path()).ok_or(LintCommandError::Path)?;
            let source = open(&target, &settings, &dir.join("source"), base).await?;
            let root = dir.join("abra");
            let pristine = Pristine {
                abra: &Abra::new(&settings.abra.value, base, &root),
                dir: &AbraDir::new(&root, &dir.join("home"), "default"),
                origin: &source.repository,
                base,
                clone_limit: LIMIT,
            };
            Ok(pristine.lint(&target.recipe, &source.head, LIMIT).await?)
        };
        let report: Result<LintReport, LintCommandError> = work.await;
        let report = report.map_err(Failed::usage)?;
        output::data(report.text.trim_end());
        let rules: Vec<&str> =
            report.rules_failed.iter().filter(|r| r.is_error).map(|r| r.rule.as_str()).collect();
        let (verdict, line) = match report.status {
            LintStatus::Pass => (RunVerdict::Pass, "lint: pass".to_owned()),
            LintStatus::Fail => (RunVerdict::Fail, format!("lint: fail, {}", rules.join(", "))),
            LintStatus::Unver => (
                RunVerdict::NotVerified,
                format!(
                    "lint: not verified, {}",
                    report.reason.as_deref().unwrap_or("no reason given")
                ),
            ),
        };
        output::data(&line);
        Ok(ExitStatus::Verdict(verdict))
    }
}
