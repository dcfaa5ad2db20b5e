//! `cc-ci replay`.

use harness_core::event::Happened;
use harness_core::replay::{Decision, replay};
use harness_core::report::{ExitStatus, RunVerdict};

use crate::output;

use super::Failed;
use super::recorded::{RecordedError, Which};

/// Decides again over the recorded events of a run, and shows where today's code decides otherwise.
///
/// Decided again are convergence, by every observation that changed the decision; each tier, by its steps and checks;
/// and the results. Not decided again are the plan and what waited for a limit or for an answer.
///
/// Exit codes: 0 every decision is the same; 1 one is different; 2 the run cannot be read.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitStatus, Failed> {
        let recorded = self.which.read().map_err(Failed::usage)?;
        let results = recorded.results().map_err(Failed::usage)?;
        let decisions = replay(&recorded.events, results.as_ref())
            .map_err(|_| Failed::usage(RecordedError::Empty(recorded.path().to_owned())))?;
        output::data(&output::replay(&decisions));
        if !recorded.events.iter().any(|e| matches!(e.what, Happened::Observed { .. })) {
            output::say("no observation is recorded: convergence was not decided again");
        }
        if results.is_none() {
            output::say("the run left no results: they were not compared");
        }
        let same = decisions.iter().all(Decision::is_same);
        Ok(ExitStatus::Verdict(if same { RunVerdict::Pass } else { RunVerdict::Fail }))
    }
}
