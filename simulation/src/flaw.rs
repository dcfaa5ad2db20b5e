//! Harnesses that are broken on purpose, one for each invariant: each must be caught. Main type: [`Flaw`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::ledger::LedgerEvent;
use harness_core::lifecycle::{Trials, TrialsEnded};
use harness_core::name::RecipeName;
use harness_core::plan::Plan;
use harness_core::platform::OpError;
use harness_core::run_file::{Phase, RunFile, TrialLine};
use harness_core::tier::Status;
use harness_local::embedded::{Embedded, InProcess};

use crate::truth::Missed;

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
    /// A lost dependency is taken for the recipe's fault: it looks as it did when it came up (I2).
    TrustsTheLost,
    /// It gives up where a killed run left something at a dependency (I2).
    GivesUp,
    /// A lost dependency is passed over: checks that need it pass without it (I12).
    IgnoresTheLost,
    /// It deploys dependencies twice (I13).
    DeploysTwice,
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

/// Trials that may be blind, beside which it is noted which dependencies are really not there.
#[derive(Debug)]
pub(crate) struct Seeing<'a, T> {
    pub(crate) trials: T,
    pub(crate) plan: &'a Plan,
    pub(crate) server: &'a Embedded<InProcess>,
    pub(crate) flaw: Option<Flaw>,
    /// Where it is noted, if it is.
    pub(crate) missed: Option<&'a Mutex<Vec<Missed>>>,
}

impl<T> Seeing<'_, T> {
    /// Returns the dependencies that do not serve now.
    fn missing(&self) -> Vec<RecipeName> {
        let apps = self.plan.deps.iter().map(|dep| &dep.app);
        apps.filter(|app| !self.server.serves(app)).map(|app| app.recipe.clone()).collect()
    }

    fn note(&self, file: &RunFile, before: &[RecipeName]) {
        let Some(noted) = self.missed else { return };
        if file.phase != Phase::Check || before.is_empty() {
            return;
        }
        let still = self.missing().into_iter().filter(|recipe| before.contains(recipe));
        let missed = still.map(|recipe| Missed { tier: file.tier, recipe });
        noted.lock().unwrap_or_else(PoisonError::into_inner).extend(missed);
    }

    /// Returns whether a check needs a dependency.
    fn needs_another(&self, file: &RunFile, check: &str) -> bool {
        self.plan.needed_by(file.tier, check).next().is_some()
    }
}

impl<T: Trials> Trials for Seeing<'_, T> {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        let missing = self.missing();
        let mut ended = self.trials.run(file, limit).await;
        self.note(file, &missing);
        let is_blind = |check: &str| match self.flaw {
            Some(Flaw::BlindChecks) => true,
            Some(Flaw::AnyCommit) => check == "version_or_image_moved",
            Some(Flaw::IgnoresTheLost) => self.needs_another(file, check),
            Some(_) | None => false,
        };
        if self.flaw == Some(Flaw::Forgets) {
            forget(&mut ended.lines);
        }
        let gives_up = self.flaw == Some(Flaw::GivesUp) && file.phase == Phase::Provide;
        for line in &mut ended.lines {
            if let TrialLine::Done { status, .. } = line
                && gives_up
            {
                *status = Status::Fail;
            }
            if let TrialLine::Done { name, status, message, cause, .. } = line
                && is_blind(name)
            {
                (*status, *message, *cause) = (Status::Pass, None, None);
            }
        }
        ended
    }
}
