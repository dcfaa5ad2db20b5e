//! Restore: what was in the backup is back, over something else.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::run_file::Claims;

use super::claimed_files::{self, ClaimedFile};
use super::markers::{Marker, failed_to_write, instead, read_settled, unplanted};
use super::{Finding, backup};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// For containers that are being replaced after the restore; never for content that is wrong.
const PATIENCE: Duration = Duration::from_secs(15);

/// The fact that holds the claimed files that were overwritten.
const FILES: &str = "floor.restore.files";

/// What markers and claimed files hold before the restore.
const MUTATED: &str = "mutated";

/// Overwrites every marker and every named file that the backup must hold, and proves it: otherwise finding them again
/// proves nothing. With nothing to overwrite, a restore that does nothing would pass.
pub(super) async fn break_markers(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(backup::MARKERS)?;
    let covered = covered(&markers, &ctx.run().claims);
    let files = claimed_files::overwrite(&ctx, MUTATED.as_bytes()).await?;
    ctx.keep(FILES, &files)?;
    something_broken(covered.len() + files.len(), &markers, &ctx.run().claims)?;
    for marker in covered {
        if let Some(reason) =
            failed_to_write(&ctx, &marker.service, &marker.path(), MUTATED.as_bytes()).await?
        {
            return Err(Failure::new(
                format!("the marker in volume `{}` to be overwritten before the restore, or its return proves nothing", marker.volume),
                reason,
            )
            .with_cause(CauseClass::Recipe)
            .without_place());
        }
    }
    Ok(())
}

/// Fails unless there is something that the restore must bring back. No verdict on the recipe: nothing was seen of it.
fn something_broken(count: usize, markers: &[Marker], claims: &Claims) -> Check {
    if count > 0 {
        return Ok(());
    }
    let paths: Vec<_> = claims.paths.iter().map(|(v, p)| format!("`{p}` in `{v}`")).collect();
    let mut reasons = unplanted(markers);
    if !paths.is_empty() {
        reasons.push(format!("no plain file that can be overwritten: {}", paths.join(", ")));
    }
    let text = format!(
        "nothing that the backup labels cover can be changed before the restore, so a restore that does nothing would pass: {}",
        if reasons.is_empty() {
            "they cover no volume that a service may write to".to_owned()
        } else {
            reasons.join("; ")
        }
    );
    Err(Failure::error(CauseClass::Harness, text))
}

/// Every marker that the backup must hold has its first content again, and no named file what was written over it.
pub(super) async fn markers_are_back(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(backup::MARKERS)?;
    let files: Vec<ClaimedFile> = ctx.fact(FILES)?;
    let covered = covered(&markers, &ctx.run().claims);
    something_broken(covered.len() + files.len(), &markers, &ctx.run().claims)?;
    let mut lost = Vec::new();
    for marker in covered {
        let seen = read_settled(&ctx, &marker.service, &marker.path(), PATIENCE).await?;
        if let Some(text) = not_back(marker, seen.as_deref()) {
            lost.push(text);
        }
    }
    lost.extend(claimed_files::untouched(&ctx, &files, MUTATED.as_bytes()).await?);
    judge(lost, &unplanted(&claimed_whole(&markers, &ctx.run().claims))).into_check()
}

fn judge(mut lost: Vec<String>, unasked: &[String]) -> Finding {
    let unasked = (!unasked.is_empty())
        .then(|| format!("not looked at, as no marker could be planted: {}", unasked.join("; ")));
    if lost.is_empty() {
        // What was looked at is right, and that is no pass for what was not.
        return unasked.map_or(Finding::Right, Finding::Nothing);
    }
    lost.extend(unasked);
    Finding::wrong(
        "everything that the backup labels cover to be after the restore what it was at the backup",
        lost.join("; "),
    )
}

fn not_back(marker: &Marker, seen: Option<&[u8]>) -> Option<String> {
    if seen == marker.content().map(str::as_bytes) {
        return None;
    }
    let still = if seen == Some(MUTATED.as_bytes()) {
        ": what was written after the backup, so the restore did not touch it"
    } else {
        ""
    };
    Some(format!(
        "volume `{}`: {} in service `{}`: {}{still}",
        marker.volume,
        marker.path(),
        marker.service,
        instead(seen)
    ))
}

/// Returns the planted markers of the volumes that are covered whole.
fn covered<'a>(markers: &'a [Marker], claims: &Claims) -> Vec<&'a Marker> {
    let is_covered = |m: &&Marker| m.content().is_some() && claims.volumes.contains(&m.volume);
    markers.iter().filter(is_covered).collect()
}

/// Returns the markers, planted or not, of the volumes that are covered whole.
fn claimed_whole(markers: &[Marker], claims: &Claims) -> Vec<Marker> {
    markers.iter().filter(|m| claims.volumes.contains(&m.volume)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::marker;

    #[test]
    fn only_covered_markers_count() {
        let markers = [marker("data", "app", "/data", "o"), marker("cache", "app", "/c", "o")];
        let claims = Claims { volumes: vec!["data".to_owned()], ..Claims::default() };
        let names: Vec<_> = covered(&markers, &claims).iter().map(|m| m.volume.clone()).collect();
        assert_eq!(names, ["data"]);
        assert!(covered(&markers, &Claims::default()).is_empty());
    }

    #[test]
    fn nothing_to_bring_back_is_no_pass_and_no_verdict() {
        let paths = vec![("data".to_owned(), "dump".to_owned())];
        let claims = Claims { paths, ..Claims::default() };
        assert_eq!(something_broken(1, &[], &claims), Ok(()));
        let failure = something_broken(0, &[], &claims).unwrap_err();
        assert_eq!(failure.cause, CauseClass::Harness);
        assert!(failure.to_string().contains("`dump` in `data`"), "{failure}");
    }

    #[test]
    fn a_volume_that_nobody_looked_at_is_named_and_is_no_pass() {
        let unasked = ["`cache` (read-only)".to_owned()];
        assert_eq!(judge(Vec::new(), &[]), Finding::Right);
        assert!(
            matches!(judge(Vec::new(), &unasked), Finding::Nothing(r) if r.contains("`cache`"))
        );
        let lost = judge(vec!["volume `data`".to_owned()], &unasked);
        assert!(matches!(lost, Finding::Wrong { seen, .. } if seen.contains("`cache`")));
    }

    #[test]
    fn a_marker_that_is_not_back_says_what_is_there() {
        let marker = marker("data", "app", "/data", "original-1");
        assert_eq!(not_back(&marker, Some(b"original-1")), None);
        assert!(not_back(&marker, Some(b"mutated")).unwrap().contains("did not touch it"));
        assert!(not_back(&marker, None).unwrap().ends_with("it is not there"));
    }
}
