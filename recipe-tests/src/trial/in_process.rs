//! Seeds and checks in the process and the task of the run that asks for them: for a simulated server in virtual time.
//! Main type: [`TrialsInProcess`].

use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness_core::cause::{Cause, CauseClass};
use harness_core::chain::Chain;
use harness_core::lifecycle::{Trials, TrialsEnded};
use harness_core::run_file::RunFile;
use harness_local::embedded::Attached;
use harness_local::world::Random;
use tokio::time::{Instant, timeout};

use super::one;
use crate::catalogue;
use crate::ctx::{Ctx, Within};
use crate::notes::{Notes, NotesError};
use crate::repo_tests;
use crate::suite::{Step, Suite};

/// The seeds and checks of a run on a server in this process, with the same results as a process of their own gives.
///
/// Time is tokio's and everything random follows from the seed, so the same seed gives the same lines. A step that
/// panics or never ends is that step's failure; one that blocks its thread blocks the run, which a process would not.
#[derive(Debug)]
pub struct TrialsInProcess {
    within: Within,
    added: Vec<Step>,
}

impl TrialsInProcess {
    /// Returns the trials of a run's app.
    pub fn new(attached: Attached, seed: u64) -> Self {
        let random = Arc::new(Mutex::new(Random::new(seed)));
        Self { within: Within { attached, random }, added: Vec::new() }
    }

    /// Adds steps to those of the recipe, after them: what a suite could do to a run.
    #[must_use]
    pub fn with(mut self, suite: Suite) -> Self {
        self.added.extend(suite.steps);
        self
    }
}

impl Trials for TrialsInProcess {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        let known = match catalogue::shared_steps(&file.app.recipe) {
            Ok(known) => known,
            Err(error) => {
                return TrialsEnded { lines: Vec::new(), trouble: Some(suites(&Chain(&error))) };
            }
        };
        let asked = |step: &&Step| step.tier == file.tier && step.phase == file.phase;
        let own = repo_tests::steps(file);
        let kept = if file.without_suite { catalogue::floor_len() } else { known.len() };
        let steps = known.iter().take(kept).chain(&own).chain(&self.added);
        let steps: Vec<_> = steps.filter(asked).cloned().collect();
        if steps.is_empty() {
            return TrialsEnded::default();
        }
        let notes = Arc::new(Notes::in_memory(file.facts.clone()));
        let ctx =
            Ctx::within(Arc::new(file.clone()), Arc::clone(&notes), self.within.of(&file.app));
        let trouble = match timeout(limit, one_after_another(steps, &ctx, &notes)).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(Cause::new(CauseClass::Harness, Chain(&error).to_string())),
            Err(_elapsed) => {
                Some(suites(&format_args!("the trials were still running after {limit:?}")))
            }
        };
        TrialsEnded { lines: notes.take(), trouble }
    }
}

async fn one_after_another(steps: Vec<Step>, ctx: &Ctx, notes: &Notes) -> Result<(), NotesError> {
    for step in steps {
        let name = step.name.clone();
        let began = Instant::now();
        let ending = one::run(step, ctx.clone()).await;
        one::report(name, ending, &[], began.elapsed(), notes)?;
    }
    Ok(())
}

fn suites(evidence: &dyn ToString) -> Cause {
    Cause::new(CauseClass::Suite, evidence.to_string())
}
