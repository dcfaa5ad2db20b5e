//! Rungs and the level: pure.

use indexmap::IndexMap;

use crate::lint::LintStatus;
use crate::plan::{Plan, Planned};
use crate::tier::{Rung, Status, Tier};

/// Returns each rung's status from the tiers' and the lint's.
///
/// A tier that was skipped although it would apply (not asked for, or the suite has no check) leaves its rung
/// unverified: an untested thing earns nothing. Lint is never skipped.
pub fn rungs(
    plan: &Plan,
    tiers: &IndexMap<Tier, Status>,
    lint: LintStatus,
) -> IndexMap<Rung, Status> {
    let of = |tier: Tier| {
        let status = tiers.get(&tier).copied().unwrap_or(Status::Unver);
        let unproven = plan.tier(tier).is_some_and(|t| t.planned == Planned::Unproven);
        if status == Status::Skip && unproven { Status::Unver } else { status }
    };
    let both = worst(of(Tier::Backup), of(Tier::Restore));
    let all = match plan.tier(Tier::Disaster) {
        Some(_) => worst(both, of(Tier::Disaster)),
        None => both,
    };
    let lint = match lint {
        LintStatus::Pass => Status::Pass,
        LintStatus::Fail => Status::Fail,
        LintStatus::Unver => Status::Unver,
    };
    IndexMap::from([
        (Rung::Install, of(Tier::Install)),
        (Rung::Upgrade, of(Tier::Upgrade)),
        (Rung::BackupRestore, all),
        (Rung::Functional, of(Tier::Custom)),
        (Rung::Lint, lint),
    ])
}

fn worst(a: Status, b: Status) -> Status {
    let rank = |s: Status| match s {
        Status::Fail => 3,
        Status::Unver => 2,
        Status::Pass => 1,
        Status::Skip => 0,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// Returns the level: the highest rung that passed with every lower rung passed or skipped on purpose; 0 for none.
pub fn level(rungs: &IndexMap<Rung, Status>) -> u8 {
    let mut level = 0;
    for (height, rung) in (1..).zip(Rung::ALL) {
        match rungs.get(&rung) {
            Some(Status::Pass) => level = height,
            Some(Status::Skip) => {}
            Some(Status::Fail | Status::Unver) | None => break,
        }
    }
    level
}

#[cfg(test)]
mod tests {
    use Status::{Fail, Pass, Skip, Unver};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case([Pass, Pass, Pass, Pass, Pass], 5)]
    #[case([Pass, Fail, Pass, Pass, Pass], 1)]
    #[case([Pass, Pass, Skip, Pass, Pass], 5)]
    #[case([Pass, Pass, Unver, Pass, Pass], 2)]
    #[case([Pass, Pass, Pass, Pass, Unver], 4)]
    #[case([Pass, Pass, Pass, Unver, Pass], 3)]
    #[case([Fail, Pass, Pass, Pass, Pass], 0)]
    #[case([Pass, Skip, Skip, Unver, Pass], 1)]
    #[case([Skip, Skip, Skip, Skip, Fail], 0)]
    fn the_level_is_the_highest_unbroken_rung(#[case] statuses: [Status; 5], #[case] expected: u8) {
        let rungs = Rung::ALL.into_iter().zip(statuses).collect();
        assert_eq!(level(&rungs), expected);
    }

    #[test]
    fn a_backup_without_its_restore_is_worth_the_restore() {
        assert_eq!(worst(Pass, Fail), Fail);
        assert_eq!(worst(Pass, Unver), Unver);
        assert_eq!(worst(Skip, Skip), Skip);
        assert_eq!(worst(Pass, Skip), Pass);
    }

    #[test]
    fn a_skip_of_what_would_apply_proves_nothing() {
        use crate::name::{Commit, Domain, RecipeName, RunId, StackName};
        use crate::plan::PlannedTier;
        use crate::platform::{App, Revision};

        let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
        let run_id = RunId::try_from("r1".to_owned()).unwrap();
        let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
        let stack = StackName::from(&domain);
        let tier = |(tier, planned)| PlannedTier {
            tier,
            planned,
            reason: String::new(),
            checks: Vec::new(),
        };
        use Planned::{NotApplicable, Run, Unproven};
        let plan = Plan {
            run_id: run_id.clone(),
            recipe: recipe.clone(),
            app: App { recipe, domain, stack, run: run_id },
            head: Revision { commit: Commit::try_from("9".repeat(40)).unwrap(), version: None },
            base: None,
            tiers: Tier::USUAL
                .into_iter()
                .zip([Run, NotApplicable, Run, Unproven, Unproven])
                .map(tier)
                .collect(),
            deploys: 1,
            across_versions: None,
            source: "bundled".to_owned(),
            pr: None,
            has_suite: true,
            customization: Vec::new(),
            deps: Vec::new(),
        };
        let statuses = [Pass, Skip, Pass, Skip, Pass];
        let seen = rungs(&plan, &Tier::USUAL.into_iter().zip(statuses).collect(), LintStatus::Fail);
        assert_eq!(seen.values().copied().collect::<Vec<_>>(), [Pass, Skip, Unver, Pass, Fail]);
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), Rung::ALL);
        // What never ended is not verified.
        let nothing = rungs(&plan, &IndexMap::new(), LintStatus::Unver);
        assert_eq!(nothing.values().copied().collect::<Vec<_>>(), [Unver; 5]);
        let lint = rungs(&plan, &IndexMap::new(), LintStatus::Pass);
        assert_eq!(lint[&Rung::Lint], Pass);
        // A disaster that was planned counts with the restore.
        let mut plan = plan;
        plan.tiers.iter_mut().for_each(|t| t.planned = Run);
        plan.tiers.push(tier((Tier::Disaster, Run)));
        let of = |disaster| {
            let statuses = Tier::ALL.into_iter().zip([Pass, Pass, Pass, Pass, Pass, disaster]);
            rungs(&plan, &statuses.collect(), LintStatus::Pass)[&Rung::BackupRestore]
        };
        assert_eq!([of(Pass), of(Fail), of(Unver)], [Pass, Fail, Unver]);
    }
}
