//! `cc-ci gc`.

use camino::Utf8PathBuf;
use harness_core::name::{InvalidRunId, RunId};
use harness_core::process::BaseEnv;
use harness_core::report::{ExitStatus, RunVerdict};
use jiff::Timestamp;
use thiserror::Error;

use crate::gc::{Found, KeptOnes, Patience, collect};
use crate::machine::Machine;
use crate::output;

use super::Failed;
use super::options::Places;

/// Removes what killed runs left; never a live run, nor anything that is not ours.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Also remove deployments that are kept on purpose; with a run's name, or its folder, that one alone.
    #[arg(long, value_name = "RUN", num_args = 0..=1)]
    kept: Option<Option<Utf8PathBuf>>,
    #[command(flatten)]
    places: Places,
}

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let mut stuck = false;
        let machine = Machine::new(&settings, self.places.trials(), base);
        let patience = Patience::for_a_sweep();
        let kept = kept_ones(self.kept.as_ref()).map_err(Failed::usage)?;
        let all = collect(&machine, Timestamp::now(), &kept, patience).await;
        if let KeptOnes::OfRunGo(run) = &kept
            && !all.iter().any(|found| is_of(found, run))
        {
            let standing = all.iter().filter_map(kept_by).map(ToString::to_string).collect();
            return Err(Failed::usage(GcError::NotKept { run: run.clone(), standing }));
        }
        for found in all {
            output::data(&match found {
                Found::Live(domain) => format!("live: {domain}"),
                Found::Kept(claim) => {
                    let until = claim.kept_until.map(whole).unwrap_or_default();
                    format!("kept until {until}: {} of run {}", claim.app.domain, claim.app.run)
                }
                Found::Warm(claim) => format!(
                    "kept warm: {}; `cc-ci warm down {}` removes it",
                    claim.app.domain, claim.app.recipe
                ),
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

/// Nothing can be said of the run that was named.
#[derive(Debug, Error)]
enum GcError {
    #[error("`{0}` is no run: expected its name or its folder")]
    NoRun(Utf8PathBuf, #[source] InvalidRunId),
    #[error("nothing is left of run {run}; kept are {}", if standing.is_empty() { "none".to_owned() } else { standing.join(", ") })]
    NotKept { run: RunId, standing: Vec<String> },
}

/// Reads `--kept`.
fn kept_ones(given: Option<&Option<Utf8PathBuf>>) -> Result<KeptOnes, GcError> {
    match given {
        None => Ok(KeptOnes::Stay),
        Some(None) => Ok(KeptOnes::Go),
        Some(Some(run)) => {
            let name = run.file_name().unwrap_or_default().to_owned();
            let name = RunId::try_from(name).map_err(|e| GcError::NoRun(run.clone(), e))?;
            Ok(KeptOnes::OfRunGo(name))
        }
    }
}

/// Returns whether something was found of a run.
fn is_of(found: &Found, run: &RunId) -> bool {
    match found {
        Found::Kept(claim) | Found::Removed(claim) | Found::Stuck(claim, _) => {
            claim.app.run == *run
        }
        Found::Live(_)
        | Found::Warm(_)
        | Found::RemovedByOther(_)
        | Found::Empty(_)
        | Found::Unusable(..)
        | Found::Unlisted(_) => false,
    }
}

/// Returns the run that keeps a deployment.
fn kept_by(found: &Found) -> Option<&RunId> {
    if let Found::Kept(claim) = found { Some(&claim.app.run) } else { None }
}

fn whole(time: Timestamp) -> String {
    time.round(jiff::Unit::Second).unwrap_or(time).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_ones_stay_go_or_go_by_the_name_of_their_run() {
        let of = |given: Option<Option<&str>>| {
            let given = given.map(|run| run.map(Utf8PathBuf::from));
            kept_ones(given.as_ref()).map_err(|e| e.to_string())
        };
        let run = RunId::try_from("r1".to_owned()).unwrap();
        assert_eq!(of(None), Ok(KeptOnes::Stay));
        assert_eq!(of(Some(None)), Ok(KeptOnes::Go));
        for given in ["r1", "runs/r1", "/a/runs/r1/"] {
            assert_eq!(of(Some(Some(given))), Ok(KeptOnes::OfRunGo(run.clone())), "{given}");
        }
        let refused = of(Some(Some(".."))).unwrap_err();
        assert_eq!(refused, "`..` is no run: expected its name or its folder");
    }
}
