//! Disaster: everything that the app had was destroyed, and the backup alone has brought it back; and what a backup of
//! base brought back in head.

use harness_core::cause::CauseClass;
use harness_core::ledger::{Age, Fate, LedgerEvent};

use super::contents::{Asked, asked};
use super::ledger::{Met, read, record, recorded};
use super::restore::read_back;
use super::{Finding, judgment};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// Nothing of what was planted is there: else that it is back later proves nothing.
pub(super) async fn nothing_left(ctx: Ctx) -> Check {
    let Asked { met, covered } = asked(&ctx)?;
    if covered.is_empty() {
        return Err(vacuous(&format!(
            "the backup holds nothing that could be looked for: {}",
            reasons(&met)
        )));
    }
    let seen = read(&ctx, covered).await;
    if let Some(failure) = seen.iter().find_map(|m| m.failure.clone()) {
        return Err(failure);
    }
    let left: Vec<_> = seen.iter().filter(|m| is_left(&m.fate)).map(judgment::one).collect();
    if left.is_empty() { Ok(()) } else { Err(vacuous(&left.join("; "))) }
}

/// Returns whether a marker outlived the loss, in whatever state.
const fn is_left(fate: &Fate) -> bool {
    match fate {
        Fate::Survived | Fate::Altered { .. } => true,
        Fate::Lost { .. } | Fate::NotChecked { .. } => false,
    }
}

fn vacuous(seen: &str) -> Failure {
    let text = format!(
        "vacuous: everything has to be gone before the restore, or its return proves nothing: {seen}"
    );
    Failure::error(CauseClass::Harness, text)
}

fn reasons(met: &[Met]) -> String {
    let newest = met.iter().filter(|m| m.age() == Age::BeforeBackup);
    newest.map(judgment::one).collect::<Vec<_>>().join("; ")
}

/// Every marker that the backup must hold is there again as it was.
pub(super) async fn markers_are_back(ctx: Ctx) -> Check {
    let met = read_back(&ctx, LedgerEvent::RestoreAfterLoss).await?;
    if let Some(failure) = met.iter().find_map(|m| m.failure.clone()) {
        return Err(failure);
    }
    if met.iter().all(|m| matches!(m.fate, Fate::NotChecked { .. })) {
        return Err(vacuous(&reasons(&met)));
    }
    let backup = recorded(&ctx, LedgerEvent::Backup)?;
    let lost = judgment::after_loss(&met, &backup, &ctx.run().claims);
    let promised: Vec<_> = met.into_iter().filter(Met::is_promised).collect();
    after_loss(lost, judgment::unasked(&promised)).into_check()
}

fn after_loss(mut lost: Vec<String>, unasked: Option<String>) -> Finding {
    if lost.is_empty() {
        // What was looked at is right, and that is no pass for what was not.
        return unasked.map_or(Finding::Right, Finding::Nothing);
    }
    lost.extend(unasked);
    Finding::wrong(
        "the backup alone to bring back everything that the labels cover, after all of it was destroyed",
        lost.join("; "),
    )
}

/// What was planted before the upgrade is back from a backup of base, in head.
pub(super) async fn older_backup(ctx: Ctx) -> Check {
    let Asked { mut met, covered } = asked(&ctx)?;
    met.retain(|m| m.age() == Age::BeforeUpgrade);
    let covered = covered.into_iter().filter(|(p, _)| p.marker.age == Age::BeforeUpgrade);
    match &ctx.run().not_across {
        Some(reason) => {
            met.extend(covered.map(|(planted, _)| Met::not_checked(planted, reason.clone())));
        }
        None => met.extend(read(&ctx, covered.collect()).await),
    }
    record(&ctx, LedgerEvent::RestoreAcrossVersions, &[], &met)?;
    if let Some(failure) = met.iter().find_map(|m| m.failure.clone()) {
        return Err(failure);
    }
    across(&met).into_check()
}

fn across(met: &[Met]) -> Finding {
    let lost: Vec<_> = met.iter().filter(|m| m.is_wrong()).map(judgment::one).collect();
    if !lost.is_empty() {
        return Finding::wrong(
            "a backup of the release before to bring back in head what was planted before it",
            lost.join("; "),
        );
    }
    if met.iter().any(|m| m.fate == Fate::Survived) {
        return Finding::Right;
    }
    let each: Vec<_> = met.iter().map(judgment::one).collect();
    Finding::Nothing(format!("nothing was looked at: {}", each.join("; ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::{files_of, met};

    fn of(fate: Fate) -> Met {
        met(&files_of("data", "app", "/data"), Age::BeforeUpgrade, fate)
    }

    fn lost() -> Fate {
        Fate::Lost { seen: "it is not there".to_owned() }
    }

    #[test]
    fn what_outlived_the_loss_proves_nothing() {
        assert!(is_left(&Fate::Survived));
        assert!(is_left(&Fate::Altered { seen: "x".to_owned() }));
        assert!(!is_left(&lost()));
    }

    #[test]
    fn what_was_not_looked_at_is_no_pass() {
        assert_eq!(after_loss(Vec::new(), None), Finding::Right);
        assert!(matches!(after_loss(Vec::new(), Some("x".to_owned())), Finding::Nothing(_)));
        assert!(matches!(after_loss(vec!["y".to_owned()], None), Finding::Wrong { .. }));
    }

    #[test]
    fn an_older_backup_is_judged_by_what_it_brought_back() {
        let unasked = of(Fate::NotChecked { reason: "the restore hung".to_owned() });
        assert_eq!(across(&[of(Fate::Survived), unasked.clone()]), Finding::Right);
        assert!(matches!(across(&[of(Fate::Survived), of(lost())]), Finding::Wrong { .. }));
        assert!(matches!(across(&[unasked]), Finding::Nothing(r) if r.contains("hung")));
    }
}
