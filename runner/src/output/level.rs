//! What keeps a run from a higher level. Main function: [`what_would_raise_it`].

use harness_core::lint::LintStatus;
use harness_core::report::{Results, Stage};
use harness_core::tier::{Rung, Status, Tier};

use super::story::first_line;

/// Returns the lowest rung that is in the way of a higher level, and what is wrong with it; nothing at the top.
pub(super) fn what_would_raise_it(results: &Results) -> Option<String> {
    let (height, rung) = (1..).zip(Rung::ALL).find(|(_, rung)| {
        match results.rungs.get(rung).copied().unwrap_or(Status::Unver) {
            Status::Pass | Status::Skip => false,
            Status::Fail | Status::Unver => true,
        }
    })?;
    let status = results.rungs.get(&rung).copied().unwrap_or(Status::Unver);
    Some(format!("{height} {rung} is {status}: {}", why(results, rung)))
}

fn why(results: &Results, rung: Rung) -> String {
    let tiers: &[Tier] = match rung {
        Rung::Install => &[Tier::Install],
        Rung::Upgrade => &[Tier::Upgrade],
        Rung::BackupRestore => &[Tier::Backup, Tier::Restore, Tier::Disaster],
        Rung::Functional => &[Tier::Custom],
        Rung::Lint => return lint(results),
    };
    let stages = results.stages.iter().filter(|s| tiers.contains(&s.tier));
    let in_the_way = |s: &&Stage| s.status != Status::Pass;
    let Some(stage) = stages.clone().find(in_the_way) else {
        return "nothing says why".to_owned();
    };
    let bad: Vec<&str> = stage
        .checks
        .iter()
        .filter(|c| matches!(c.status, Status::Fail | Status::Unver))
        .map(|c| c.name.as_str())
        .collect();
    match (&stage.reason, bad.as_slice()) {
        (Some(reason), _) if stage.tier == Tier::Custom && reason.starts_with("no suite") => {
            format!("{reason}; `cc-ci new {}` writes one to begin with", results.recipe)
        }
        (Some(reason), []) => first_line(reason).to_owned(),
        (None, []) => "nothing says why".to_owned(),
        (_, bad) => format!("see {} in the {} tier", bad.join(", "), stage.tier),
    }
}

fn lint(results: &Results) -> String {
    match results.lint.status {
        LintStatus::Pass => "it passed".to_owned(),
        LintStatus::Fail => {
            let errors = results.lint.rules_failed.iter().filter(|r| r.is_error);
            let rules: Vec<&str> = errors.map(|r| r.rule.as_str()).collect();
            format!("{} (lint.txt says more; `cc-ci lint` does it alone)", rules.join(", "))
        }
        LintStatus::Unver => {
            results.lint.reason.clone().unwrap_or_else(|| "nothing says why".to_owned())
        }
    }
}

#[cfg(test)]
#[path = "level_tests.rs"]
mod tests;
