//! The recipe's checkout: one shared work tree per recipe that plain commands move.

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::name::{Commit, RecipeName, Version};
use harness_core::process::{BaseEnv, Cmd, Deadline, ProcessError};
use harness_core::recipe::{CloneError, GitError, Repository, ResolveError, Tag};
use thiserror::Error;

use super::layout::AbraDir;
use super::version::Choice;

/// Where recipes are cloned from when they are not there.
const UPSTREAM: &str = "https://git.coopcloud.tech/coop-cloud";

/// How long a fetch or clone may take.
const FETCH: Duration = Duration::from_secs(60);

/// Why the checkout is not as a command needs it.
#[derive(Debug, Error)]
pub enum CheckoutError {
    /// It is not there and must not be fetched.
    #[error("{recipe} is not present locally and --offline forbids to fetch it")]
    Offline {
        /// The recipe.
        recipe: RecipeName,
    },
    /// It is not there and cannot be cloned.
    #[error("unable to clone {recipe}")]
    Clone {
        /// The recipe.
        recipe: RecipeName,
        /// Why.
        source: CloneError,
    },
    /// Its tree has changes or files that git does not know.
    #[error(
        "{recipe} ({dir}) has locally unstaged changes? please commit/remove your changes before proceeding"
    )]
    Dirty {
        /// The recipe.
        recipe: RecipeName,
        /// The work tree.
        dir: Utf8PathBuf,
    },
    /// Tags and branches cannot be fetched from its origin.
    #[error("unable to fetch tags in {dir}: {said}")]
    Fetch {
        /// The work tree.
        dir: Utf8PathBuf,
        /// What git said.
        said: String,
    },
    /// The version is no tag and no commit.
    #[error("unable to find version {version} of {recipe}")]
    NoVersion {
        /// The recipe.
        recipe: RecipeName,
        /// The version.
        version: String,
        /// Why.
        source: ResolveError,
    },
    /// git cannot read the clone.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The state of the tree cannot be had.
    #[error("unable to read the state of the work tree")]
    Status(#[source] ProcessError),
}

/// A recipe's checkout.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    /// The recipe.
    pub(super) recipe: RecipeName,
    /// The work tree.
    pub(super) dir: Utf8PathBuf,
    repository: Repository,
    base: BaseEnv,
}

impl Checkout {
    /// Returns the checkout of a recipe, cloned first if it is not there. A clone made by hand is used as it is.
    pub(super) async fn present(
        abra: &AbraDir,
        recipe: &RecipeName,
        base: &BaseEnv,
        offline: bool,
    ) -> Result<Self, CheckoutError> {
        let dir = abra.recipe(recipe);
        if !dir.exists() {
            if offline {
                return Err(CheckoutError::Offline { recipe: recipe.clone() });
            }
            let cloned =
                Repository::clone_from(&format!("{UPSTREAM}/{recipe}.git"), &dir, base, FETCH)
                    .await;
            cloned.map_err(|source| CheckoutError::Clone { recipe: recipe.clone(), source })?;
        }
        let repository = Repository::at(&dir, base);
        Ok(Self { recipe: recipe.clone(), dir, repository, base: base.clone() })
    }

    /// What plain commands do before anything else: refuse a dirty tree, then fetch from the origin if there is one.
    pub(super) async fn clean_and_current(&self, offline: bool) -> Result<(), CheckoutError> {
        if self.is_dirty().await? {
            return Err(CheckoutError::Dirty {
                recipe: self.recipe.clone(),
                dir: self.dir.clone(),
            });
        }
        if offline || !self.has_origin().await? {
            return Ok(());
        }
        self.fetch().await
    }

    /// Fetches branches and tags from the origin, tags by force.
    pub(super) async fn fetch(&self) -> Result<(), CheckoutError> {
        let fetched = self
            .git(FETCH)
            .args(["fetch", "--quiet", "--tags", "--force", "origin"])
            .output()
            .await;
        let output = fetched.map_err(CheckoutError::Status)?;
        if output.status.success() {
            return Ok(());
        }
        Err(CheckoutError::Fetch { dir: self.dir.clone(), said: output.last_lines(3) })
    }

    /// Returns whether git sees a change or a file that it does not know and does not ignore.
    pub(super) async fn is_dirty(&self) -> Result<bool, CheckoutError> {
        let status = self.git(Duration::from_secs(30)).args(["status", "--porcelain"]).run().await;
        Ok(!status.map_err(CheckoutError::Status)?.stdout.trim().is_empty())
    }

    /// Returns the commit that is checked out.
    pub(super) async fn head(&self) -> Result<Commit, CheckoutError> {
        Ok(self.repository.head().await?)
    }

    /// Returns all tags, releases oldest first.
    pub(super) async fn tags(&self) -> Result<Vec<Tag>, CheckoutError> {
        Ok(self.repository.tags().await?)
    }

    /// Checks out what was chosen.
    pub(super) async fn move_to(&self, choice: &Choice) -> Result<(), CheckoutError> {
        let commit = match choice {
            Choice::Commit(commit) => commit.clone(),
            Choice::Named(_) | Choice::Release(_) => self.resolve(&choice.text()).await?,
        };
        Ok(self.repository.checkout(&commit).await?)
    }

    /// Checks out the tip of the default branch.
    pub(super) async fn move_to_default_branch(&self) -> Result<(), CheckoutError> {
        let tip = self.repository.default_branch_tip().await?;
        Ok(self.repository.checkout(&tip).await?)
    }

    /// Returns the commit that a version names.
    pub(super) async fn resolve(&self, version: &str) -> Result<Commit, CheckoutError> {
        self.repository.resolve(version).await.map_err(|source| CheckoutError::NoVersion {
            recipe: self.recipe.clone(),
            version: version.to_owned(),
            source,
        })
    }

    /// Returns the text of a file of the work tree, if it is there and text.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(self.dir.join(path)).ok()
    }

    async fn has_origin(&self) -> Result<bool, CheckoutError> {
        let asked = self
            .git(Duration::from_secs(30))
            .args(["config", "--get", "remote.origin.url"])
            .output()
            .await;
        Ok(asked.map_err(CheckoutError::Status)?.status.success())
    }

    fn git(&self, limit: Duration) -> Cmd {
        Cmd::new("git", &self.base, Deadline::after(limit))
            .cwd(&self.dir)
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(["-c", "safe.directory=*", "-c", "core.autocrlf=false", "-c", "gc.auto=0"])
    }
}

/// Returns the newest release among tags.
pub(super) fn newest(tags: &[Tag]) -> Option<&Version> {
    tags.iter().filter_map(|tag| tag.version.as_ref()).max()
}

#[cfg(test)]
#[path = "checkout_tests.rs"]
mod tests;
