//! Restore: what was in the backup is back, over something else.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::run_file::Claims;

use super::markers::{Marker, failed_to_write, instead, read_settled};
use super::{Finding, backup};
use crate::check::{Check, Failure, skip};
use crate::ctx::Ctx;

/// For containers that are being replaced after the restore; never for content that is wrong.
const PATIENCE: Duration = Duration::from_secs(15);

/// What markers hold before the restore.
const MUTATED: &str = "mutated";

/// Overwrites every marker that the backup must hold, and proves it: otherwise finding it again proves nothing.
pub(super) async fn break_markers(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(backup::MARKERS)?;
    let covered = match covered(&markers, &ctx.run().claims) {
        Ok(covered) => covered,
        Err(reason) => return skip(reason),
    };
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

/// Every marker that the backup must hold has its first content again.
pub(super) async fn markers_are_back(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(backup::MARKERS)?;
    let covered = match covered(&markers, &ctx.run().claims) {
        Ok(covered) => covered,
        Err(reason) => return skip(reason),
    };
    let mut lost = Vec::new();
    for marker in covered {
        let seen = read_settled(&ctx, &marker.service, &marker.path(), PATIENCE).await?;
        if let Some(text) = not_back(marker, seen.as_deref()) {
            lost.push(text);
        }
    }
    if lost.is_empty() {
        return Ok(());
    }
    Finding::wrong(
        "every covered volume to hold after the restore what it held at the backup",
        lost.join("; "),
    )
    .into_check()
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

/// Returns the planted markers of the volumes that are covered whole, or why there is none.
fn covered<'a>(markers: &'a [Marker], claims: &Claims) -> Result<Vec<&'a Marker>, String> {
    let covered: Vec<_> = markers
        .iter()
        .filter(|m| m.content().is_some() && claims.volumes.contains(&m.volume))
        .collect();
    if covered.is_empty() {
        return Err("no volume with a marker is covered whole by the backup labels".to_owned());
    }
    Ok(covered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::marker;

    #[test]
    fn only_covered_markers_count() {
        let markers = [marker("data", "app", "/data", "o"), marker("cache", "app", "/c", "o")];
        let claims = Claims { volumes: vec!["data".to_owned()], ..Claims::default() };
        let names: Vec<_> =
            covered(&markers, &claims).unwrap().iter().map(|m| m.volume.clone()).collect();
        assert_eq!(names, ["data"]);
        assert!(covered(&markers, &Claims::default()).is_err());
    }

    #[test]
    fn a_marker_that_is_not_back_says_what_is_there() {
        let marker = marker("data", "app", "/data", "original-1");
        assert_eq!(not_back(&marker, Some(b"original-1")), None);
        assert!(not_back(&marker, Some(b"mutated")).unwrap().contains("did not touch it"));
        assert!(not_back(&marker, None).unwrap().ends_with("it is not there"));
    }
}
