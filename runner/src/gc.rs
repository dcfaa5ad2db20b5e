//! Removes what killed runs left, and never touches a live one nor anything that is not ours: only what a lease
//! names whose lock nobody holds.

use std::io::ErrorKind;
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::Sweeper;
use harness_core::chain::Chain;
use harness_core::process::end_processes_of_run;
use harness_core::wait::{Hint, Pace, Readiness, until};
use jiff::Timestamp;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio::time::Instant;

use crate::artefacts::RunFolder;
use crate::lease::{Attempt, Claim, Lease, LeaseError, folder};
use crate::output;
use crate::settings::Settings;

/// How long the removal of each part may take.
const SWEEP: Duration = Duration::from_secs(60);

/// What became of one lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Its run is alive; it was left alone.
    Live(Utf8PathBuf),
    /// Its deployment is kept on purpose, until then.
    Kept(Box<Claim>),
    /// Its run is dead, and all that it made was removed.
    Removed(Box<Claim>),
    /// Its run was dead, and another process removed all that it made while we waited.
    RemovedByOther(Utf8PathBuf),
    /// Its run is dead before it made anything.
    Empty(Utf8PathBuf),
    /// Its run is dead, and not all that it made could be removed.
    Stuck(Box<Claim>, String),
    /// Whether anything is left cannot be said: its file cannot be used, or another process did not end.
    Unusable(Utf8PathBuf, String),
}

/// Whether to wait for another process that is removing what a dead run left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Leave it to that process.
    Never,
    /// Wait that long at most.
    Within(Duration),
}

impl Patience {
    /// Returns the patience of one who must know that nothing is left: all limits of a sweep, and a little.
    pub const fn for_a_sweep() -> Self {
        Self::Within(Duration::from_secs(150))
    }
}

/// Removes what dead runs left; kept deployments only after their time, or if `kept_too`.
///
/// What is free is removed first; what another process is removing is waited for afterwards, as far as `patience` goes.
pub async fn collect(settings: &Settings, kept_too: bool, patience: Patience) -> Vec<Found> {
    let mut found = Vec::new();
    let mut held = Vec::new();
    for path in leases(settings) {
        match Lease::try_take(&path, false) {
            Ok(Attempt::Held) => held.push(path),
            Ok(Attempt::Taken(lease)) => found.push(reap(lease, path, settings, kept_too).await),
            Err(LeaseError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => found.push(Found::Unusable(path, Chain(&error).to_string())),
        }
    }
    for path in held {
        found.push(match patience {
            Patience::Never => Found::Live(path),
            Patience::Within(limit) => await_end(path, limit, settings, kept_too).await,
        });
    }
    found
}

fn leases(settings: &Settings) -> Vec<Utf8PathBuf> {
    let Ok(entries) = folder(&settings.state_dir).read_dir_utf8() else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path().to_owned());
    let mut paths: Vec<_> = paths.filter(|path| path.extension() == Some("lease")).collect();
    paths.sort();
    paths
}

/// How long a lease may be held by nobody known before its holder counts as a live run: the moment between taking a
/// lock and saying what for.
const UNCLEAR: Duration = Duration::from_secs(5);

/// What a lease that was held has become.
enum Became {
    Free(Lease),
    Gone,
    Live,
    Unusable(String),
}

/// Waits while another process removes what the lease names; a live run is not waited for.
async fn await_end(
    path: Utf8PathBuf,
    limit: Duration,
    settings: &Settings,
    kept_too: bool,
) -> Found {
    let began = Instant::now();
    let name = path.file_stem().unwrap_or_default();
    let look = async || match Lease::try_take(&path, false) {
        Ok(Attempt::Taken(lease)) => Readiness::Ready(Became::Free(lease)),
        Ok(Attempt::Held) => match holder(Lease::peek(&path).as_ref(), is_alive) {
            Holder::Run => Readiness::Ready(Became::Live),
            Holder::Unclear if began.elapsed() > UNCLEAR => Readiness::Ready(Became::Live),
            Holder::Unclear => Readiness::NotYet(format!("{name} has just been taken")),
            Holder::Collector(pid) => {
                Readiness::NotYet(format!("process {pid} is removing what is left on {name}"))
            }
        },
        Err(LeaseError::File { source, .. }) if source.kind() == ErrorKind::NotFound => {
            Readiness::Ready(Became::Gone)
        }
        Err(error) => Readiness::Ready(Became::Unusable(Chain(&error).to_string())),
    };
    let hint = Hint::default();
    let waited = until(Pace::within(limit), &hint, look, |status| {
        output::say(&format!("waiting: {status}"));
    });
    match waited.await {
        Ok(Became::Free(lease)) => reap(lease, path, settings, kept_too).await,
        Ok(Became::Gone) => Found::RemovedByOther(path),
        Ok(Became::Live) => Found::Live(path),
        Ok(Became::Unusable(text)) => Found::Unusable(path, text),
        Err(error) => Found::Unusable(path, error.to_string()),
    }
}

/// Who holds a lease that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    /// The run that claims it.
    Run,
    /// A process that removes what a dead run left.
    Collector(u32),
    /// One that has not said yet: the claim is that of a process that is no more, or there is none.
    Unclear,
}

/// Decides who holds a held lease by what its file says.
fn holder(claim: Option<&Claim>, is_alive: impl Fn(u32) -> bool) -> Holder {
    match claim {
        Some(Claim { collector: Some(pid), .. }) => Holder::Collector(*pid),
        Some(claim) if is_alive(claim.pid) => Holder::Run,
        Some(_) | None => Holder::Unclear,
    }
}

/// Returns whether there is a process with this id.
fn is_alive(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else { return false };
    kill(Pid::from_raw(pid), None) != Err(Errno::ESRCH)
}

async fn reap(mut lease: Lease, path: Utf8PathBuf, settings: &Settings, kept_too: bool) -> Found {
    let Some(claim) = lease.claim() else {
        lease.release();
        return Found::Empty(path);
    };
    if !kept_too && claim.kept_until.is_some_and(|until| until > Timestamp::now()) {
        return Found::Kept(Box::new(claim));
    }
    mark(&mut lease, &claim);
    match remove(&claim, settings).await {
        Ok(()) => {
            lease.release();
            Found::Removed(Box::new(claim))
        }
        Err(text) => Found::Stuck(Box::new(claim), text),
    }
}

/// Says in the lease's file that what its run made is being removed by this process: the lease is held, but not by a
/// live run.
pub(crate) fn mark(lease: &mut Lease, claim: &Claim) {
    let marked = Claim { collector: Some(std::process::id()), ..claim.clone() };
    if let Err(error) = lease.write(&marked) {
        // A full disk must not keep anything from being removed.
        tracing::warn!(error = %Chain(&error), "a lease could not be marked");
    }
}

/// Removes all that a claim's run made: its processes, its app, its private files. The caller holds the lease.
pub(crate) async fn remove(claim: &Claim, settings: &Settings) -> Result<(), String> {
    let ended = end_processes_of_run(&claim.app.run);
    tracing::debug!(run = %claim.app.run, ended, "processes of a dead run");
    let sweeper =
        Sweeper::connect(&claim.docker_host, &settings.state_dir.join("abra"), "default").await;
    let sweeper = sweeper.map_err(|e| Chain(&e).to_string())?;
    let removed = sweeper.remove_everything(&claim.app, SWEEP).await;
    removed.map_err(|e| format!("{e}: {}", e.cause.evidence))?;
    RunFolder::of_dead_run(&claim.run_dir).remove_work();
    Ok(())
}

/// Does [`collect`] at the start of a run, and says only what is worth a line.
pub(crate) async fn collect_dead(settings: &Settings) {
    for found in collect(settings, false, Patience::Never).await {
        match found {
            Found::Removed(claim) => output::say(&format!(
                "removed what run {} left on {}",
                claim.app.run, claim.app.domain
            )),
            Found::Stuck(claim, text) => {
                output::say(&format!(
                    "what run {} left on {} could not be removed: {text}",
                    claim.app.run, claim.app.domain
                ));
            }
            Found::Unusable(path, text) => output::say(&format!("{path}: {text}")),
            Found::Live(_) | Found::Kept(_) | Found::RemovedByOther(_) | Found::Empty(_) => {}
        }
    }
}

#[cfg(test)]
#[path = "gc_tests.rs"]
mod tests;
