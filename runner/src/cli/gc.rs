//! `cc-ci gc`.

use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};

use crate::gc::{Found, Patience, collect};
use crate::output;

use super::Failed;
use super::options::Places;

/// Removes what killed runs left; never a live run, nor anything that is not ours.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also remove deployments that are kept on purpose.
    #[arg(long)]
    kept: bool,
    #[command(flatten)]
    places: Places,
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let mut stuck = false;
        for found in collect(&settings, self.kept, Patience::for_a_sweep()).await {
            output::data(&match found {
                Found::Live(path) => format!("live: {}", path.file_stem().unwrap_or_default()),
                Found::Kept(claim) => {
                    let until = claim.kept_until.map(|t| t.to_string()).unwrap_or_default();
                    format!("kept until {until}: {} of run {}", claim.app.domain, claim.app.run)
                }
                Found::Removed(claim) => {
                    format!("removed: {} of run {}", claim.app.domain, claim.app.run)
                }
                Found::RemovedByOther(path) => {
                    format!("removed by another gc: {}", path.file_stem().unwrap_or_default())
                }
                Found::Unusable(path, text) => {
                    stuck = true;
                    format!("not known: {}: {text}", path.file_stem().unwrap_or_default())
                }
                Found::Empty(path) => {
                    format!("nothing was made for: {}", path.file_stem().unwrap_or_default())
                }
                Found::Stuck(claim, text) => {
                    stuck = true;
                    format!("not removed: {} of run {}: {text}", claim.app.domain, claim.app.run)
                }
            });
        }
        Ok(ExitStatus::Verdict(if stuck { RunVerdict::NotVerified } else { RunVerdict::Pass }))
    }
}
