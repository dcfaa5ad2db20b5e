//! `results.json`, schema 3. Additive from here on.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cause::{Cause, CauseClass};
use crate::census::Item;
use crate::event::WaitedOn;
use crate::ledger::LedgerEntry;
use crate::lint::{LintStatus, RuleFailed};
use crate::store::{StoreSeen, Unprotected};
use crate::tier::{Rung, Status, Tier};

/// The format of `results.json`.
pub const SCHEMA: u32 = 3;

/// What a run proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunVerdict {
    /// Everything that was planned was done and is right.
    Pass,
    /// The recipe, its app or its suite is wrong.
    Fail,
    /// Something kept a tier from being done: registry, host, harness.
    NotVerified,
    /// A defect of ours.
    Error,
}

impl RunVerdict {
    /// Returns the word that reports show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::NotVerified => "not-verified",
            Self::Error => "error",
        }
    }
}

/// All that a run proved, and the evidence.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Results {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The run.
    pub run_id: String,
    /// The recipe.
    pub recipe: String,
    /// The version under test, if it could be read.
    pub version: Option<String>,
    /// The version that was deployed first.
    pub base_version: Option<String>,
    /// The pull request.
    pub pr: Option<u64>,
    /// The commit under test.
    #[serde(rename = "ref")]
    pub reference: String,
    /// When the run began.
    pub started: Timestamp,
    /// When it ended; null in a run that was killed.
    pub finished: Option<Timestamp>,
    /// Where it ran.
    pub platform: PlatformReport,
    /// What was proven.
    pub verdict: RunVerdict,
    /// From 0 to 5.
    pub level: u8,
    /// Whose fault a verdict other than pass is.
    pub cause: Option<CauseReport>,
    /// Tier → status.
    pub results: IndexMap<Tier, Status>,
    /// Every tier with its checks.
    pub stages: Vec<Stage>,
    /// Rung → status.
    pub rungs: IndexMap<Rung, Status>,
    /// What was skipped.
    pub skips: Skips,
    /// The recipe's lint.
    pub lint: LintSummary,
    /// Deploys.
    pub deploys: Deploys,
    /// What was deployed because the recipe needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<DependencyReport>,
    /// What existed before and after.
    pub census: CensusReport,
    /// What became of planted data: for each marker and event the last word.
    #[serde(default)]
    pub ledger: Vec<LedgerEntry>,
    /// What passed only when it was done again: it counts as a pass, and somebody should look at it.
    #[serde(default)]
    pub flakes: Vec<Flake>,
    /// Stores of which the backup does not hold what it should, and who accepts that.
    #[serde(default)]
    pub unprotected: Vec<Unprotected>,
    /// Every store as it was at the backup: how much it holds, and whether it changed since the install.
    #[serde(default)]
    pub stores: Vec<StoreSeen>,
    /// Where the time went.
    pub phases: Vec<PhaseSpan>,
    /// What must hold of every run.
    pub flags: Flags,
    /// Settings that differ from the defaults, overlays and hooks, secrets masked.
    pub customization: Vec<String>,
    /// What a reader should know and that decides nothing.
    pub notes: Vec<String>,
}

/// A cause, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct CauseReport {
    /// Whose fault.
    pub class: CauseClass,
    /// What says so.
    pub evidence: String,
}

impl From<&Cause> for CauseReport {
    fn from(cause: &Cause) -> Self {
        Self { class: cause.class, evidence: cause.evidence.clone() }
    }
}

/// What was deployed because the recipe under test needs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct DependencyReport {
    /// The recipe.
    pub recipe: String,
    /// Its version.
    pub version: Option<String>,
    /// Its host name in this run.
    pub domain: String,
    /// Whether it is kept warm: it was there before the run and stays after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
    /// Whether it was there all the time.
    pub ready: bool,
    /// Why it was not.
    pub cause: Option<CauseReport>,
}

/// Where a run was made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlatformReport {
    /// `swarm` or `embedded`.
    pub name: String,
    /// What `abra --version` printed.
    pub abra: String,
    /// Whether that abra is our stand-in.
    pub abra_is_stand_in: bool,
    /// The engine's version.
    pub engine: String,
    /// Where the recipe came from.
    pub source: String,
    /// What the harness works around on the host.
    pub host_quirks: Vec<String>,
    /// Other parts that are our stand-ins.
    pub stand_ins: Vec<String>,
}

/// A tier with its checks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Stage {
    /// The tier.
    pub tier: Tier,
    /// How it ended.
    pub status: Status,
    /// Why it was skipped or not verified.
    pub reason: Option<String>,
    /// How long it took, its op included.
    pub duration_ms: u64,
    /// Its checks, the steps of its op first; those of the last attempt where several were made.
    pub checks: Vec<Check>,
    /// What was made again as a whole where it was wrong: every attempt, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

/// One attempt at a tier that is made again as a whole where it is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Attempt {
    /// Which, from 1.
    pub attempt: u32,
    /// How it ended.
    pub status: Status,
    /// What was wrong with it.
    pub reason: Option<String>,
    /// Whose fault that is.
    pub cause: Option<CauseClass>,
    /// The snapshot that it made.
    pub snapshot: Option<String>,
    /// How long it took, its checks included.
    pub duration_ms: u64,
}

/// A tier that passed only when it was done again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Flake {
    /// The tier.
    pub tier: Tier,
    /// How many attempts it took.
    pub attempts: u32,
    /// What was wrong with those before.
    pub evidence: String,
}

/// A check.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub status: Status,
    /// How long it took.
    pub duration_ms: u64,
    /// What was expected and seen, or why it was skipped.
    pub message: Option<String>,
    /// Whose fault a failure is.
    pub cause: Option<CauseClass>,
}

/// What was skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Skips {
    /// Rungs that do not apply, each with its reason.
    pub intentional: IndexMap<Rung, String>,
    /// Rungs that were not verified.
    pub unintentional: Vec<Rung>,
}

/// The recipe's lint.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct LintSummary {
    /// How it ended.
    pub status: LintStatus,
    /// The rules that are not satisfied.
    pub rules_failed: Vec<RuleFailed>,
    /// Why it could not be judged.
    pub reason: Option<String>,
}

/// Deploys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Deploys {
    /// As the plan says.
    pub planned: u32,
    /// Made.
    pub done: u32,
}

/// What existed before and after.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct CensusReport {
    /// How many things there were; null when it was not taken.
    pub before: Option<usize>,
    /// How many things there were; null when it was not taken.
    pub after: Option<usize>,
    /// What this run left behind.
    pub left_behind: Vec<Item>,
    /// Why a census could not be taken.
    pub error: Option<String>,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PhaseSpan {
    /// Its name; `between` for time in no phase.
    pub name: String,
    /// The tier that it belongs to.
    pub tier: Option<Tier>,
    /// When it began, in milliseconds since the run began.
    pub start_ms: u64,
    /// When it ended.
    pub end_ms: u64,
    /// Who was waited for.
    pub waited_on: WaitedOn,
}

/// What must hold of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Flags {
    /// Every step of the teardown succeeded and nothing was left behind.
    pub clean_teardown: bool,
    /// No known secret stood in an artefact.
    pub no_secret_leak: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_is_the_same_word_everywhere() {
        for verdict in
            [RunVerdict::Pass, RunVerdict::Fail, RunVerdict::NotVerified, RunVerdict::Error]
        {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
        }
    }
}
