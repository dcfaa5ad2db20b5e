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
        let unproven = plan.tier(tier).planned == Planned::Unproven;
        if status == Status::Skip && unproven { Status::Unver } else { status }
    };
    let both = worst(of(Tier::Backup), of(Tier::Restore));
    let lint = match lint {
        LintStatus::Pass => Status::Pass,
        LintStatus::Fail => Status::Fail,
        LintStatus::Unver => Status::Unver,
    };
    IndexMap::from([
        (Rung::Install, of(Tier::Install)),
        (Rung::Upgrade, of(Tier::Upgrade)),
        (Rung::BackupRestore, both),
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
}
