//! The plan, as `cc-ci plan` prints it.

use harness_core::plan::{Plan, Planned};
use harness_core::platform::Revision;

use crate::last_good::LastGood;

/// Returns the plan as text, with the recipe's last good release.
pub fn plan(plan: &Plan, good: Option<&LastGood>) -> String {
    let mut lines = vec![
        format!("recipe    {} ({})", plan.recipe, plan.source),
        format!("head      {}", revision(&plan.head)),
        format!(
            "base      {}",
            plan.base
                .as_ref()
                .map_or_else(|| "none: head is deployed at once".to_owned(), revision)
        ),
        format!("last good {}", good.map_or_else(|| "none yet".to_owned(), last_good)),
        format!("app       {}", plan.app.domain),
        format!("deploys   {}", plan.deploys),
    ];
    for tier in &plan.tiers {
        let word = match tier.planned {
            Planned::Run => "run",
            Planned::NotApplicable => "skip",
            Planned::Unproven => "unproven",
        };
        lines.push(format!("{:<9} {word}: {}", tier.tier, tier.reason));
        if tier.planned == Planned::Run && !tier.checks.is_empty() {
            lines.push(format!("          checks: {}", tier.checks.join(", ")));
        }
    }
    if !plan.customization.is_empty() {
        lines.push(format!("settings  {}", plan.customization.join("\n          ")));
    }
    lines.join("\n")
}

fn last_good(good: &LastGood) -> String {
    let commit = good.commit.get(..8).unwrap_or(&good.commit);
    format!("{} ({commit}), level {}, by run {}", good.version, good.level, good.run)
}

fn revision(revision: &Revision) -> String {
    match &revision.version {
        Some(version) => format!("{version} ({})", revision.commit.short()),
        None => format!("{} (no version could be read)", revision.commit.short()),
    }
}
