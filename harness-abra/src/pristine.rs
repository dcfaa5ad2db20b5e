//! Linting in a pristine clone: what a run lays over its checkout must not count. Main type: [`Pristine`].

use std::time::Duration;

use harness_core::lint::LintReport;
use harness_core::name::{Commit, RecipeName};
use harness_core::process::BaseEnv;
use harness_core::recipe::{GitError, Repository};
use thiserror::Error;

use crate::abra::{Abra, AbraError};
use crate::abra_dir::{AbraDir, AbraDirError};

/// A folder in which a recipe lies as its repository has it, for as long as it is linted. Needs no engine.
#[derive(Clone, Copy, Debug)]
pub struct Pristine<'a> {
    /// The abra to use.
    pub abra: &'a Abra,
    /// The folder: emptied before and after.
    pub dir: &'a AbraDir,
    /// The recipe's repository, complete.
    pub origin: &'a Repository,
    /// What git starts from.
    pub base: &'a BaseEnv,
    /// How long the clone may take.
    pub clone_limit: Duration,
}

/// A recipe could not be linted.
#[derive(Debug, Error)]
pub enum LintError {
    /// The folder could not be used.
    #[error(transparent)]
    Files(#[from] AbraDirError),
    /// The clone could not be put at the commit.
    #[error(transparent)]
    Git(#[from] GitError),
    /// abra could not be run.
    #[error(transparent)]
    Abra(#[from] AbraError),
}

impl Pristine<'_> {
    /// Lints a recipe at a commit.
    ///
    /// # Errors
    /// It could not be linted. A lint that ran and is not satisfied is no error.
    pub async fn lint(
        &self,
        recipe: &RecipeName,
        at: &Commit,
        limit: Duration,
    ) -> Result<LintReport, LintError> {
        self.dir.remove()?;
        let clone = self.dir.checkout_of(recipe, self.origin, self.base, self.clone_limit).await?;
        clone.checkout(at).await?;
        let linted = self.abra.in_dir(self.dir.root()).lint(recipe, limit).await;
        self.dir.remove()?;
        Ok(linted?)
    }
}
