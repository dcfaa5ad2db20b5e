//! The generic floor: what is asked of every recipe, with or without a folder. Checks only read; a failure is the
//! recipe's unless said otherwise; nothing passes because there was nothing to look at.

mod backup;
mod claimed_files;
mod claims;
mod contents;
mod disaster;
mod holdings;
mod install;
mod judgment;
mod labels;
mod ledger;
mod markers;
mod moved;
mod planting;
mod restore;
#[cfg(test)]
pub(crate) mod sample;
mod stores;
mod survival;
mod unprotected;
mod upgrade;

use harness_core::cause::CauseClass;
use harness_core::tier::Tier;

use crate::check::{Check, Failure, pass_but, skip};
use crate::ctx::Ctx;
use crate::suite::Suite;

pub(crate) use backup::{Archive, contents, read_again};

/// Returns the floor.
pub(crate) fn suite() -> Suite {
    Suite::new()
        .check(Tier::Install, "serves", real(install::serves))
        .check(Tier::Install, "own_certificate", real(install::own_certificate))
        .check(Tier::Install, "volumes_are_its_own", real(install::volumes_are_its_own))
        .seed(Tier::Upgrade, "markers", real(upgrade::plant))
        .check(Tier::Upgrade, "commit_label_is_head", real(upgrade::commit_label_is_head))
        .check(Tier::Upgrade, "version_or_image_moved", real(upgrade::version_or_image_moved))
        .check(Tier::Upgrade, "nothing_rolled_back", real(upgrade::nothing_rolled_back))
        .check(Tier::Upgrade, "still_serves", real(install::serves))
        .check(Tier::Upgrade, "volumes_survive", real(survival::volumes_survive))
        .check(Tier::Upgrade, "data_survives", real(survival::data_survives))
        .check(Tier::Upgrade, "no_service_left_behind", real(upgrade::no_service_left_behind))
        .seed(Tier::Backup, "markers", real(backup::plant))
        .check(Tier::Backup, "snapshot_is_this_runs", real(backup::snapshot_is_this_runs))
        .check(Tier::Backup, "artefact_has_content", real(backup::artefact_has_content))
        .check(Tier::Backup, "declared_volumes_are_in_it", real(backup::declared_volumes))
        .check(Tier::Backup, "declared_paths_are_in_it", real(backup::declared_paths))
        .check(Tier::Backup, "dumps_are_whole", real(backup::dumps_are_whole))
        .check(Tier::Backup, "markers_are_in_it", real(contents::markers_are_in_it))
        .check(Tier::Backup, "hooks_succeeded", real(backup::hooks_succeeded))
        .check(Tier::Backup, "nothing_unprotected", real(unprotected::nothing_unprotected))
        .seed(Tier::Restore, "break_markers", real(restore::break_markers))
        .check(Tier::Restore, "serves", real(install::serves))
        .check(Tier::Restore, "markers_are_back", real(restore::markers_are_back))
        .seed(Tier::Disaster, "nothing_left", real(disaster::nothing_left))
        .check(Tier::Disaster, "serves", real(install::serves))
        .check(Tier::Disaster, "markers_are_back", real(disaster::markers_are_back))
        .across("older_backup", real(disaster::older_backup))
}

/// Leaves the body out when there is no app to look at and the harness itself is measured.
fn real<F, R>(body: F) -> impl Fn(Ctx) -> futures_util::future::LocalBoxFuture<'static, Check>
where
    F: Fn(Ctx) -> R,
    R: Future<Output = Check> + 'static,
{
    use futures_util::FutureExt as _;
    move |ctx| {
        if ctx.is_instant() {
            std::future::ready(Ok(())).boxed_local()
        } else {
            body(ctx).boxed_local()
        }
    }
}

/// How a pure judgment ends that found nothing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// It was looked at and is right.
    Right,
    /// What was looked at is right, and not all was: what was not.
    Partly(String),
    /// There was nothing to look at, and that is fine: why.
    Nothing(String),
    /// It is wrong.
    Wrong { expected: String, seen: String },
}

impl Finding {
    fn wrong(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        Self::Wrong { expected: expected.into(), seen: seen.into() }
    }

    /// Returns the finding as a check's end; what is wrong is the recipe's fault.
    fn into_check(self) -> Check {
        match self {
            Self::Right => Ok(()),
            Self::Partly(unseen) => pass_but(unseen),
            Self::Nothing(reason) => skip(reason),
            Self::Wrong { expected, seen } => {
                Err(Failure::new(expected, seen).with_cause(CauseClass::Recipe).without_place())
            }
        }
    }
}

/// Returns a failure of the harness: the run file lacks what the tier's op should have left.
fn harness(text: impl Into<String>) -> Failure {
    Failure::error(CauseClass::Harness, text)
}
