//! Backup: there is an artefact, and what the recipe claims to back up is in it.

use camino::Utf8Path;
use harness_backup::probe::{self, ArchiveError, Contents, Entry};
use harness_core::cause::CauseClass;
use harness_core::ledger::Age;
use harness_core::platform::Snapshot;

use super::markers::Marker;
use super::planting::{self, known};
use super::{Finding, claims, harness, holdings};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// What a backup holds, or why it cannot be read.
pub(crate) type Archive = Result<Contents, ArchiveError>;

/// The fact that holds the backup's markers.
pub(super) const MARKERS: &str = "floor.backup.markers";

/// Plants two markers in each store: a small one, and one with so much beside it that a dump has something to lose.
pub(super) async fn plant(ctx: Ctx) -> Check {
    holdings::note_installed(&ctx).await?;
    let small = planting::plant(&ctx, Age::AfterUpgrade).await?;
    planting::plant(&ctx, Age::BeforeBackup).await?;
    let files: Vec<_> = small.iter().filter_map(Marker::of).collect();
    ctx.keep(MARKERS, &files)
}

/// There is a snapshot, and its content can be read to the end and is something.
pub(super) async fn artefact_has_content(ctx: Ctx) -> Check {
    let snapshot = snapshot(&ctx)?;
    if snapshot.paths.is_empty() {
        return Finding::wrong(
            "the snapshot to hold files",
            format!("snapshot {} lists none", snapshot.id),
        )
        .into_check();
    }
    content(contents(&ctx)?, &snapshot.id).into_check()
}

fn content(contents: &Contents, id: &str) -> Finding {
    let entries = contents.entries();
    if entries.iter().any(|e| e.size() > 0) {
        return Finding::Right;
    }
    let seen = format!("snapshot {id} has {} files, none with content", entries.len());
    Finding::wrong("the backup to hold files with content", seen)
}

/// The snapshot is this app's, and was made by this run's backup. That the agent hands out another one is no recipe's
/// doing.
pub(super) async fn snapshot_is_this_runs(ctx: Ctx) -> Check {
    let is_ours = probe::belongs(snapshot(&ctx)?, &ctx.app().stack, &ctx.app().domain);
    is_ours.map_err(|mismatch| {
        Failure::new("the snapshot to be of this app, made by this backup", mismatch.to_string())
            .with_cause(CauseClass::Host)
            .without_place()
    })
}

/// Every volume that the labels cover whole is in the backup.
pub(super) async fn declared_volumes(ctx: Ctx) -> Check {
    let markers: Vec<Marker> = ctx.fact(MARKERS)?;
    let claimed = &ctx.run().claims;
    if claimed.volumes.is_empty() {
        return claims::volumes(&ctx.app().stack, claimed, &markers, &Contents::default())
            .into_check();
    }
    claims::volumes(&ctx.app().stack, claimed, &markers, contents(&ctx)?).into_check()
}

/// Every path that the labels name is in the backup.
pub(super) async fn declared_paths(ctx: Ctx) -> Check {
    let claimed = &ctx.run().claims;
    if claimed.paths.is_empty() {
        return claims::paths(&ctx.app().stack, claimed, &Contents::default()).into_check();
    }
    claims::paths(&ctx.app().stack, claimed, contents(&ctx)?).into_check()
}

/// Every dump in the backup ends as its tool ends one.
pub(super) async fn dumps_are_whole(ctx: Ctx) -> Check {
    claims::dumps(contents(&ctx)?).into_check()
}

/// The backup's own log names no error of a hook.
pub(super) async fn hooks_succeeded(ctx: Ctx) -> Check {
    hooks(snapshot(&ctx)?).into_check()
}

fn hooks(snapshot: &Snapshot) -> Finding {
    if snapshot.hook_errors.is_empty() {
        return Finding::Right;
    }
    let seen = snapshot.hook_errors.join("; ");
    Finding::wrong("every backup hook to succeed (a failing one does not end the backup)", seen)
}

fn snapshot(ctx: &Ctx) -> Result<&Snapshot, Failure> {
    ctx.run().snapshot.as_ref().ok_or_else(|| harness("the run file names no snapshot"))
}

/// Reads the archive, once in this process.
pub(crate) fn contents(ctx: &Ctx) -> Result<&Contents, Failure> {
    let path = archive_of(ctx)?;
    let (stack, claimed) = (&ctx.app().stack, &ctx.run().claims);
    let named = |path: &str| claims::names(stack, claimed, path);
    match ctx.archive().get_or_init(|| read(ctx, path, &needles(ctx), named)) {
        Ok(contents) => Ok(contents),
        Err(error) => Err(unreadable(error)),
    }
}

/// Reads the archive once more, for a text in one file of it.
pub(crate) fn read_again(ctx: &Ctx, file: &Entry, text: &str) -> Result<Contents, Failure> {
    let is_it = |path: &str| path == file.path();
    read(ctx, archive_of(ctx)?, &[text.to_owned()], is_it).map_err(|e| unreadable(&e))
}

fn archive_of(ctx: &Ctx) -> Result<&Utf8Path, Failure> {
    let path = snapshot(ctx)?.archive.as_deref();
    path.ok_or_else(|| harness("the snapshot's content was not fetched"))
}

fn read(
    ctx: &Ctx,
    path: &Utf8Path,
    needles: &[String],
    is_wanted: impl Fn(&str) -> bool,
) -> Archive {
    match ctx.access().archive(path) {
        Some(bytes) => probe::read(bytes.as_slice(), needles, is_wanted),
        None => probe::open(path, needles, is_wanted),
    }
}

/// Returns all that is looked for in the backup: the names and values of what was planted.
fn needles(ctx: &Ctx) -> Vec<String> {
    // Without them the checks that want them say so.
    let planted = known(ctx, &Age::ALL).unwrap_or_default();
    planted.into_iter().flat_map(|p| [p.marker.name, p.marker.value]).collect()
}

// The recipe has no part in how the archive is packed and carried.
fn unreadable(error: &ArchiveError) -> Failure {
    Failure::new("the backup's archive to be readable to its end", error.to_string())
        .with_cause(CauseClass::Harness)
        .without_place()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample;

    #[test]
    fn files_without_content_are_no_backup() {
        let hollow = sample::contents(&[("data/_data/x", b"")], &[]);
        assert!(
            matches!(content(&hollow, "s1"), Finding::Wrong { seen, .. } if seen.contains("1 files"))
        );
        let full = sample::contents(&[("data/_data/x", b"x")], &[]);
        assert_eq!(content(&full, "s1"), Finding::Right);
    }

    #[test]
    fn a_hooks_error_is_shown() {
        let mut snapshot =
            Snapshot { id: "s1".to_owned(), paths: vec!["/x".to_owned()], ..Snapshot::default() };
        assert_eq!(hooks(&snapshot), Finding::Right);
        snapshot.hook_errors.push("pre-hook of db exited with 1".to_owned());
        assert!(matches!(hooks(&snapshot), Finding::Wrong { seen, .. } if seen.contains("of db")));
    }
}
