//! Restore: what was in the backup is back, over something else.

use harness_backup::marker::break_all;
use harness_core::cause::CauseClass;
use harness_core::ledger::{Age, Fate, LedgerEvent};
use harness_core::run_file::Claims;

use super::claimed_files::{self, ClaimedFile};
use super::contents::{Asked, asked};
use super::ledger::{Met, read, record, recorded};
use super::planting::said;
use super::{Finding, judgment};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// The fact that holds the claimed files that were overwritten.
const FILES: &str = "floor.restore.files";

/// What claimed files hold before the restore.
const MUTATED: &str = "mutated";

/// Breaks every marker and overwrites every named file that the backup must hold, and sees that they are broken:
/// otherwise finding them again proves nothing. With nothing to break, a restore that does nothing would pass.
pub(super) async fn break_markers(ctx: Ctx) -> Check {
    let Asked { met, covered } = asked(&ctx)?;
    let files = claimed_files::overwrite(&ctx, MUTATED.as_bytes()).await?;
    ctx.keep(FILES, &files)?;
    something_broken(covered.len() + files.len(), &met, &ctx.run().claims)?;
    let markers: Vec<_> = covered.into_iter().map(|(planted, _)| planted.marker).collect();
    for (marker, ended) in markers.iter().zip(break_all(ctx.access(), &markers).await) {
        if let Err(error) = ended {
            let text = format!(
                "vacuous: what was planted in `{}` has to be broken before the restore, or its return proves nothing: {}",
                marker.store.id(),
                said(&error)
            );
            // Nothing was seen of the recipe; that its app or the host is in the way is theirs.
            return Err(Failure::error(CauseClass::Harness, text));
        }
    }
    Ok(())
}

/// Fails unless there is something that the restore must bring back. No verdict on the recipe: nothing was seen of it.
fn something_broken(count: usize, unasked: &[Met], claims: &Claims) -> Check {
    if count > 0 {
        return Ok(());
    }
    let paths: Vec<_> = claims.paths.iter().map(|(v, p)| format!("`{p}` in `{v}`")).collect();
    let mut reasons: Vec<String> = Vec::new();
    for met in unasked.iter().filter(|m| m.age() == Age::BeforeBackup) {
        reasons.push(judgment::one(met));
    }
    if !paths.is_empty() {
        reasons.push(format!("no plain file that can be overwritten: {}", paths.join(", ")));
    }
    let text = format!(
        "vacuous: nothing that the backup labels cover can be changed before the restore, so a restore that does nothing would pass: {}",
        if reasons.is_empty() {
            "they cover no volume that a service may write to".to_owned()
        } else {
            reasons.join("; ")
        }
    );
    Err(Failure::error(CauseClass::Harness, text))
}

/// Every marker that the backup must hold is there again as it was, and no named file holds what was written over it.
pub(super) async fn markers_are_back(ctx: Ctx) -> Check {
    let files: Vec<ClaimedFile> = ctx.fact(FILES)?;
    let met = read_back(&ctx, LedgerEvent::Restore).await?;
    let looked_at = met.iter().filter(|m| !matches!(m.fate, Fate::NotChecked { .. })).count();
    if let Some(failure) = met.iter().find_map(|m| m.failure.clone()) {
        return Err(failure);
    }
    something_broken(looked_at + files.len(), &met, &ctx.run().claims)?;
    let backup = recorded(&ctx, LedgerEvent::Backup)?;
    let mut lost = judgment::after_restore(&met, &backup, &ctx.run().claims);
    lost.extend(claimed_files::untouched(&ctx, &files, MUTATED.as_bytes()).await?);
    let promised: Vec<_> = met.into_iter().filter(Met::is_promised).collect();
    judge(lost, judgment::unasked(&promised), looked_at).into_check()
}

/// Reads all that was planted before the backup and that the backup must hold, and writes it into the ledger.
pub(super) async fn read_back(ctx: &Ctx, event: LedgerEvent) -> Result<Vec<Met>, Failure> {
    let Asked { mut met, covered } = asked(ctx)?;
    met.extend(read(ctx, covered).await);
    record(ctx, event, &[Age::AfterUpgrade, Age::BeforeBackup], &met)?;
    Ok(met)
}

/// Judges what was lost, where so many markers were looked at.
fn judge(mut lost: Vec<String>, unasked: Option<String>, looked_at: usize) -> Finding {
    if lost.is_empty() {
        return match unasked {
            None => Finding::Right,
            // What was looked at is right. What was not is named, and is no pass by itself.
            Some(unasked) if looked_at > 0 => Finding::Partly(unasked),
            Some(unasked) => Finding::Nothing(unasked),
        };
    }
    lost.extend(unasked);
    Finding::wrong(
        "everything that the backup labels cover to be after the restore what it was at the backup",
        lost.join("; "),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::{files_of, planted};

    #[test]
    fn nothing_to_bring_back_is_no_pass_and_no_verdict() {
        let paths = vec![("data".to_owned(), "dump".to_owned())];
        let claims = Claims { paths, ..Claims::default() };
        assert_eq!(something_broken(1, &[], &claims), Ok(()));
        let planted = planted(&files_of("data", "app", "/data"), Age::BeforeBackup);
        let unasked = [Met::not_checked(planted, "read-only")];
        let failure = something_broken(0, &unasked, &claims).unwrap_err();
        assert_eq!(failure.cause, CauseClass::Harness);
        let text = failure.to_string();
        assert!(text.contains("`dump` in `data`") && text.contains("read-only"), "{text}");
    }

    #[test]
    fn a_volume_that_nobody_looked_at_is_named_and_is_no_pass_by_itself() {
        let unasked = || Some("`cache` (read-only)".to_owned());
        assert_eq!(judge(Vec::new(), None, 1), Finding::Right);
        assert!(
            matches!(judge(Vec::new(), unasked(), 1), Finding::Partly(r) if r.contains("`cache`"))
        );
        assert!(
            matches!(judge(Vec::new(), unasked(), 0), Finding::Nothing(r) if r.contains("`cache`"))
        );
        let lost = judge(vec!["volume `data`".to_owned()], unasked(), 1);
        assert!(matches!(lost, Finding::Wrong { seen, .. } if seen.contains("`cache`")));
    }
}
