//! What will be done, and why each thing that will not be done is left out.

use serde::{Deserialize, Serialize};

use crate::name::{Commit, RecipeName, RunId, Version};
use crate::platform::{App, Revision};
use crate::suite::{AcrossVersions, Settings};
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
    /// What is deployed before it.
    pub deps: &'a [PlannedDependency],
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
    /// How many deploys there will be: one, one more for the disaster, and one for each dependency that is not attached
    /// to a warm one.
    pub deploys: u32,
    /// Whether base is backed up before the upgrade, and that backup restored into head at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub across_versions: Option<Across>,
    /// Where the recipe came from.
    pub source: String,
    /// The pull request, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<u64>,
    /// Whether there is a folder for the recipe.
    pub has_suite: bool,
    /// The suite's settings that differ from the defaults, and what becomes of the files that it brings.
    pub customization: Vec<String>,
    /// What is deployed before it, in an order in which each finds what it needs itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deps: Vec<PlannedDependency>,
}

/// A recipe that is deployed because another one needs it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlannedDependency {
    /// Its app, with a domain of this run's own.
    pub app: App,
    /// The app that is kept warm and is attached to instead, if it works when the run comes to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm: Option<App>,
    /// What of it is deployed.
    pub head: Revision,
    /// What it needs itself.
    pub needs: Vec<RecipeName>,
    /// The checks of the recipe under test that need it, as `tier::check`.
    pub checks: Vec<String>,
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

/// What a restore of base's backup into head is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// It is told, and changes no verdict.
    Reported,
    /// A loss fails the disaster tier.
    Judged,
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
    let mut tiers = Vec::new();
    let has_disaster = wants_disaster(input);
    for tier in Tier::ALL.into_iter().filter(|tier| *tier != Tier::Disaster || has_disaster) {
        let checks = checks_of(input.checks, tier);
        let (planned, reason) = of_tier(input, tier, chosen.as_ref(), &checks);
        tiers.push(PlannedTier { tier, planned, reason, checks });
    }
    // A restore without the backup before it would restore nothing of this run.
    if tiers.iter().any(|t| t.tier == Tier::Backup && t.planned == Planned::Unproven) {
        let restores = |t: &&mut PlannedTier| matches!(t.tier, Tier::Restore | Tier::Disaster);
        for tier in tiers.iter_mut().filter(restores).filter(|t| t.planned == Planned::Run) {
            tier.planned = Planned::Unproven;
            tier.reason = "needs the backup tier, which was not asked for".to_owned();
        }
    }
    let base = chosen.and_then(Result::ok).map(|(revision, _)| revision);
    let disaster = tiers.iter_mut().find(|t| t.tier == Tier::Disaster);
    let disaster = disaster.filter(|t| t.planned == Planned::Run);
    let own = if disaster.is_some() { 2 } else { 1 };
    let cold = input.deps.iter().filter(|dep| dep.warm.is_none());
    let deploys = own + u32::try_from(cold.count()).unwrap_or(u32::MAX);
    let across_versions = across(input, base.as_ref()).filter(|_| disaster.is_some());
    if let Some(tier) = disaster {
        tier.reason = told(input, across_versions, base.as_ref());
    }
    let mut customization = customization(input.settings);
    customization.extend(input.brings.told(base.as_ref()));
    Plan {
        run_id: input.run.clone(),
        recipe: input.recipe.clone(),
        app: input.app.clone(),
        head: input.head.clone(),
        base,
        tiers,
        deploys,
        across_versions,
        source: input.source.to_owned(),
        pr: input.pr,
        has_suite: input.has_suite,
        customization,
        deps: input.deps.to_vec(),
    }
}

/// Decides whether a tier is done, and why.
fn of_tier(
    input: &Input<'_>,
    tier: Tier,
    chosen: Option<&Result<(Revision, String), NoBase>>,
    checks: &[String],
) -> (Planned, String) {
    // The disaster is there only where somebody wants it.
    if !input.stages.contains(&tier) && tier != Tier::Disaster {
        return (Planned::Unproven, "not asked for".to_owned());
    }
    match tier {
        Tier::Install => (Planned::Run, "always".to_owned()),
        Tier::Upgrade => match (chosen, excuse(input, Rung::Upgrade)) {
            (_, Some(reason)) => (Planned::NotApplicable, reason),
            (Some(Ok((revision, why))), None) => {
                (Planned::Run, format!("from {}, {why}", shown(revision)))
            }
            (Some(Err(error)), None) => (without_base(error), error.to_string()),
            (None, None) => (Planned::Unproven, "not asked for".to_owned()),
        },
        Tier::Backup | Tier::Restore | Tier::Disaster => match excuse(input, Rung::BackupRestore) {
            Some(reason) => (Planned::NotApplicable, reason),
            None if input.settings.backup.capable.unwrap_or(input.backup_labels) => {
                (Planned::Run, "the recipe claims backups".to_owned())
            }
            None => (
                Planned::NotApplicable,
                "no `backupbot.backup` label: the recipe claims no backups".to_owned(),
            ),
        },
        Tier::Custom => custom(input, checks),
    }
}

impl Plan {
    /// Returns what will become of a tier; nothing of the disaster where nobody asked for it.
    pub fn tier(&self, tier: Tier) -> Option<&PlannedTier> {
        self.tiers.iter().find(|t| t.tier == tier)
    }

    /// Returns the dependencies that a check needs.
    pub fn needed_by(&self, tier: Tier, check: &str) -> impl Iterator<Item = &RecipeName> {
        let name = format!("{tier}::{check}");
        let needed = self.deps.iter().filter(move |dep| dep.checks.contains(&name));
        needed.map(|dep| &dep.app.recipe)
    }

    /// Returns whether a tier will be done.
    pub fn runs(&self, tier: Tier) -> bool {
        self.tier(tier).is_some_and(|t| t.planned == Planned::Run)
    }
}

/// Returns whether the disaster is in the plan: it was asked for, or the suite asks for it and a restore was.
fn wants_disaster(input: &Input<'_>) -> bool {
    let by_suite = input.settings.backup.disaster && input.stages.contains(&Tier::Restore);
    by_suite || input.stages.contains(&Tier::Disaster)
}

/// Returns what a restore of base's backup into head is worth, where there is a base.
fn across(input: &Input<'_>, base: Option<&Revision>) -> Option<Across> {
    base?;
    match input.settings.backup.across_versions {
        AcrossVersions::Report => Some(Across::Reported),
        AcrossVersions::Judge => Some(Across::Judged),
        AcrossVersions::Off => None,
    }
}

/// Says why there is a disaster, and what else is done in it.
fn told(input: &Input<'_>, across: Option<Across>, base: Option<&Revision>) -> String {
    let asked =
        if input.stages.contains(&Tier::Disaster) { "asked for" } else { "the suite asks for it" };
    let base = base.map(shown).unwrap_or_default();
    match across {
        None => format!("{asked}; one more deploy"),
        Some(Across::Reported) => {
            format!("{asked}; one more deploy; a backup of {base} is restored into head, and told")
        }
        Some(Across::Judged) => {
            format!(
                "{asked}; one more deploy; a backup of {base} is restored into head, and judged"
            )
        }
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

fn checks_of(checks: &[String], tier: Tier) -> Vec<String> {
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
