//! One run from its lease to its last report: the same code on a real machine and in a simulation of one. Main type:
//! [`Session`].

use std::cell::RefCell;
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::chain::Chain;
use harness_core::event::{Event, EventLog, Happened, Sink, Stop};
use harness_core::lifecycle::{Job, Keep, Limits, Needed, RecipeStates, StopSignal, Trials};
use harness_core::name::Domain;
use harness_core::plan::Plan;
use harness_core::platform::{App, Platform};
use harness_core::report::{ExitStatus, Results, RunVerdict};
use harness_core::suite::Settings as SuiteSettings;
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};
use jiff::Timestamp;
use thiserror::Error;

use crate::artefacts::{ATTACHING, Recorder, RunFolder};
use crate::disk::Disk;
use crate::gc;
use crate::last_good::{self, Candidate, LastGood};
use crate::lease::{Attempt, Claim, Lease, LeaseError, Leases};
use crate::machine::Machine;
use crate::sweep::Sweep;

/// One run: what to do, where, and with what.
#[derive(Debug)]
pub struct Session<'a, L, D, S, P, T> {
    /// The machine that it is on.
    pub machine: &'a Machine<L, D, S>,
    /// Where apps run.
    pub platform: &'a P,
    /// The checks.
    pub trials: &'a T,
    /// What will be done.
    pub plan: &'a Plan,
    /// The suite's settings.
    pub settings: &'a SuiteSettings,
    /// What the recipe's files say.
    pub recipe: &'a RecipeStates,
    /// Where files of the run go.
    pub folder: &'a RunFolder<D>,
    /// The claim on the app's domain; none on a platform that nobody else can reach and that ends with this process.
    pub leasing: Option<Leasing>,
    /// How long things may take.
    pub limits: Limits,
    /// Whether the deployment is left standing, and when.
    pub keep: Keep,
    /// How long a deployment stands that is left standing.
    pub keep_for: Duration,
    /// Whether what is left standing is for other runs to attach to.
    pub keep_warm: bool,
    /// What tells the run to end early.
    pub stop: StopSignal,
    /// What the run may become the last good one by; none: it may not.
    pub candidate: Option<Candidate>,
    /// What is deployed before the app.
    pub deps: &'a [Needed<'a>],
}

/// How the claim on the app's domain is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leasing {
    /// The engine that the app will be on.
    pub docker_host: String,
    /// How long another run that holds the domain is waited for.
    pub patience: Duration,
}

/// A run could not begin: nothing was made.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The claim on the domain could not be made.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// Another run holds the domain for longer than this one may wait.
    #[error("another run of the same recipe and commit is under way")]
    Busy(#[source] WaitError),
    /// A deployment stands there on purpose, and its time is not over.
    #[error(
        "run {run} keeps {domain} standing until {until}: look at it with `cc-ci shell {dir}`, or end it with `cc-ci gc --kept {run}`; then run again"
    )]
    Kept {
        /// The run that keeps it.
        run: String,
        /// Its folder.
        dir: Utf8PathBuf,
        /// The app's domain.
        domain: String,
        /// Until when.
        until: Timestamp,
    },
    /// What a killed run left in our place cannot be removed.
    #[error("what run {run} left on {domain} could not be removed: {text}; `cc-ci gc` tries again")]
    Dirty {
        /// The dead run.
        run: String,
        /// The app's domain.
        domain: String,
        /// What was in the way.
        text: String,
    },
    /// The run was told to end before it made anything.
    #[error("stopped before anything was made")]
    Stopped(Stop),
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// How `cc-ci` ends.
    pub status: ExitStatus,
    /// What was proven; none is a defect of ours.
    pub results: Option<Results>,
    /// Everything that was said.
    pub events: Vec<Event>,
    /// What the run became the last good release by.
    pub promoted: Option<LastGood>,
    /// Until when its deployment stands, if it was left standing.
    pub kept_until: Option<Timestamp>,
}

impl<L: Leases, D: Disk, S: Sweep, P: Platform, T: Trials> Session<'_, L, D, S, P, T> {
    /// Takes the lease, runs the plan, writes the last reports and ends the lease. `sinks` hear every event after it
    /// was recorded.
    ///
    /// # Errors
    /// It could not begin; nothing was made.
    pub async fn run(&self, sinks: Vec<Box<dyn Sink>>) -> Result<Ended, SessionError> {
        let leases = match &self.leasing {
            Some(leasing) => self.leases(leasing).await?,
            None => Vec::new(),
        };
        let mut all: Vec<Box<dyn Sink>> = Vec::with_capacity(sinks.len() + 1);
        match Recorder::begin(self.folder) {
            Ok(recorder) => all.push(Box::new(recorder)),
            Err(error) => self.say_error(&error),
        }
        all.extend(sinks);
        let log = EventLog::new(all);
        let (plan, deps) = self.still_warm();
        let job = Job {
            plan: &plan,
            settings: self.settings,
            recipe: self.recipe,
            platform: self.platform,
            trials: self.trials,
            log: &log,
            limits: self.limits.clone(),
            stop: self.stop.clone(),
            dir: self.folder.dir().to_owned(),
            keep: self.keep,
            deps: &deps,
            consumer: None,
        };
        job.run().await;
        Ok(self.finish(&log, leases))
    }

    /// Returns the plan and the dependencies without those that are kept warm no more. Whoever removes one says so in its
    /// lease before it looks who is attached, and this run's own lease says by now that it is: one of the two sees the
    /// other.
    fn still_warm(&self) -> (Plan, Vec<Needed<'_>>) {
        let (mut plan, mut deps) = (self.plan.clone(), self.deps.to_vec());
        let is_warm = |app: &App| {
            self.machine.leases.peek(&app.domain).is_some_and(|claim| claim.warm.is_some())
        };
        for planned in &mut plan.deps {
            if planned.warm.as_ref().is_none_or(is_warm) {
                continue;
            }
            planned.warm = None;
            plan.deploys += 1;
            let mut needed = deps.iter_mut();
            if let Some(needed) = needed.find(|n| n.plan.recipe == planned.app.recipe) {
                needed.warm = None;
            }
        }
        (plan, deps)
    }

    fn say_error(&self, error: &dyn std::error::Error) {
        (self.machine.say)(&format!("error: {}", Chain(error)));
    }

    /// Returns every app of the run: the one under test first, then what it needs.
    fn apps(&self) -> Vec<&App> {
        std::iter::once(&self.plan.app).chain(self.plan.deps.iter().map(|dep| &dep.app)).collect()
    }

    /// Takes the leases of all domains of the run, before anything is made on any of them. The domains of dependencies
    /// are those of this app alone, so whoever holds the app's is waited for by nobody who holds one of theirs.
    async fn leases(&self, leasing: &Leasing) -> Result<Vec<L::Lease>, SessionError> {
        let mut leases = Vec::new();
        for app in self.apps() {
            match self.lease(leasing, app).await {
                Ok(lease) => leases.push(lease),
                Err(error) => {
                    // Nothing was made on these.
                    leases.into_iter().for_each(L::Lease::release);
                    return Err(error);
                }
            }
        }
        Ok(leases)
    }

    /// Takes the lease of an app's domain, removes what a killed run left there, and writes our own claim.
    async fn lease(&self, leasing: &Leasing, app: &App) -> Result<L::Lease, SessionError> {
        let mut lease = self.take(app, leasing.patience).await?;
        if let Some(claim) = lease.claim()
            && let Some(until) = claim.stands_until(self.platform.now())
        {
            let (run, domain) = (claim.app.run.to_string(), app.domain.to_string());
            let until = until.round(jiff::Unit::Second).unwrap_or(until);
            return Err(SessionError::Kept { run, dir: claim.run_dir, domain, until });
        }
        if let Some(claim) = lease.claim()
            && let Err(text) = gc::remove(self.machine, &mut lease, &claim).await
        {
            // Its claim stays: nobody else knows what is left.
            let (run, domain) = (claim.app.run.to_string(), app.domain.to_string());
            return Err(SessionError::Dirty { run, domain, text });
        }
        if let Err(error) = lease.write(&self.claim(leasing, app, None)) {
            // Nothing is left of an earlier run, and nothing was made yet.
            lease.release();
            return Err(error.into());
        }
        Ok(lease)
    }

    async fn take(&self, app: &App, patience: Duration) -> Result<L::Lease, SessionError> {
        let failure = RefCell::new(None);
        let look = async || match self.machine.leases.try_take(&app.domain, true) {
            Ok(Attempt::Taken(lease)) => Readiness::Ready(Some(lease)),
            Ok(Attempt::Held) => Readiness::NotYet(format!("another run holds {}", app.domain)),
            Err(error) => {
                *failure.borrow_mut() = Some(error);
                Readiness::Ready(None)
            }
        };
        let hint = Hint::default();
        let say = |status: &str| (self.machine.say)(&format!("waiting: {status}"));
        let waiting = until(Pace::within(patience), &hint, look, say);
        let taken = tokio::select! {
            biased;
            () = self.stop.stopped() => {
                return Err(SessionError::Stopped(self.stop.reason().unwrap_or(Stop::Terminate)));
            }
            taken = waiting => taken.map_err(SessionError::Busy)?,
        };
        if let Some(error) = failure.into_inner() {
            return Err(error.into());
        }
        Ok(taken.expect("a lease was taken or the failure returned"))
    }

    fn claim(&self, leasing: &Leasing, app: &App, kept_until: Option<Timestamp>) -> Claim {
        Claim {
            app: app.clone(),
            docker_host: leasing.docker_host.clone(),
            run_dir: self.folder.dir().to_owned(),
            pid: self.machine.leases.pid(),
            since: self.platform.now(),
            kept_until,
            // Until it stands for good, a killed run's is collected like any other.
            warm: kept_until.filter(|_| self.keep_warm).map(|_| self.plan.head.commit.clone()),
            attached: self.attached_of(app),
            collector: None,
        }
    }

    /// Returns where something may be made for an app at what is kept warm: for the one under test alone.
    fn attached_of(&self, app: &App) -> Vec<Domain> {
        let warm = self.plan.deps.iter().filter_map(|dep| dep.warm.as_ref());
        let is_own = app.domain == self.plan.app.domain;
        warm.filter(|_| is_own).map(|warm| warm.domain.clone()).collect()
    }

    /// Writes the last reports, records what was proven, and ends the leases.
    fn finish(&self, log: &EventLog, leases: Vec<L::Lease>) -> Ended {
        // What stands and is claimed can be looked at and checked again: what that takes stays with it.
        let stands = !leases.is_empty() && is_left_standing(&log.events());
        let private: &[&str] = if stands {
            self.folder.remove_all_but_attaching();
            &ATTACHING
        } else {
            self.folder.remove_work();
            &[]
        };
        for artefact in self.folder.scrub(&log.redactor(), private) {
            log.say(Happened::SecretLeaked { artefact });
        }
        let events = log.events();
        let reported = self.folder.report(&events);
        let is_written = reported.is_ok();
        let results = reported.unwrap_or_else(|error| {
            self.say_error(&error);
            Results::from_events(&events).ok()
        });
        let status = status(results.as_ref(), is_written, self.stop.reason(), &events);
        let promoted = results.as_ref().and_then(|results| self.promote(status, results));
        let is_gone = results.as_ref().is_some_and(|r| r.flags.clean_teardown);
        let kept_until = match &self.leasing {
            Some(leasing) if stands => self.keep_standing(leases, leasing),
            Some(_) | None => {
                // What is not known to be gone keeps its claim: the next run or `cc-ci gc` tries again.
                leases.into_iter().filter(|_| is_gone).for_each(L::Lease::release);
                None
            }
        };
        Ended { status, results, events, promoted, kept_until }
    }

    /// Says in the leases until when the deployments are kept; nothing if that cannot be written: then the next run or
    /// `cc-ci gc` removes them.
    fn keep_standing(&self, leases: Vec<L::Lease>, leasing: &Leasing) -> Option<Timestamp> {
        let until = self.platform.now() + self.keep_for;
        let mut all = true;
        for (mut lease, app) in leases.into_iter().zip(self.apps()) {
            if let Err(error) = lease.write(&self.claim(leasing, app, Some(until))) {
                self.say_error(&error);
                all = false;
            }
        }
        all.then_some(until)
    }

    /// Records the run as its recipe's last good one, if it is.
    fn promote(&self, status: ExitStatus, results: &Results) -> Option<LastGood> {
        let candidate = self.candidate.as_ref()?;
        let (disk, recipe) = (&self.machine.disk, &self.plan.recipe);
        let recorded = match last_good::read(disk, &candidate.folder, recipe) {
            Ok(recorded) => recorded,
            Err(error) => {
                self.say_error(&error);
                return None;
            }
        };
        let good =
            last_good::promotes(status, self.plan, results, candidate, recorded.as_ref()).ok()?;
        match last_good::write(disk, &candidate.folder, recipe, &good) {
            Ok(()) => Some(good),
            Err(error) => {
                self.say_error(&error);
                None
            }
        }
    }
}

/// Returns whether nothing was torn down.
fn is_left_standing(events: &[Event]) -> bool {
    !events.iter().any(|e| matches!(e.what, Happened::TeardownStep { .. }))
}

/// Decides how `cc-ci` ends. What could not be written is not proven, whatever it would have said.
fn status(
    results: Option<&Results>,
    is_written: bool,
    stop: Option<Stop>,
    events: &[Event],
) -> ExitStatus {
    let Some(results) = results else { return ExitStatus::Verdict(RunVerdict::Error) };
    match stop {
        Some(by) if events.iter().any(|e| matches!(e.what, Happened::Stopped { .. })) => {
            ExitStatus::Stopped(by)
        }
        Some(_) | None if results.verdict == RunVerdict::Pass && !is_written => {
            ExitStatus::Verdict(RunVerdict::NotVerified)
        }
        Some(_) | None => ExitStatus::Verdict(results.verdict),
    }
}

#[cfg(test)]
#[path = "session_tests.rs"]
mod tests;
