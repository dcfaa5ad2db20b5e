//! What will be done, and why each thing that will not be done is left out.

use serde::{Deserialize, Serialize};

use crate::name::{Commit, RecipeName, RunId, Version};
use crate::platform::{App, Revision};
use crate::suite::Settings;
use crate::tier::{Rung, Tier};

use super::base::{Base, NoBase, choose_base};
use super::brings::Brings;

/// All that the plan is made from. Nothing else decides.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    /// The recipe.
    pub recipe: &'a RecipeName,
    /// The run.
    pub run: &'a RunId,
    /// The app that will be made.
    pub app: &'a App,
    /// The suite's settings.
    pub settings: &'a Settings,
    /// What its folder brings besides.
    pub brings: Brings<'a>,
    /// The tiers that were asked for.
    pub stages: &'a [Tier],
    /// The commit under test.
    pub head: &'a Revision,
    /// Every release.
    pub releases: &'a [(Version, Commit)],
    /// The tip of the default branch.
    pub default_branch: Option<&'a Commit>,
    /// Whether the recipe's labels claim a backup, at head.
    pub backup_labels: bool,
    /// Every check of the suite and the floor, as `tier::check`.
    pub checks: &'a [String],
    /// Whether there is a folder for the recipe.
    pub has_suite: bool,
    /// Where the recipe came from: `catalogue`, `bundled`, `path` or `url`.
    pub source: &'a str,
    /// The pull request, if there is one.
    pub pr: Option<u64>,
}

/// What will be done.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Plan {
    /// The run.
    pub run_id: RunId,
    /// The recipe.
    pub recipe: RecipeName,
    /// The app that will be made.
    pub app: App,
    /// The commit under test.
    pub head: Revision,
    /// What is deployed before it.
    pub base: Option<Revision>,
    /// Every tier, in order.
    pub tiers: Vec<PlannedTier>,
    /// How many deploys there will be: one, and one for each cold dependency.
    pub deploys: u32,
    /// Where the recipe came from.
    pub source: String,
    /// The pull request, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<u64>,
    /// Whether there is a folder for the recipe.
    pub has_suite: bool,
    /// The suite's settings that differ from the defaults, and what becomes of the files that it brings.
    pub customization: Vec<String>,
}

/// A tier and what will become of it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlannedTier {
    /// The tier.
    pub tier: Tier,
    /// Whether it will be done.
    pub planned: Planned,
    /// Why.
    pub reason: String,
    /// Its checks.
    pub checks: Vec<String>,
}

/// Whether a tier will be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planned {
    /// It will.
    Run,
    /// It will not: it does not apply to this recipe, so it blocks no level.
    NotApplicable,
    /// It will not, and nothing is proven for it: it blocks the levels above.
    Unproven,
}

/// Decides what will be done.
pub fn decide(input: &Input<'_>) -> Plan {
    let base = Base {
        head: input.head,
        releases: input.releases,
        default_branch: input.default_branch,
        asked: input.settings.upgrade.base.as_ref(),
        last_green: None,
    };
    let upgrade_wanted =
        input.stages.contains(&Tier::Upgrade) && excuse(input, Rung::Upgrade).is_none();
    let chosen = upgrade_wanted.then(|| choose_base(&base));
    let backup = input.settings.backup.capable.unwrap_or(input.backup_labels);
    let mut tiers = Vec::new();
    for tier in Tier::ALL {
        let checks = of_tier(input.checks, tier);
        let (planned, reason) = if input.stages.contains(&tier) {
            match tier {
                Tier::Install => (Planned::Run, "always".to_owned()),
                Tier::Upgrade => match (&chosen, excuse(input, Rung::Upgrade)) {
                    (_, Some(reason)) => (Planned::NotApplicable, reason),
                    (Some(Ok((revision, why))), None) => {
                        (Planned::Run, format!("from {}, {why}", shown(revision)))
                    }
                    (Some(Err(error)), None) => (without_base(error), error.to_string()),
                    (None, None) => (Planned::Unproven, "not asked for".to_owned()),
                },
                Tier::Backup | Tier::Restore => match excuse(input, Rung::BackupRestore) {
                    Some(reason) => (Planned::NotApplicable, reason),
                    None if backup => (Planned::Run, "the recipe claims backups".to_owned()),
                    None => (
                        Planned::NotApplicable,
                        "no `backupbot.backup` label: the recipe claims no backups".to_owned(),
                    ),
                },
                Tier::Custom => custom(input, &checks),
            }
        } else {
            (Planned::Unproven, "not asked for".to_owned())
        };
        tiers.push(PlannedTier { tier, planned, reason, checks });
    }
    // A restore without the backup before it would restore nothing of this run.
    if tiers.iter().any(|t| t.tier == Tier::Backup && t.planned == Planned::Unproven)
        && let Some(restore) =
            tiers.iter_mut().find(|t| t.tier == Tier::Restore && t.planned == Planned::Run)
    {
        restore.planned = Planned::Unproven;
        restore.reason = "needs the backup tier, which was not asked for".to_owned();
    }
    let base = chosen.and_then(Result::ok).map(|(revision, _)| revision);
    let mut customization = customization(input.settings);
    customization.extend(input.brings.told(base.as_ref()));
    Plan {
        run_id: input.run.clone(),
        recipe: input.recipe.clone(),
        app: input.app.clone(),
        head: input.head.clone(),
        base,
        tiers,
        deploys: 1,
        source: input.source.to_owned(),
        pr: input.pr,
        has_suite: input.has_suite,
        customization,
    }
}

impl Plan {
    /// Returns what will become of a tier.
    pub fn tier(&self, tier: Tier) -> &PlannedTier {
        self.tiers.iter().find(|t| t.tier == tier).expect("a plan has every tier")
    }

    /// Returns whether a tier will be done.
    pub fn runs(&self, tier: Tier) -> bool {
        self.tier(tier).planned == Planned::Run
    }
}

/// Returns what an upgrade without a base is: a recipe that has no predecessor is not to blame for it, a suite that
/// names a release that does not exist has proven nothing.
const fn without_base(error: &NoBase) -> Planned {
    match error {
        NoBase::NoPredecessor => Planned::NotApplicable,
        NoBase::NoSuchRelease(_) => Planned::Unproven,
    }
}

fn custom(input: &Input<'_>, checks: &[String]) -> (Planned, String) {
    if let Some(reason) = excuse(input, Rung::Functional) {
        return (Planned::NotApplicable, reason);
    }
    if !checks.is_empty() {
        return (Planned::Run, format!("{} checks", checks.len()));
    }
    let reason = if input.has_suite { "the suite has no custom check" } else { "no suite" };
    (Planned::Unproven, reason.to_owned())
}

fn excuse(input: &Input<'_>, rung: Rung) -> Option<String> {
    input
        .settings
        .not_applicable
        .get(&rung)
        .map(|reason| format!("declared not applicable: {reason}"))
}

fn of_tier(checks: &[String], tier: Tier) -> Vec<String> {
    let prefix = format!("{tier}::");
    checks.iter().filter_map(|c| c.strip_prefix(&prefix)).map(str::to_owned).collect()
}

fn shown(revision: &Revision) -> String {
    match &revision.version {
        Some(version) => format!("{version} ({})", revision.commit.short()),
        None => revision.commit.short().to_owned(),
    }
}

/// Returns the settings that differ from the defaults, as `key = value`, with values of secret-looking keys masked.
fn customization(settings: &Settings) -> Vec<String> {
    let (Ok(ours), Ok(default)) =
        (toml::Table::try_from(settings), toml::Table::try_from(Settings::default()))
    else {
        return Vec::new();
    };
    let mut out = Vec::new();
    flatten("", &ours, &default, &mut out);
    out
}

fn flatten(prefix: &str, ours: &toml::Table, default: &toml::Table, out: &mut Vec<String>) {
    for (key, value) in ours {
        if default.get(key) == Some(value) {
            continue;
        }
        let name = format!("{prefix}{key}");
        match (value, default.get(key)) {
            (toml::Value::Table(inner), other) => {
                let empty = toml::Table::new();
                let other = other.and_then(toml::Value::as_table).unwrap_or(&empty);
                flatten(&format!("{name}."), inner, other, out);
            }
            (_, _) if looks_secret(key) => out.push(format!("{name} = ***")),
            (value, _) => out.push(format!("{name} = {value}")),
        }
    }
}

fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_uppercase();
    ["SECRET", "PASSWORD", "TOKEN", "CREDENTIAL", "KEY"]
        .iter()
        .any(|w| key.split(['_', '-']).any(|part| part == *w))
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
