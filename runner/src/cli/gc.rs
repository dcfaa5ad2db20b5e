//! `cc-ci gc`.

use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};
use jiff::Timestamp;

use crate::gc::{Found, Patience, collect};
use crate::machine::Machine;
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
        let machine = Machine::new(&settings);
        let patience = Patience::for_a_sweep();
        for found in collect(&machine, Timestamp::now(), self.kept, patience).await {
            output::data(&match found {
                Found::Live(domain) => format!("live: {domain}"),
                Found::Kept(claim) => {
                    let until = claim.kept_until.map(whole).unwrap_or_default();
                    format!("kept until {until}: {} of run {}", claim.app.domain, claim.app.run)
                }
                Found::Removed(claim) => {
                    format!("removed: {} of run {}", claim.app.domain, claim.app.run)
                }
                Found::RemovedByOther(domain) => {
                    format!("removed by another gc: {domain}")
                }
                Found::Unusable(domain, text) => {
                    stuck = true;
                    format!("not known: {domain}: {text}")
                }
                Found::Unlisted(text) => {
                    stuck = true;
                    format!("not known: {text}")
                }
                Found::Empty(domain) => {
                    format!("nothing was made for: {domain}")
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

fn whole(time: Timestamp) -> String {
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}
