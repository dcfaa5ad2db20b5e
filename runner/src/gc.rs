//! Removes what killed runs left, and never touches a live one nor anything that is not ours: only what a lease
//! names whose lock nobody holds.

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::Sweeper;
use harness_core::chain::Chain;
use harness_core::process::end_processes_of_run;
use jiff::Timestamp;

use crate::artefacts::RunFolder;
use crate::lease::{Attempt, Claim, Lease, folder};
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
    /// Its run is dead before it made anything.
    Empty(Utf8PathBuf),
    /// Its run is dead, and not all that it made could be removed.
    Stuck(Box<Claim>, String),
}

/// Removes what dead runs left; kept deployments only after their time, or if `kept_too`.
pub async fn collect(settings: &Settings, kept_too: bool) -> Vec<Found> {
    let mut found = Vec::new();
    let Ok(entries) = folder(&settings.state_dir).read_dir_utf8() else { return found };
    for entry in entries.flatten() {
        let path = entry.path().to_owned();
        if path.extension() != Some("lease") {
            continue;
        }
        match Lease::try_take(&path, false) {
            Ok(Attempt::Held) => found.push(Found::Live(path)),
            Ok(Attempt::Taken(lease)) => found.push(reap(lease, path, settings, kept_too).await),
            Err(error) => tracing::debug!(%path, %error, "a lease went away"),
        }
    }
    found
}

async fn reap(mut lease: Lease, path: Utf8PathBuf, settings: &Settings, kept_too: bool) -> Found {
    let Some(claim) = lease.claim() else {
        lease.release();
        return Found::Empty(path);
    };
    if !kept_too && claim.kept_until.is_some_and(|until| until > Timestamp::now()) {
        return Found::Kept(Box::new(claim));
    }
    match remove(&claim, settings).await {
        Ok(()) => {
            lease.release();
            Found::Removed(Box::new(claim))
        }
        Err(text) => Found::Stuck(Box::new(claim), text),
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
    for found in collect(settings, false).await {
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
            Found::Live(_) | Found::Kept(_) | Found::Empty(_) => {}
        }
    }
}
