//! The newest release of each recipe that a run has proven good, and what may become it. Main items: [`LastGood`],
//! [`promotes`].

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::{InvalidVersion, RecipeName, Version};
use harness_core::plan::{Plan, Planned};
use harness_core::report::{ExitStatus, Results, RunVerdict};
use harness_core::tier::{Status, Tier};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::disk::Disk;

/// A release that a run has proven good.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LastGood {
    /// The release.
    pub version: String,
    /// Its commit.
    pub commit: String,
    /// The run that proved it.
    pub run: String,
    /// When that run ended.
    pub at: Timestamp,
    /// The level that it reached.
    pub level: u8,
}

/// What a run may become the last good one by, beside its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The folder of what is recorded.
    pub folder: Utf8PathBuf,
    /// Whether the commit under test is exactly a release: an annotated tag leads to it, and no pull request does.
    pub is_release: bool,
    /// Whether every tier was asked for.
    pub is_whole: bool,
    /// Whether a simulated platform may prove a release good. Only to test the rule by simulation.
    pub simulated_too: bool,
}

/// Why a run does not become the last good one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotPromoted {
    /// It did not pass.
    #[error("it did not pass")]
    NotGreen,
    /// Its teardown left something, or was not done.
    #[error("its teardown was not clean")]
    Unclean,
    /// A secret stood in an artefact.
    #[error("a secret stood in an artefact")]
    Leaked,
    /// Something was left out on request.
    #[error("tiers were left out on request")]
    Narrowed,
    /// A tier that was planned was not proven.
    #[error("the {0} tier was planned and is not proven")]
    Unproven(Tier),
    /// What was tested is no release.
    #[error("what was tested is no release")]
    NoRelease,
    /// The platform was simulated.
    #[error("the platform was simulated")]
    Simulated,
    /// A newer release is recorded.
    #[error("a newer release, {0}, is recorded")]
    Older(String),
    /// The release that is recorded has no version.
    #[error("the recorded release cannot be compared")]
    Incomparable(#[source] InvalidVersion),
}

/// What is recorded could not be read or written.
#[derive(Debug, Error)]
#[error("failed to use {path}")]
pub struct LastGoodError {
    /// The file.
    pub path: Utf8PathBuf,
    /// What the system said.
    pub source: std::io::Error,
}

/// Decides whether a run becomes the last good one of its recipe, and returns what is then recorded.
///
/// # Errors
/// It does not: the first reason.
pub fn promotes(
    exit: ExitStatus,
    plan: &Plan,
    results: &Results,
    candidate: &Candidate,
    recorded: Option<&LastGood>,
) -> Result<LastGood, NotPromoted> {
    if exit != ExitStatus::Verdict(RunVerdict::Pass) || results.verdict != RunVerdict::Pass {
        return Err(NotPromoted::NotGreen);
    }
    if !results.flags.clean_teardown {
        return Err(NotPromoted::Unclean);
    }
    if !results.flags.no_secret_leak {
        return Err(NotPromoted::Leaked);
    }
    if !candidate.is_whole {
        return Err(NotPromoted::Narrowed);
    }
    let planned = plan.tiers.iter().filter(|t| t.planned == Planned::Run);
    let unproven = planned.map(|t| t.tier).find(|t| results.results.get(t) != Some(&Status::Pass));
    if let Some(tier) = unproven {
        return Err(NotPromoted::Unproven(tier));
    }
    let is_release = candidate.is_release && results.pr.is_none();
    let (true, Some(version), Some(at)) = (is_release, &plan.head.version, results.finished) else {
        return Err(NotPromoted::NoRelease);
    };
    if results.platform.name != "swarm" && !candidate.simulated_too {
        return Err(NotPromoted::Simulated);
    }
    if let Some(recorded) = recorded {
        let newest = Version::try_from(recorded.version.clone());
        if newest.map_err(NotPromoted::Incomparable)? > *version {
            return Err(NotPromoted::Older(recorded.version.clone()));
        }
    }
    let (version, commit) = (version.to_string(), plan.head.commit.to_string());
    Ok(LastGood { version, commit, run: results.run_id.clone(), at, level: results.level })
}

/// Returns the folder of what is recorded in a state folder.
pub fn folder(state_dir: &Utf8Path) -> Utf8PathBuf {
    state_dir.join("last-good")
}

/// Returns the last good release of a recipe; none if there is none yet.
///
/// # Errors
/// It cannot be read.
pub fn read(
    disk: &impl Disk,
    folder: &Utf8Path,
    recipe: &RecipeName,
) -> Result<Option<LastGood>, LastGoodError> {
    let path = folder.join(format!("{recipe}.json"));
    let failed = |source| LastGoodError { path: path.clone(), source };
    match disk.read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| failed(e.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Records the last good release of a recipe.
///
/// # Errors
/// It cannot be written.
pub fn write(
    disk: &impl Disk,
    folder: &Utf8Path,
    recipe: &RecipeName,
    good: &LastGood,
) -> Result<(), LastGoodError> {
    let path = folder.join(format!("{recipe}.json"));
    let text = serde_json::to_string_pretty(good).expect("a release has nothing that JSON lacks");
    let written = disk
        .create_folders(folder)
        .and_then(|()| disk.replace(&path, format!("{text}\n").as_bytes()));
    written.map_err(|source| LastGoodError { path, source })
}

#[cfg(test)]
#[path = "last_good_tests.rs"]
mod tests;
