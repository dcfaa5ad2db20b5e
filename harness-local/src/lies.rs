//! Every way in which a backup or a restore is known to go wrong, with the tier that finds it and what shows that it
//! does: the one table, which `docs/reference/backup-faults.md` is made from. Main items: [`LIES`], [`Lie`].

use std::fmt;

use harness_core::cause::CauseClass;
use harness_core::tier::Tier::{self, Backup, Restore};

use crate::fault::What;

/// A way in which a backup or a restore goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lie {
    /// Which.
    pub way: Way,
    /// What is wrong.
    pub text: &'static str,
    /// The tier that finds it.
    pub tier: Tier,
    /// What the tier must say.
    pub expected: Expected,
    /// The check or step by which it is found.
    pub check: &'static str,
    /// What shows that it is found.
    pub shown: &'static [Shown],
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the table says what each is")]
pub enum Way {
    DumpTruncated,
    DumpEmpty,
    DumpAbsent,
    HookFails,
    DatabaseRestarts,
    HookElsewhere,
    PathMisses,
    VolumeMissing,
    DumpOfPart,
    OlderDump,
    OlderFiles,
    DatabaseLeftOut,
    FilesLeftOut,
    NothingBackedUp,
    NoRestoreHook,
    RestoreHookFails,
    RestoresOlder,
    RestoreDoesNothing,
    RestoreLosesPart,
    StaleCache,
    RepositoryLocked,
    RepositoryFull,
    RepositoryGone,
}

/// What a tier must say of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It is red, and this is to blame.
    Fails(CauseClass),
    /// It is not verified, for this.
    NotVerified(CauseClass),
    /// The backup is made again. One that is right then is a pass and a flake; where none is, what ended the database
    /// is to blame: the app if that ended by itself, else the host, and then nothing is verified.
    MadeAgain,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails(cause) => write!(f, "fail, {}", cause.word()),
            Self::NotVerified(cause) => write!(f, "not verified, {}", cause.word()),
            Self::MadeAgain => f.write_str(
                "made again: pass as a flake; else not verified (host) if it was killed, fail (app) if it ended by itself",
            ),
        }
    }
}

/// What shows that a way is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A bundled recipe that is broken so: on a real engine and on the simulated server.
    Recipe(&'static str),
    /// A trial on a real engine (`runner/tests/engine/`).
    Trial(&'static str),
    /// A fault of the simulation.
    Fault(What),
    /// A sabotage of an app.
    Sabotage(&'static str),
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipe(name) => write!(f, "recipe `{name}`"),
            Self::Trial(name) => write!(f, "trial `{name}`"),
            Self::Fault(what) => write!(f, "fault `{what}`"),
            Self::Sabotage(name) => write!(f, "sabotage `{name}`"),
        }
    }
}

const fn lie(
    (way, text): (Way, &'static str),
    (tier, check): (Tier, &'static str),
    expected: Expected,
    shown: &'static [Shown],
) -> Lie {
    Lie { way, text, tier, expected, check, shown }
}

const RECIPE: Expected = Expected::Fails(CauseClass::Recipe);
const HOST: Expected = Expected::NotVerified(CauseClass::Host);

use Shown::{Fault, Recipe, Sabotage, Trial};

/// Every way, as it goes wrong from the hook to the restored app.
pub const LIES: &[Lie] = &[
    lie(
        (Way::DumpTruncated, "A dump is cut short."),
        (Backup, "dumps_are_whole"),
        RECIPE,
        &[Recipe("broken-cut-dump"), Fault(What::DumpTruncated), Sabotage("dump-truncated")],
    ),
    lie(
        (Way::DumpEmpty, "A dump is empty."),
        (Backup, "declared_paths_are_in_it"),
        RECIPE,
        &[
            Recipe("broken-empty-dump"),
            Fault(What::DumpEmpty),
            Sabotage("dump-empty"),
            Sabotage("backup-empty"),
        ],
    ),
    lie(
        (Way::DumpAbsent, "The hook makes no dump and says that all is well."),
        (Backup, "declared_paths_are_in_it"),
        RECIPE,
        &[Recipe("broken-silent-hook"), Fault(What::HookSilent), Sabotage("backup-hook-silent")],
    ),
    lie(
        (Way::HookFails, "The hook ends with an error, which the backup agent only logs."),
        (Backup, "hooks_succeeded"),
        RECIPE,
        &[
            Recipe("broken-failing-hook"),
            Recipe("leaky"),
            Fault(What::HookFails),
            Sabotage("backup-hook-fails"),
        ],
    ),
    lie(
        (
            Way::DatabaseRestarts,
            "The database's container ends in the middle of the dump, and another takes its place.",
        ),
        (Backup, "backed_up"),
        Expected::MadeAgain,
        &[
            Trial("real::backups::a_database_killed_in_one_dump_is_no_failure"),
            Trial("real::backups::a_database_killed_in_every_dump_is_the_hosts"),
            Fault(What::TaskKilled),
        ],
    ),
    lie(
        (Way::HookElsewhere, "The labels with the hook stand at the wrong service."),
        (Backup, "hooks_succeeded"),
        RECIPE,
        &[Recipe("broken-hook-elsewhere")],
    ),
    lie(
        (Way::PathMisses, "The label names a path, and the dump lies elsewhere."),
        (Backup, "declared_paths_are_in_it"),
        RECIPE,
        &[Recipe("broken-dump-outside")],
    ),
    lie(
        (Way::VolumeMissing, "A volume that the labels take is not in the backup."),
        (Backup, "declared_volumes_are_in_it"),
        RECIPE,
        &[Fault(What::VolumeMissed), Sabotage("backup-misses-volume")],
    ),
    lie(
        (
            Way::DumpOfPart,
            "The dump is whole, and holds only a part of what the app keeps: by the suite.",
        ),
        (Backup, "dump_holds_the_conversation"),
        RECIPE,
        &[Recipe("broken-synapse-schema-only"), Recipe("broken-half-a-dump")],
    ),
    lie(
        (Way::OlderDump, "The dump holds an older state."),
        (Backup, "markers_are_in_it"),
        RECIPE,
        &[Sabotage("dump-of-yesterday")],
    ),
    lie(
        (
            Way::OlderFiles,
            "The app's own files are in the backup as they were before. The floor's are not among them: only a suite finds it, by what a visitor changed last.",
        ),
        (Restore, "page_is_original"),
        RECIPE,
        &[Sabotage("backup-of-yesterday")],
    ),
    lie(
        (Way::DatabaseLeftOut, "A database is in no backup: of two volumes only one is."),
        (Backup, "nothing_unprotected"),
        RECIPE,
        &[Recipe("broken-unprotected")],
    ),
    lie(
        (
            Way::FilesLeftOut,
            "Of two volumes with files the labels leave out one, to which the app writes.",
        ),
        (Backup, "nothing_unprotected"),
        RECIPE,
        &[Recipe("broken-second-volume")],
    ),
    lie(
        (Way::NothingBackedUp, "The labels cover nothing."),
        (Backup, "backed_up"),
        RECIPE,
        &[Recipe("broken-empty-backup")],
    ),
    lie(
        (Way::NoRestoreHook, "The dump is in the backup, and no hook reads it back."),
        (Restore, "markers_are_back"),
        RECIPE,
        &[
            Recipe("broken-dump-not-read"),
            Recipe("broken-no-restore-hook"),
            Recipe("broken-synapse-no-restore-hook"),
            Sabotage("restore-skips-hooks"),
        ],
    ),
    lie(
        (
            Way::RestoreHookFails,
            "The hook that reads the dump back ends with an error, which the backup agent only logs.",
        ),
        (Restore, "restored"),
        RECIPE,
        &[Fault(What::RestoreHookFails), Sabotage("restore-hook-fails")],
    ),
    lie(
        (Way::RestoresOlder, "The hook reads back an older dump."),
        (Restore, "markers_are_back"),
        RECIPE,
        &[Recipe("broken-older-dump")],
    ),
    lie(
        (
            Way::RestoreDoesNothing,
            "The restore does nothing, or what it brought back is swept away.",
        ),
        (Restore, "markers_are_back"),
        RECIPE,
        &[
            Recipe("broken-restore-loses"),
            Fault(What::RestoreNothing),
            Sabotage("restore-does-nothing"),
            Sabotage("restore-skips-files"),
        ],
    ),
    lie(
        (Way::RestoreLosesPart, "The restore brings back a part of what the backup holds."),
        (Restore, "markers_are_back"),
        RECIPE,
        &[
            Fault(What::RestoreHalf),
            Sabotage("restore-cuts-files"),
            Sabotage("restore-loses-odd-files"),
            Sabotage("restore-loses-even-files"),
            Sabotage("restore-loses-older-rows"),
            Sabotage("restore-loses-newer-rows"),
            Sabotage("restore-drops-table"),
        ],
    ),
    lie(
        (
            Way::StaleCache,
            "What came back is on the disk, and the app goes on serving its cache: by the suite.",
        ),
        (Restore, "page_is_original"),
        RECIPE,
        &[Recipe("broken-stale-cache"), Sabotage("cache-of-before-restore")],
    ),
    lie(
        (Way::RepositoryLocked, "The backup agent's repository is locked."),
        (Backup, "backed_up"),
        HOST,
        &[Trial("exclusive::a_locked_repository_is_the_hosts"), Fault(What::RepositoryLocked)],
    ),
    lie(
        (Way::RepositoryFull, "The backup agent's repository has no space left."),
        (Backup, "backed_up"),
        HOST,
        &[Fault(What::RepositoryFull)],
    ),
    lie(
        (Way::RepositoryGone, "The backup agent's repository cannot be reached."),
        (Backup, "backed_up"),
        HOST,
        &[Fault(What::RepositoryGone)],
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bundle::{BROKEN, Broken, Ending};
    use crate::fault::{self, Kind, Places};
    use crate::sabotage::{self, Area};

    fn shown() -> impl Iterator<Item = (&'static Lie, Shown)> {
        LIES.iter().flat_map(|lie| lie.shown.iter().map(move |shown| (lie, *shown)))
    }

    fn has(wanted: Shown) -> bool {
        shown().any(|(_, shown)| shown == wanted)
    }

    #[test]
    fn every_way_has_one_row_and_something_that_shows_it() {
        let ways: BTreeSet<Way> = LIES.iter().map(|lie| lie.way).collect();
        assert_eq!(ways.len(), LIES.len());
        // The variants count up from nothing, so the last one says how many there are.
        assert_eq!(LIES.len(), Way::RepositoryGone as usize + 1, "a way without a row");
        for lie in LIES {
            assert!(!lie.shown.is_empty() && lie.text.ends_with('.'), "{:?}", lie.way);
            assert!([Backup, Restore].contains(&lie.tier), "{:?}", lie.way);
        }
    }

    #[test]
    fn a_recipe_ends_in_the_tier_and_with_the_cause_of_its_row() {
        for (lie, shown) in shown() {
            let Recipe(name) = shown else { continue };
            let broken = BROKEN.iter().find(|b| b.recipe == name);
            let Broken { ending, cause, .. } = broken.unwrap_or_else(|| panic!("no {name}"));
            let Ending::Fails { tier, check } = ending else { panic!("{name} does not fail") };
            assert_eq!(*tier, lie.tier, "{name}");
            if lie.shown[0] == shown {
                assert_eq!((*check, Expected::Fails(*cause)), (lie.check, lie.expected), "{name}");
            }
        }
    }

    #[test]
    fn a_fault_is_caught_in_the_tier_of_its_row_or_is_nobodys_verdict() {
        for (lie, shown) in shown() {
            let Fault(what) = shown else { continue };
            let class = what.class();
            match lie.expected {
                Expected::Fails(_) => assert!(class.caught_by.contains(&lie.tier), "{what}"),
                Expected::NotVerified(_) | Expected::MadeAgain => {
                    assert_eq!(class.kind, Kind::Environment, "{what}");
                }
            }
        }
    }

    #[test]
    fn whatever_breaks_backups_or_restores_stands_in_a_row() {
        let of_backups = |tier: &Tier| [Backup, Restore].contains(tier);
        for broken in BROKEN {
            if let Ending::Fails { tier, .. } = broken.ending
                && of_backups(&tier)
            {
                assert!(has(Recipe(broken.recipe)), "{} stands in no row", broken.recipe);
            }
        }
        for class in fault::CLASSES {
            let is_one = match class.places {
                Places::Only(tier) => of_backups(&tier),
                Places::Backups => true,
                Places::Throughout
                | Places::Deploys
                | Places::Pulls
                | Places::During(_)
                | Places::Calls
                | Places::Beside
                | Places::Provided
                | Places::Events => false,
            };
            assert!(!is_one || has(Fault(class.what)), "{} stands in no row", class.name);
        }
        for class in sabotage::CLASSES {
            let is_one = matches!(class.area, Area::Backup | Area::Restore);
            assert!(!is_one || has(Sabotage(class.name)), "{} stands in no row", class.name);
        }
    }

    #[test]
    fn what_a_row_names_is_there() {
        let trials = [
            include_str!("../../runner/tests/engine/backups.rs"),
            include_str!("../../runner/tests/engine/unverified.rs"),
        ];
        for (lie, shown) in shown() {
            let is_there = match shown {
                Sabotage(name) => sabotage::CLASSES.iter().any(|c| c.name == name),
                Trial(name) => trials.iter().any(|text| text.contains(&format!("\"{name}\""))),
                // Of these the other tests ask.
                Recipe(_) | Fault(_) => true,
            };
            assert!(is_there, "{:?}: there is no {shown}", lie.way);
        }
    }
}
