//! `cc-ci explain`.

use harness_core::report::{ExitStatus, Results, RunVerdict};

use crate::output;

use super::Failed;
use super::recorded::{RecordedError, Which};

/// Says what a run proved and why, from its events.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    which: Which,
}

impl Args {
    pub(super) fn run(self) -> Result<ExitStatus, Failed> {
        let recorded = self.which.read().map_err(Failed::usage)?;
        let results = Results::from_events(&recorded.events)
            .map_err(|_| Failed::usage(RecordedError::Empty(recorded.path().to_owned())))?;
        output::data(&output::explain(&results, &recorded.events, output::width()));
        Ok(ExitStatus::Verdict(RunVerdict::Pass))
    }
}
