//! Harnesses that are broken on purpose, one for each invariant: each must be caught. Main type: [`Flaw`].

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::ledger::LedgerEvent;
use harness_core::lifecycle::{Trials, TrialsEnded};
use harness_core::platform::OpError;
use harness_core::run_file::{RunFile, TrialLine};
use harness_core::tier::Status;

/// A way in which a harness can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Checks that pass whatever they see (I1).
    BlindChecks,
    /// Every fault is the recipe's (I2).
    BlamesTheRecipe,
    /// It is deaf to its deadline, and its own limits are days (I3).
    Deaf,
    /// Its teardown and its collections say that they removed everything, and removed nothing (I4).
    SweepsUnderTheCarpet,
    /// Its leases are not held by anything (I5).
    LooseLeases,
    /// It writes its files in place (I6).
    WritesInPlace,
    /// It does not know the app's secrets (I7).
    NoSecrets,
    /// It takes whatever runs for what was asked for (I8).
    AnyCommit,
    /// Every run is taken for one of a release (I9).
    EverythingIsARelease,
    /// Chance from outside of the seed (I10).
    Chance,
    /// It loses what was said of the markers of the first store at the restore (I11).
    Forgets,
}

impl Flaw {
    /// Changes whose fault something is.
    pub(crate) fn blame<V>(self, done: Result<V, OpError>) -> Result<V, OpError> {
        done.map_err(|mut error| {
            if self == Self::BlamesTheRecipe {
                error.cause.class = CauseClass::Recipe;
            }
            error
        })
    }
}

/// Forgets what is said of the first store at the restore.
fn forget(lines: &mut Vec<TrialLine>) {
    let restored = |line: &TrialLine| match line {
        TrialLine::Ledger { entry } if entry.event == LedgerEvent::Restore => {
            Some(entry.store.clone())
        }
        TrialLine::Ledger { .. }
        | TrialLine::Done { .. }
        | TrialLine::Fact { .. }
        | TrialLine::Audit { .. }
        | TrialLine::Secret { .. } => None,
    };
    let first = lines.iter().find_map(restored);
    lines.retain(|line| first.is_none() || restored(line) != first);
}

/// Trials that may be blind.
#[derive(Debug)]
pub(crate) struct Seeing<T> {
    pub(crate) trials: T,
    pub(crate) flaw: Option<Flaw>,
}

impl<T: Trials> Trials for Seeing<T> {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        let mut ended = self.trials.run(file, limit).await;
        let is_blind = |check: &str| match self.flaw {
            Some(Flaw::BlindChecks) => true,
            Some(Flaw::AnyCommit) => check == "version_or_image_moved",
            Some(_) | None => false,
        };
        if self.flaw == Some(Flaw::Forgets) {
            forget(&mut ended.lines);
        }
        for line in &mut ended.lines {
            if let TrialLine::Done { name, status, message, cause, .. } = line
                && is_blind(name)
            {
                (*status, *message, *cause) = (Status::Pass, None, None);
            }
        }
        ended
    }
}
