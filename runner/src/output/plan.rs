//! The plan, as `cc-ci plan` prints it.

use harness_core::lifecycle::RecipeStates;
use harness_core::plan::{Plan, Planned};
use harness_core::platform::Revision;

use crate::history::Expected;
use crate::last_good::LastGood;

use super::stores::planned;

/// Returns the plan as text, with what keeps data at head, the recipe's last good release and how long earlier runs say
/// that it will take.
pub fn plan(
    plan: &Plan,
    states: &RecipeStates,
    good: Option<&LastGood>,
    expected: &[Expected],
) -> String {
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
    for dep in &plan.deps {
        let (app, head) = (&dep.app, revision(&dep.head));
        lines.push(match &dep.warm {
            Some(warm) => format!(
                "before    {} {head}, attached to as {}; if it does not work, deployed as {}",
                app.recipe, warm.domain, app.domain
            ),
            None => format!("before    {} {head}, as {}", app.recipe, app.domain),
        });
        if !dep.checks.is_empty() {
            lines.push(format!("          needed by: {}", dep.checks.join(", ")));
        }
    }
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
    lines.extend(planned(&states.head_stores, &states.unrecognized));
    lines.extend(takes(expected));
    if !plan.customization.is_empty() {
        lines.push(format!("settings  {}", plan.customization.join("\n          ")));
    }
    lines.join("\n")
}

fn takes(expected: &[Expected]) -> Vec<String> {
    if expected.is_empty() {
        return vec!["expected  no history: no run of this recipe has passed here".to_owned()];
    }
    let line = |of: &Expected| {
        let tiers: Vec<String> =
            of.tiers_ms.iter().map(|(tier, ms)| format!("{tier} {}", minutes(*ms))).collect();
        let runs = match of.runs {
            1 => "the one run that passed".to_owned(),
            several => format!("the medians of {several} runs that passed"),
        };
        format!(
            "expected  {}: {} min by {runs} ({})",
            of.platform,
            minutes(of.total_ms),
            tiers.join(", ")
        )
    };
    expected.iter().map(line).collect()
}

fn minutes(ms: u64) -> String {
    let hundredths = ms.div_ceil(600);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use harness_core::tier::Tier;

    use super::*;

    #[test]
    fn what_is_expected_is_said_in_minutes_and_no_history_is_said_too() {
        let tiers_ms = BTreeMap::from([(Tier::Install, 59_999), (Tier::Upgrade, 1)]);
        let of = |runs| Expected {
            platform: "swarm".to_owned(),
            runs,
            total_ms: 90_000,
            tiers_ms: tiers_ms.clone(),
        };
        assert_eq!(
            takes(&[of(3), of(1)]),
            [
                "expected  swarm: 1.50 min by the medians of 3 runs that passed (install 1.00, upgrade 0.01)",
                "expected  swarm: 1.50 min by the one run that passed (install 1.00, upgrade 0.01)",
            ]
        );
        assert_eq!(takes(&[]), ["expected  no history: no run of this recipe has passed here"]);
    }
}
