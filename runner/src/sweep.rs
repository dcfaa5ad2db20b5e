//! Removing all that a dead run made on its platform. Main trait: [`Sweep`].

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::Sweeper;
use harness_core::chain::Chain;
use harness_core::process::end_processes_of_run;

use crate::lease::Claim;

/// How long the removal of each part may take.
const SWEEP: Duration = Duration::from_secs(60);

/// What removes all that a dead run made, except the files in its folder.
pub trait Sweep {
    /// Removes the processes and the app of a claim's run. Nothing to remove is fine. The caller holds the lease.
    ///
    /// # Errors
    /// Something could not be removed; the text says what and why.
    fn remove_everything(&self, claim: &Claim) -> impl Future<Output = Result<(), String>> + Send;
}

/// Sweeps the Docker Engine that a claim names.
#[derive(Clone, Debug)]
pub struct EngineSweep {
    /// The host's own `ABRA_DIR`.
    pub abra_home: Utf8PathBuf,
}

impl Sweep for EngineSweep {
    async fn remove_everything(&self, claim: &Claim) -> Result<(), String> {
        let ended = end_processes_of_run(&claim.app.run);
        tracing::debug!(run = %claim.app.run, ended, "processes of a dead run");
        let sweeper = Sweeper::connect(&claim.docker_host, &self.abra_home, "default").await;
        let sweeper = sweeper.map_err(|e| Chain(&e).to_string())?;
        let removed = sweeper.remove_everything(&claim.app, SWEEP).await;
        removed.map_err(|e| format!("{e}: {}", e.cause.evidence)).map(drop)
    }
}
