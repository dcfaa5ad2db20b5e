//! Removing what a dead run made on the simulated server. Main type: [`ServerSweep`].

use std::time::Duration;

use harness_core::platform::Platform;
use harness_local::embedded::{Embedded, InProcess};
use runner::lease::Claim;
use runner::sweep::Sweep;

use crate::flaw::Flaw;

/// How long the removal of each part may take.
const SWEEP: Duration = Duration::from_secs(60);

/// Sweeps a simulated server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ServerSweep<'a> {
    pub(crate) server: &'a Embedded<InProcess>,
    pub(crate) flaw: Option<Flaw>,
}

impl Sweep for ServerSweep<'_> {
    async fn remove_everything(&self, claim: &Claim) -> Result<(), String> {
        if self.flaw == Some(Flaw::SweepsUnderTheCarpet) {
            return Ok(());
        }
        let app = &claim.app;
        let undeployed = self.server.undeploy(app, SWEEP).await;
        undeployed.map_err(|e| format!("{e}: {}", e.cause.evidence))?;
        let removed = self.server.remove_data(app, SWEEP).await;
        removed.map_err(|e| format!("{e}: {}", e.cause.evidence))?;
        let forgotten = self.server.forget(app).await;
        forgotten.map_err(|e| format!("{e}: {}", e.cause.evidence))
    }

    async fn take_back(&self, _: &Claim, _: &Claim) -> Result<(), String> {
        Err("nothing is kept warm on a simulated server".to_owned())
    }
}
