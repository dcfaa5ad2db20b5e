//! The checks as the lifecycle sees them: a run file in, lines out.

use std::time::Duration;

use crate::cause::Cause;
use crate::run_file::{RunFile, TrialLine};

/// What a trials process left: every line that it wrote, and what went wrong with the process itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialsEnded {
    /// What it said.
    pub lines: Vec<TrialLine>,
    /// It crashed, hung, or could not be started.
    pub trouble: Option<Cause>,
}

/// What runs a phase's seeds or checks. On real time it is a process for each phase, so that whatever a suite's
/// author writes can crash, hang or leak there and is that tier's result, never the run's end.
///
/// In virtual time they run in the task that runs the job. What an author writes need not be `Send`, so neither is the
/// future here, and nobody needs it to be: a job is run by one task from its beginning to its end.
pub trait Trials: Send + Sync {
    /// Runs the seeds or checks of the run file's tier.
    fn run(&self, file: &RunFile, limit: Duration) -> impl Future<Output = TrialsEnded>;
}
