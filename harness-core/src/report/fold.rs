//! Events in, results out.

use indexmap::IndexMap;
use jiff::Timestamp;
use thiserror::Error;

use crate::cause::{Cause, CauseClass};
use crate::event::{CensusTime, Event, Happened, Stop, WaitedOn};
use crate::ledger::LedgerEntry;
use crate::lint::{LintReport, LintStatus};
use crate::name::RecipeName;
use crate::plan::{Plan, Planned, PlannedDependency};
use crate::platform::PlatformFacts;
use crate::store::{StoreSeen, Unprotected};
use crate::tier::{Rung, Status, Tier};

use super::ladder::{level, rungs};
use super::results::{
    Attempt, CauseReport, CensusReport, Check, DependencyReport, Deploys, Flags, Flake,
    LintSummary, PhaseSpan, PlatformReport, Results, RunVerdict, SCHEMA, Skips, Stage,
};

/// An event log from which no results can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the event log does not begin with the start of a run")]
pub struct NoRun;

#[derive(Default)]
struct Fold {
    head: Option<(Timestamp, Plan, PlatformFacts)>,
    finished: Option<Timestamp>,
    checks: IndexMap<Tier, Vec<Check>>,
    attempts: IndexMap<Tier, Vec<Attempt>>,
    tiers: IndexMap<Tier, (Status, Option<String>, Option<Cause>, u64)>,
    lint: Option<LintReport>,
    deploys: u32,
    census: CensusReport,
    teardown_errors: Vec<String>,
    torn_down: bool,
    phases: Vec<PhaseSpan>,
    open: Vec<(String, Option<Tier>, WaitedOn, u64)>,
    notes: Vec<String>,
    stopped: Option<Stop>,
    leaks: Vec<String>,
    ledger: Vec<LedgerEntry>,
    unprotected: Vec<Unprotected>,
    stores: Vec<StoreSeen>,
    /// Whether each is one that is kept warm, and why it is not there.
    dependencies: IndexMap<RecipeName, (bool, Option<Cause>)>,
    broke: Option<String>,
    last_ms: u64,
}

impl Results {
    /// Makes the results from a run's events; also from those of a run that was killed half-way.
    ///
    /// # Errors
    /// There is no start of a run among the events.
    pub fn from_events(events: &[Event]) -> Result<Self, NoRun> {
        let mut fold = Fold::default();
        for event in events {
            fold.hear(event);
        }
        fold.finish()
    }
}

impl Fold {
    fn hear(&mut self, event: &Event) {
        self.last_ms = event.ms;
        match &event.what {
            Happened::RunStarted { at, plan, platform } => {
                self.head = Some((*at, (**plan).clone(), (**platform).clone()));
            }
            Happened::RunFinished { at } => self.finished = Some(*at),
            Happened::PhaseStarted { phase, tier, waited_on } => {
                self.open.push((phase.clone(), *tier, *waited_on, event.ms));
            }
            Happened::PhaseFinished { phase, .. } => self.close(phase, event.ms),
            Happened::StatusChanged { .. }
            | Happened::Awaited { .. }
            | Happened::Observed { .. }
            | Happened::TrialsBroke { .. }
            | Happened::LogsGathered { .. } => {}
            Happened::Noted { text } => self.notes.push(text.clone()),
            Happened::DeployDone => self.deploys += 1,
            Happened::CheckFinished { tier, name, status, duration_ms, message, cause } => {
                let check = Check {
                    name: name.clone(),
                    status: *status,
                    duration_ms: *duration_ms,
                    message: message.clone(),
                    cause: *cause,
                };
                self.checks.entry(*tier).or_default().push(check);
            }
            Happened::AttemptFinished { .. } => self.hear_attempt(&event.what),
            Happened::TierFinished { tier, status, reason, cause, duration_ms } => {
                self.tiers.insert(*tier, (*status, reason.clone(), cause.clone(), *duration_ms));
            }
            Happened::DependencySeen { recipe, warm, trouble } => {
                self.dependencies.insert(recipe.clone(), (*warm, trouble.clone()));
            }
            Happened::Linted { report } => self.lint = Some(report.clone()),
            Happened::Stopped { by } => self.stopped = Some(*by),
            Happened::TeardownStep { name, error } => {
                self.torn_down = true;
                self.teardown_errors.extend(error.as_ref().map(|e| format!("{name}: {e}")));
            }
            Happened::CensusTaken { when, count, left_behind, error } => {
                self.hear_census(*when, *count, left_behind, error.as_ref());
            }
            Happened::Ledgered { entry } => {
                self.ledger.retain(|e| !e.is_about(entry));
                self.ledger.push(entry.clone());
            }
            Happened::Audited { found, stores } => {
                self.unprotected.clone_from(found);
                self.stores.clone_from(stores);
            }
            Happened::SecretLeaked { artefact } => self.leaks.push(artefact.clone()),
            Happened::HarnessBroke { text } => self.broke = Some(text.clone()),
        }
    }

    fn hear_attempt(&mut self, what: &Happened) {
        let Happened::AttemptFinished {
            tier,
            attempt,
            status,
            reason,
            cause,
            snapshot,
            duration_ms,
            again,
        } = what
        else {
            return;
        };
        let why = cause.as_ref().map(|c| c.evidence.clone());
        self.attempts.entry(*tier).or_default().push(Attempt {
            attempt: *attempt,
            status: *status,
            reason: why.or_else(|| reason.clone()),
            cause: cause.as_ref().map(|c| c.class),
            snapshot: snapshot.clone(),
            duration_ms: *duration_ms,
        });
        // What they said of an attempt that was made again is not said of the tier.
        if *again {
            self.checks.shift_remove(tier);
        }
    }

    fn hear_census(
        &mut self,
        when: CensusTime,
        count: usize,
        left: &[crate::census::Item],
        error: Option<&String>,
    ) {
        let taken = error.is_none().then_some(count);
        match when {
            CensusTime::Before => self.census.before = taken,
            CensusTime::After => {
                self.census.after = taken;
                self.census.left_behind = left.to_vec();
            }
        }
        if let Some(error) = error {
            self.census.error = Some(error.clone());
        }
    }

    fn close(&mut self, phase: &str, end_ms: u64) {
        let Some(at) = self.open.iter().rposition(|(name, ..)| name == phase) else { return };
        let (name, tier, waited_on, start_ms) = self.open.remove(at);
        self.phases.push(PhaseSpan { name, tier, start_ms, end_ms, waited_on });
    }

    fn finish(mut self) -> Result<Results, NoRun> {
        let (started, plan, platform) = self.head.take().ok_or(NoRun)?;
        for (name, tier, waited_on, start_ms) in std::mem::take(&mut self.open) {
            self.phases.push(PhaseSpan { name, tier, start_ms, end_ms: self.last_ms, waited_on });
        }
        let lint = self.lint.take().unwrap_or(LintReport {
            status: LintStatus::Unver,
            rules_failed: Vec::new(),
            reason: Some("the lint did not come back".to_owned()),
            text: String::new(),
        });
        let tiers: Vec<Tier> = plan.tiers.iter().map(|planned| planned.tier).collect();
        let results: IndexMap<Tier, Status> = tiers
            .iter()
            .copied()
            .map(|t| (t, self.tiers.get(&t).map_or(Status::Unver, |(s, ..)| *s)))
            .collect();
        let rungs = rungs(&plan, &results, lint.status);
        let flags = Flags {
            clean_teardown: self.torn_down
                && self.teardown_errors.is_empty()
                && self.census.left_behind.is_empty()
                && self.census.after.is_some(),
            no_secret_leak: self.leaks.is_empty(),
        };
        let (verdict, cause) = self.verdict(&plan, &results);
        let stages = tiers.into_iter().map(|t| self.stage(t)).collect();
        let flakes = self.flakes();
        let mut notes = std::mem::take(&mut self.notes);
        notes.extend(self.unseen());
        Ok(Results {
            schema: SCHEMA,
            run_id: plan.run_id.to_string(),
            recipe: plan.recipe.to_string(),
            version: plan.head.version.as_ref().map(ToString::to_string),
            base_version: plan
                .base
                .as_ref()
                .and_then(|b| b.version.as_ref())
                .map(ToString::to_string),
            pr: plan.pr,
            reference: plan.head.commit.to_string(),
            started,
            finished: self.finished,
            platform: platform_report(&platform, &plan),
            verdict,
            level: level(&rungs),
            cause: cause.as_ref().map(CauseReport::from),
            skips: skips(&plan, &rungs),
            results,
            stages,
            rungs,
            lint: LintSummary {
                status: lint.status,
                rules_failed: lint.rules_failed,
                reason: lint.reason,
            },
            deploys: Deploys { planned: self.planned_deploys(&plan), done: self.deploys },
            dependencies: plan.deps.iter().map(|dep| self.dependency(dep)).collect(),
            phases: with_gaps(self.phases, self.last_ms),
            census: self.census,
            ledger: self.ledger,
            flakes,
            unprotected: self.unprotected,
            stores: self.stores,
            flags,
            customization: plan.customization,
            notes,
        })
    }

    /// Returns what checks that passed say that they did not look at.
    fn unseen(&self) -> Vec<String> {
        let noted = self.checks.iter().flat_map(|(tier, checks)| {
            let passed = checks.iter().filter(|check| check.status == Status::Pass);
            passed.filter_map(move |c| Some(format!("{tier}::{}: {}", c.name, c.message.as_ref()?)))
        });
        noted.collect()
    }

    fn stage(&self, tier: Tier) -> Stage {
        let (status, reason, _, duration_ms) = self.tiers.get(&tier).cloned().unwrap_or((
            Status::Unver,
            Some("the run ended before it".to_owned()),
            None,
            0,
        ));
        let checks = self.checks.get(&tier).cloned().unwrap_or_default();
        let attempts = self.attempts.get(&tier).cloned().unwrap_or_default();
        Stage { tier, status, reason, duration_ms, checks, attempts }
    }

    /// Returns how many deploys there were to be: one more than was planned for each dependency that was to be attached
    /// to and had to be deployed.
    fn planned_deploys(&self, plan: &Plan) -> u32 {
        let is_cold = |dep: &&PlannedDependency| {
            let seen = self.dependencies.get(&dep.app.recipe);
            dep.warm.is_some() && seen.is_some_and(|(is_warm, _)| !is_warm)
        };
        let fell_back = plan.deps.iter().filter(is_cold).count();
        plan.deploys + u32::try_from(fell_back).unwrap_or(u32::MAX)
    }

    fn dependency(&self, planned: &PlannedDependency) -> DependencyReport {
        let seen = self.dependencies.get(&planned.app.recipe);
        let cause = seen.and_then(|(_, trouble)| trouble.as_ref());
        let warm = planned.warm.as_ref().filter(|_| seen.is_some_and(|(is_warm, _)| *is_warm));
        DependencyReport {
            recipe: planned.app.recipe.to_string(),
            version: planned.head.version.as_ref().map(ToString::to_string),
            domain: warm.unwrap_or(&planned.app).domain.to_string(),
            warm: warm.is_some(),
            ready: seen.is_some() && cause.is_none(),
            cause: cause.map(CauseReport::from),
        }
    }

    fn flakes(&self) -> Vec<Flake> {
        let flake = |(tier, (status, _, cause, _)): (&Tier, &(Status, _, Option<Cause>, _))| {
            let cause = cause.as_ref().filter(|c| c.class == CauseClass::Flake)?;
            let attempts = self.attempts.get(tier).map_or(0, Vec::len);
            (*status == Status::Pass).then(|| Flake {
                tier: *tier,
                attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
                evidence: cause.evidence.clone(),
            })
        };
        self.tiers.iter().filter_map(flake).collect()
    }

    /// What the run proved, worst first: a defect of ours, a failure, something that kept it from being verified.
    fn verdict(
        &self,
        plan: &Plan,
        results: &IndexMap<Tier, Status>,
    ) -> (RunVerdict, Option<Cause>) {
        let ours = |text: String| (RunVerdict::Error, Some(Cause::new(CauseClass::Harness, text)));
        if let Some(text) = &self.broke {
            return ours(format!("panic: {text}"));
        }
        if let Some(artefact) = self.leaks.first() {
            return ours(format!("a known secret stands in {artefact}"));
        }
        let all_there = self.dependencies.values().all(|(_, trouble)| trouble.is_none());
        let planned = self.planned_deploys(plan);
        if !deploys_fit(plan, planned, results, all_there, self.deploys) {
            return ours(format!("{planned} deploys were planned and {} made", self.deploys));
        }
        let of = |wanted: Status| {
            let found = self.tiers.iter().filter(|(_, (status, ..))| *status == wanted);
            found
                .map(|(tier, (_, reason, cause, _))| (*tier, reason.clone(), cause.clone()))
                .collect::<Vec<_>>()
        };
        if let Some((tier, _, cause)) = of(Status::Fail).into_iter().next() {
            let cause = cause.map(|c| Cause::new(c.class, format!("{tier}: {}", c.evidence)));
            return (RunVerdict::Fail, cause);
        }
        if let Some((tier, reason, cause)) = of(Status::Unver).into_iter().next() {
            let text = reason.unwrap_or_else(|| "not verified".to_owned());
            let cause = cause.unwrap_or_else(|| Cause::new(CauseClass::Harness, text));
            return (
                RunVerdict::NotVerified,
                Some(Cause::new(cause.class, format!("{tier}: {}", cause.evidence))),
            );
        }
        // Whatever was proven without it, what needs it was not.
        if let Some(cause) = self.dependencies.values().find_map(|(_, trouble)| trouble.as_ref()) {
            return (RunVerdict::NotVerified, Some(cause.clone()));
        }
        if self.finished.is_none() || results.keys().any(|t| !self.tiers.contains_key(t)) {
            let text = "the run ended before its verdict".to_owned();
            return (RunVerdict::NotVerified, Some(Cause::new(CauseClass::Harness, text)));
        }
        if let Some(cause) = self.unclean() {
            return (RunVerdict::NotVerified, Some(cause));
        }
        (RunVerdict::Pass, None)
    }

    fn unclean(&self) -> Option<Cause> {
        if !self.torn_down {
            return None;
        }
        if let Some(item) = self.census.left_behind.first() {
            let more = self.census.left_behind.len() - 1;
            return Some(Cause::new(
                CauseClass::Harness,
                format!("left behind: {item} and {more} more"),
            ));
        }
        if let Some(error) = &self.census.error {
            return Some(Cause::new(
                CauseClass::Host,
                format!("the census could not be taken: {error}"),
            ));
        }
        self.teardown_errors
            .first()
            .map(|e| Cause::new(CauseClass::Harness, format!("teardown: {e}")))
    }
}

/// Returns whether so many deploys are right: as many as were planned, unless a tier that makes one did not come to it.
fn deploys_fit(
    plan: &Plan,
    planned: u32,
    results: &IndexMap<Tier, Status>,
    dependencies_are_there: bool,
    done: u32,
) -> bool {
    let passed = |tier: Tier| results.get(&tier) == Some(&Status::Pass);
    let deploying = [Tier::Install, Tier::Disaster].into_iter().filter(|tier| plan.runs(*tier));
    let all_passed = deploying.into_iter().all(passed) && dependencies_are_there;
    done == planned || (!all_passed && done < planned)
}

fn platform_report(platform: &PlatformFacts, plan: &Plan) -> PlatformReport {
    PlatformReport {
        name: platform.name.clone(),
        abra: platform.abra.clone(),
        abra_is_stand_in: platform.abra_is_stand_in,
        engine: platform.engine.clone(),
        source: plan.source.clone(),
        host_quirks: platform.host_quirks.clone(),
        stand_ins: platform.stand_ins.clone(),
    }
}

fn skips(plan: &Plan, rungs: &IndexMap<Rung, Status>) -> Skips {
    let tier_of = |rung: Rung| match rung {
        Rung::Install => Some(Tier::Install),
        Rung::Upgrade => Some(Tier::Upgrade),
        Rung::BackupRestore => Some(Tier::Backup),
        Rung::Functional => Some(Tier::Custom),
        Rung::Lint => None,
    };
    let mut skips = Skips::default();
    for (rung, status) in rungs {
        match status {
            Status::Skip => {
                let planned = tier_of(*rung)
                    .and_then(|t| plan.tier(t))
                    .filter(|t| t.planned == Planned::NotApplicable);
                skips
                    .intentional
                    .insert(*rung, planned.map(|t| t.reason.clone()).unwrap_or_default());
            }
            Status::Unver => skips.unintentional.push(*rung),
            Status::Pass | Status::Fail => {}
        }
    }
    skips
}

/// Adds the time in no phase, as ours: whoever is not waited for is not to blame.
fn with_gaps(mut phases: Vec<PhaseSpan>, end_ms: u64) -> Vec<PhaseSpan> {
    phases.sort_by_key(|p| (p.start_ms, p.end_ms));
    let mut all = Vec::with_capacity(phases.len() * 2);
    let mut reached = 0;
    for phase in phases {
        if phase.start_ms > reached {
            all.push(gap(reached, phase.start_ms));
        }
        reached = reached.max(phase.end_ms);
        all.push(phase);
    }
    if end_ms > reached {
        all.push(gap(reached, end_ms));
    }
    all
}

fn gap(start_ms: u64, end_ms: u64) -> PhaseSpan {
    PhaseSpan {
        name: "between".to_owned(),
        tier: None,
        start_ms,
        end_ms,
        waited_on: WaitedOn::Harness,
    }
}

#[cfg(test)]
#[path = "fold_tests.rs"]
mod tests;
