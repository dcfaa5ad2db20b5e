//! Removing all that a dead run made on its platform. Main trait: [`Sweep`].

use std::time::Duration;

use camino::Utf8PathBuf;
use harness_abra::Sweeper;
use harness_core::chain::Chain;
use harness_core::process::end_processes_of_run;
use harness_core::run_file::{Consumer, Phase};

use crate::lease::Claim;
use crate::provider::ProviderSuite;

/// How long the removal of each part may take.
const SWEEP: Duration = Duration::from_secs(60);

/// What removes all that a dead run made, except the files in its folder.
pub trait Sweep {
    /// Removes the processes and the app of a claim's run. Nothing to remove is fine. The caller holds the lease.
    ///
    /// # Errors
    /// Something could not be removed; the text says what and why.
    fn remove_everything(&self, claim: &Claim) -> impl Future<Output = Result<(), String>> + Send;

    /// Takes back what was made for the app of a claim's run at something that is kept warm, and nothing else of it.
    /// Nothing to take back is fine. The caller holds the lease.
    ///
    /// # Errors
    /// It could not be taken back; the text says why.
    fn take_back(&self, claim: &Claim, warm: &Claim) -> impl Future<Output = Result<(), String>>;
}

/// Sweeps the Docker Engine that a claim names.
#[derive(Clone, Debug)]
pub struct EngineSweep {
    /// The host's own `ABRA_DIR`.
    pub abra_home: Utf8PathBuf,
    /// What knows the suites of what is kept warm.
    pub suites: ProviderSuite,
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

    async fn take_back(&self, claim: &Claim, warm: &Claim) -> Result<(), String> {
        let consumer = Consumer { app: claim.app.clone(), redirects: Vec::new() };
        let asked = self.suites.ask(warm, Phase::TakeBack, Some(consumer)).await;
        asked.map_err(|why| format!("at {}, which is kept warm: {why}", warm.app.domain))
    }
}
