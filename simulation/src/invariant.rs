//! What must hold of every run, whatever goes wrong. Main items: [`Invariant`], [`judge`].

use std::fmt;

use harness_core::cause::CauseClass;
use harness_core::event::read_events;
use harness_core::ledger::{Age, LedgerEvent, missing};
use harness_core::report::{ExitStatus, Results, RunVerdict};
use harness_core::store::Store;
use harness_core::tier::{Status, Tier};
use harness_local::fault::{Kind, What};

use crate::finished::Finished;
use crate::subject::Expected;
use crate::truth::Missed;

/// What must hold of every run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// I1: a recipe that is wrong in a way that a tier claims to catch never ends green, and that tier is red.
    NoFalseGreen,
    /// I2: what is the fault of the host, the registry or the harness never ends as a failure of the recipe.
    NoFalseRed,
    /// I3: there is a verdict before the deadline and the teardown's own limits, whatever hangs.
    VerdictInTime,
    /// I4: nothing is left behind after at most one collection, wherever the run was killed.
    NothingLeft,
    /// I5: a live run is never collected.
    LiveRunKept,
    /// I6: every file of the run folder is whole, wherever the run was killed.
    FilesWhole,
    /// I7: no secret stands in any artefact.
    NoSecret,
    /// I8: what was tested is the commit that was consented to.
    CommitConsented,
    /// I9: the last good release moves only on a green run of a release.
    LastGoodKept,
    /// I10: the same seed gives the same event log, byte for byte.
    SameLog,
    /// I11: a tier that passed says of every store at every age what became of what was planted there.
    LedgerComplete,
    /// I12: a check that needs a dependency which is not there never passes, and neither does its run.
    DependencyThere,
    /// I13: no more is deployed than was planned, dependencies too.
    DeploysPlanned,
}

impl Invariant {
    /// Every invariant, in order.
    pub const ALL: [Self; 13] = [
        Self::NoFalseGreen,
        Self::NoFalseRed,
        Self::VerdictInTime,
        Self::NothingLeft,
        Self::LiveRunKept,
        Self::FilesWhole,
        Self::NoSecret,
        Self::CommitConsented,
        Self::LastGoodKept,
        Self::SameLog,
        Self::LedgerComplete,
        Self::DependencyThere,
        Self::DeploysPlanned,
    ];

    /// Returns the sentence that says what must hold.
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoFalseGreen => {
                "a recipe that is wrong in a way that a tier claims to catch ends red in that tier"
            }
            Self::NoFalseRed => {
                "no fault of the host, the registry or the harness ends as a failure of the recipe"
            }
            Self::VerdictInTime => "there is a verdict before the deadline, whatever hangs",
            Self::NothingLeft => {
                "nothing is left behind after at most one collection, wherever the run is killed"
            }
            Self::LiveRunKept => "a live run is never collected",
            Self::FilesWhole => "every file of the run folder is whole, wherever the run is killed",
            Self::NoSecret => "no secret stands in any artefact",
            Self::CommitConsented => "what is tested is the commit that was consented to",
            Self::LastGoodKept => "the last good release moves only on a green run of a release",
            Self::SameLog => "the same seed gives the same event log, byte for byte",
            Self::LedgerComplete => {
                "a tier that passed says of every store at every age what became of what was planted there"
            }
            Self::DependencyThere => {
                "what needs a dependency that is not there never passes, and neither does its run"
            }
            Self::DeploysPlanned => "no more is deployed than was planned, dependencies too",
        }
    }
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = Self::ALL.iter().position(|i| i == self).unwrap_or_default() + 1;
        write!(f, "I{number}")
    }
}

/// An invariant that a run did not keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The invariant.
    pub invariant: Invariant,
    /// What was seen instead.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}): {}", self.invariant, self.invariant.text(), self.seen)
    }
}

/// Says what was seen if an invariant was not kept.
type Look = fn(&Finished) -> Option<String>;

/// Returns every invariant that a run did not keep, but for I10, which takes two runs.
pub fn judge(run: &Finished) -> Vec<Violation> {
    let looks: [(Invariant, Look); 12] = [
        (Invariant::NoFalseGreen, false_green),
        (Invariant::NoFalseRed, false_red),
        (Invariant::VerdictInTime, late),
        (Invariant::NothingLeft, left),
        (Invariant::LiveRunKept, |run| run.robbed.clone()),
        (Invariant::FilesWhole, torn),
        (Invariant::NoSecret, secret),
        (Invariant::CommitConsented, another_commit),
        (Invariant::LastGoodKept, promoted),
        (Invariant::LedgerComplete, unsaid),
        (Invariant::DependencyThere, without),
        (Invariant::DeploysPlanned, too_many),
    ];
    let seen = looks
        .into_iter()
        .filter_map(|(invariant, look)| Some(Violation { invariant, seen: look(run)? }));
    seen.collect()
}

/// Says that two runs of one scenario were not the same.
pub(crate) fn differing(seen: String) -> Violation {
    Violation { invariant: Invariant::SameLog, seen }
}

fn false_green(run: &Finished) -> Option<String> {
    let results = run.results.as_ref()?;
    let is_silent = results.verdict == RunVerdict::Pass && results.flakes.is_empty();
    if run.had_a_mended_backup() && is_silent {
        return Some("a backup was wrong and made again, and nothing says so".to_owned());
    }
    if !run.recipe_is_wrong() {
        return None;
    }
    if results.verdict == RunVerdict::Pass {
        return Some(format!("pass at level {}", results.level));
    }
    if run.had(Kind::Environment) || run.had(Kind::Process) {
        return None;
    }
    let red: Vec<Tier> =
        results.stages.iter().filter(|s| s.status == Status::Fail).map(|s| s.tier).collect();
    let mut claimed: Vec<Tier> =
        run.happened.iter().flat_map(|f| f.caught_by().iter().copied()).collect();
    if let Expected::Fail { tier, .. } = run.scenario.subject.expected {
        claimed.push(tier);
    }
    if results.verdict != RunVerdict::Fail || !red.iter().any(|t| claimed.contains(t)) {
        return Some(format!("{}, red: {red:?}, expected one of {claimed:?}", shown(results)));
    }
    None
}

fn false_red(run: &Finished) -> Option<String> {
    let results = run.results.as_ref()?;
    if results.verdict == RunVerdict::Error {
        return Some(format!("a defect of the harness: {}", shown(results)));
    }
    if run.recipe_is_wrong() || run.had_a_lasting_fault() {
        return None;
    }
    let ours = matches!(
        results.cause.as_ref().map(|c| c.class),
        Some(CauseClass::Host | CauseClass::Registry | CauseClass::Harness)
    );
    match (results.verdict, run.scenario.subject.expected) {
        (RunVerdict::Fail, _) => Some(shown(results)),
        (RunVerdict::NotVerified, _) if !ours => {
            Some(format!("not verified, and the cause is not named: {}", shown(results)))
        }
        (RunVerdict::NotVerified, Expected::Pass { .. }) if run.is_undisturbed() => {
            Some(format!("nothing went wrong, and yet {}", shown(results)))
        }
        (RunVerdict::Pass, Expected::Pass { level })
            if results.level < level && run.is_undisturbed() =>
        {
            Some(format!("expected level {level}, {}", shown(results)))
        }
        (RunVerdict::Pass, Expected::NotVerified) => Some(shown(results)),
        (RunVerdict::Pass | RunVerdict::NotVerified | RunVerdict::Error, _) => None,
    }
}

fn late(run: &Finished) -> Option<String> {
    (run.took > run.cap).then(|| format!("{:?} went by, allowed are {:?}", run.took, run.cap))
}

fn left(run: &Finished) -> Option<String> {
    if !run.left_after_gc.is_empty() || run.leases_after_gc > 0 {
        let items: Vec<String> = run.left_after_gc.iter().map(ToString::to_string).collect();
        let leases = run.leases_after_gc;
        return Some(format!("after a collection: {} and {leases} leases", items.join(", ")));
    }
    let says_clean = run.results.as_ref().is_some_and(|r| r.flags.clean_teardown);
    // What a second run of the same app leaves is not said by the first one's results.
    let alone = run.scenario.fault(What::SecondRun).is_none();
    let first = run.left.first().filter(|_| says_clean && alone)?;
    Some(format!("the results say a clean teardown, and there is {first}"))
}

fn torn(run: &Finished) -> Option<String> {
    run.files.iter().find_map(|(path, bytes)| {
        let name = path.file_name().unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        let wrong = match name {
            "results.json" => serde_json::from_str::<Results>(&text).err().map(|e| e.to_string()),
            "events.jsonl" => read_events(&text).err().map(|e| e.to_string()),
            "junit.xml" => (!text.trim_end().ends_with("</testsuites>"))
                .then(|| "it does not end as a report does".to_owned()),
            _ if name.ends_with(".json") => {
                serde_json::from_str::<serde_json::Value>(&text).err().map(|e| e.to_string())
            }
            _ => None,
        };
        wrong.map(|wrong| format!("{path}: {wrong}"))
    })
}

fn secret(run: &Finished) -> Option<String> {
    let held = run.files_after_gc.iter().find_map(|(path, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        run.canaries.iter().find(|c| text.contains(c.as_str())).map(|_| path.to_string())
    });
    held.map(|path| format!("one stands in {path}"))
}

fn another_commit(run: &Finished) -> Option<String> {
    let results = run.results.as_ref().filter(|r| r.verdict == RunVerdict::Pass)?;
    let plan = &run.scenario.subject.prepared.plan;
    let own = plan.base.iter().chain([&plan.head]);
    let all = plan.deps.iter().map(|dep| &dep.head).chain(own);
    let consented: Vec<_> = all.map(|r| r.commit.clone()).collect();
    // What a second run deployed stands behind it.
    (!run.deployed.starts_with(&consented)).then(|| {
        format!("{}, deployed were {:?}, consented to {consented:?}", shown(results), run.deployed)
    })
}

fn promoted(run: &Finished) -> Option<String> {
    let pass = Some(ExitStatus::Verdict(RunVerdict::Pass));
    let green = run.exit == pass || run.second == pass;
    match (run.promoted, green && run.is_release) {
        (true, false) => Some(format!("it moved on exit {:?}", run.exit)),
        (false, _) | (true, true) => None,
    }
}

/// Finds a store of which the ledger says nothing at an event whose tier passed.
fn unsaid(run: &Finished) -> Option<String> {
    let results = run.results.as_ref()?;
    let states = &run.scenario.subject.prepared.states;
    let ids = |stores: &[Store]| -> Vec<String> { stores.iter().map(Store::id).collect() };
    let (base, head) = (ids(&states.base_stores), ids(&states.head_stores));
    let both: Vec<String> = base.iter().filter(|id| head.contains(id)).cloned().collect();
    let passed = |tier| {
        results.stages.iter().any(|stage| stage.tier == tier && stage.status == Status::Pass)
    };
    // What was planted before an upgrade that was not made is planted nowhere.
    let older: &[String] = if passed(Tier::Upgrade) { &both } else { &[] };
    let newer = [Age::AfterUpgrade, Age::BeforeBackup];
    let asked: [(Tier, LedgerEvent, &[String], &[Age]); 5] = [
        (Tier::Upgrade, LedgerEvent::Upgrade, &base, &[Age::BeforeUpgrade]),
        (Tier::Backup, LedgerEvent::Backup, older, &[Age::BeforeUpgrade]),
        (Tier::Backup, LedgerEvent::Backup, &head, &newer),
        (Tier::Restore, LedgerEvent::Restore, older, &[Age::BeforeUpgrade]),
        (Tier::Restore, LedgerEvent::Restore, &head, &newer),
    ];
    asked.into_iter().filter(|(tier, ..)| passed(*tier)).find_map(|(_, event, stores, ages)| {
        let (store, age) = *missing(stores, ages, event, &results.ledger).first()?;
        let (event, age) = (event.word(), age.word());
        Some(format!("at the {event} nothing is said of what was planted in `{store}` {age}"))
    })
}

/// Finds what passed without the dependency that it needs.
fn without(run: &Finished) -> Option<String> {
    let results = run.results.as_ref()?;
    let plan = &run.scenario.subject.prepared.plan;
    run.missed.iter().find_map(|Missed { tier, recipe }| {
        let needing = |check: &str| plan.needed_by(*tier, check).any(|needed| needed == recipe);
        let stage = results.stages.iter().find(|stage| stage.tier == *tier)?;
        let mut needing = stage.checks.iter().filter(|check| needing(&check.name)).peekable();
        needing.peek()?;
        let passed = needing.find(|check| check.status == Status::Pass);
        let what = match passed {
            Some(check) => format!("`{}` passed", check.name),
            None if results.verdict == RunVerdict::Pass => "the run passed".to_owned(),
            None => return None,
        };
        Some(format!("{recipe} was not there while {tier} was checked, and {what}"))
    })
}

fn too_many(run: &Finished) -> Option<String> {
    let (results, done) = (run.results.as_ref()?, run.deployed.len());
    let plan = &run.scenario.subject.prepared.plan;
    // The upgrade deploys head into what base made: it is none of those that are counted.
    let upgrade = u32::from(plan.base.is_some());
    let most = plan.deploys + upgrade;
    let alone = run.scenario.fault(What::SecondRun).is_none();
    let said = results.deploys.done;
    (alone && (done > most as usize || said > plan.deploys)).then(|| {
        format!("{done} deploys were made, {said} are told of, {most} at most were planned")
    })
}

fn shown(results: &Results) -> String {
    let cause = results.cause.as_ref();
    let cause = cause.map(|c| format!(", {}: {}", c.class, c.evidence)).unwrap_or_default();
    format!("{} at level {}{cause}", results.verdict.word(), results.level)
}
