//! From a target to a local clone of the recipe with all its tags and the commit under test.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::name::{Commit, Version};
use harness_core::process::BaseEnv;
use harness_core::recipe::{CloneError, GitError, Repository, ResolveError, Tag};
use harness_local::bundle::{self, BundleError};
use thiserror::Error;

use crate::settings::Settings;
use crate::target::{SourceKind, Target};

/// How long a clone or a fetch may take.
const FETCH: Duration = Duration::from_secs(300);

/// A recipe's repository, and what is tested in it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The run's own clone.
    pub repository: Repository,
    /// Every tag.
    pub tags: Vec<Tag>,
    /// The commit under test.
    pub head: Commit,
    /// The tip of the default branch.
    pub default_branch: Commit,
    /// Where it comes from: `catalogue`, `bundled`, `path` or `url`.
    pub kind: &'static str,
}

impl Source {
    /// Returns whether the commit under test is exactly a release: an annotated tag that is a version leads to it.
    pub fn is_release(&self) -> bool {
        self.tags.iter().any(|t| t.annotated && t.version.is_some() && t.commit == self.head)
    }
}

/// The recipe could not be had.
#[derive(Debug, Error)]
pub enum SourceError {
    /// No recipe of that name comes with cc-ci, and no other source was named.
    #[error("`{recipe}` is not bundled; bundled are {}; for another one give --source catalogue, a folder or a git URL", bundled.join(", "))]
    Unknown {
        /// The name.
        recipe: String,
        /// The names that are there.
        bundled: Vec<String>,
    },
    /// A bundled repository could not be made.
    #[error("failed to lay out the bundled recipe `{recipe}`")]
    Bundle {
        /// The recipe.
        recipe: String,
        /// What went wrong.
        source: Box<BundleError>,
    },
    /// A repository could not be cloned.
    #[error(transparent)]
    Clone(Box<CloneError>),
    /// A reference leads nowhere.
    #[error(transparent)]
    Resolve(Box<ResolveError>),
    /// The clone could not be read.
    #[error(transparent)]
    Git(#[from] GitError),
    /// No tag is that release.
    #[error("`{recipe}` has no release {version}; its releases are {}", shown(releases))]
    NoSuchRelease {
        /// The recipe.
        recipe: String,
        /// The release that was asked for.
        version: Version,
        /// The releases that are there.
        releases: Vec<Version>,
    },
}

fn shown(releases: &[Version]) -> String {
    if releases.is_empty() {
        return "none".to_owned();
    }
    releases.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Clones the recipe into a folder and finds the commit under test.
///
/// What is tested: `--ref`; else `--version`; else, from the catalogue, the newest release, as an operator would get
/// it; else what is checked out at the source (its default branch, as a rule).
///
/// # Errors
/// The recipe could not be had, or what was asked for is not in it.
pub async fn open(
    target: &Target,
    settings: &Settings,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Source, SourceError> {
    let (origin, kind) = origin(target, settings, base).await?;
    let repository = Repository::clone_from(&origin, dir, base, FETCH).await.map_err(uncloned)?;
    if let Some(src) = &target.src {
        let url = format!("{}{src}", settings.forge.value);
        let refs = target.pr.map(|n| format!("+refs/pull/{n}/head:refs/remotes/origin/pull/{n}"));
        let refs: Vec<&str> =
            refs.iter().map(String::as_str).chain(["+refs/heads/*:refs/remotes/src/*"]).collect();
        repository.fetch_from(&url, &refs, FETCH).await.map_err(uncloned)?;
    }
    let tags = repository.tags().await?;
    let default_branch = repository.default_branch_tip().await?;
    let newest = tags.iter().filter(|t| t.version.is_some()).max_by_key(|t| t.version.clone());
    let head = match (&target.reference, &target.version) {
        (Some(reference), _) if target.src.is_some() && !is_commit(reference) => {
            // A branch of the pull request's repository, never one of the same name in the catalogue's.
            let own = format!("refs/remotes/src/{reference}");
            repository.resolve(&own).await.map_err(|e| SourceError::Resolve(Box::new(e)))?
        }
        (Some(reference), _) => {
            repository.resolve(reference).await.map_err(|e| SourceError::Resolve(Box::new(e)))?
        }
        (None, Some(version)) => release(target, &tags, version)?,
        (None, None) if kind == "catalogue" => {
            newest.map_or_else(|| default_branch.clone(), |t| t.commit.clone())
        }
        (None, None) => repository.head().await?,
    };
    Ok(Source { repository, tags, head, default_branch, kind })
}

/// Returns whether a reference is a commit's id, whole or shortened: those are the same in every repository.
fn is_commit(reference: &str) -> bool {
    (7..=40).contains(&reference.len()) && reference.bytes().all(|b| b.is_ascii_hexdigit())
}

fn uncloned(error: CloneError) -> SourceError {
    SourceError::Clone(Box::new(error))
}

fn release(target: &Target, tags: &[Tag], version: &Version) -> Result<Commit, SourceError> {
    let found = tags.iter().find(|t| t.version.as_ref() == Some(version));
    found.map(|t| t.commit.clone()).ok_or_else(|| SourceError::NoSuchRelease {
        recipe: target.recipe.to_string(),
        version: version.clone(),
        releases: tags.iter().filter_map(|t| t.version.clone()).collect(),
    })
}

async fn origin(
    target: &Target,
    settings: &Settings,
    base: &BaseEnv,
) -> Result<(String, &'static str), SourceError> {
    if target.src.is_some() {
        return Ok((format!("{}{}", settings.catalogue.value, target.recipe), "catalogue"));
    }
    let bundled = bundle::names();
    let named = match &target.source {
        Some(SourceKind::Path(path)) => return Ok((path.to_string(), "path")),
        Some(SourceKind::Url(url)) => return Ok((url.clone(), "url")),
        Some(SourceKind::Catalogue) => {
            return Ok((format!("{}{}", settings.catalogue.value, target.recipe), "catalogue"));
        }
        Some(SourceKind::Bundled(Some(name))) => name,
        Some(SourceKind::Bundled(None)) | None => &target.recipe,
    };
    if !bundled.contains(named) {
        let bundled = bundled
            .iter()
            .map(ToString::to_string)
            .filter(|n| !n.starts_with("broken-") && !n.starts_with("wild-"));
        return Err(SourceError::Unknown { recipe: named.to_string(), bundled: bundled.collect() });
    }
    let made = bundle::build(named, &settings.state_dir.join("bundle"), base).await;
    let dir = made.map_err(|source| SourceError::Bundle {
        recipe: named.to_string(),
        source: Box::new(source),
    })?;
    Ok((dir.to_string(), "bundled"))
}

#[cfg(test)]
#[path = "source_tests.rs"]
mod tests;
