//! Many seeds at once. Main types: [`Campaign`], [`Tally`].

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use harness_core::report::ExitStatus;
use sha2::{Digest as _, Sha256};

use crate::finished::Finished;
use crate::invariant::{Violation, differing, judge};
use crate::play::play;
use crate::scenario::Scenario;
use crate::shrink::shrink;
use crate::subject::Library;

/// Of so many seeds one is played twice, to see that it is the same again.
const TWICE_ONE_IN: u64 = 16;

/// Of so many seeds one is killed at every one of its events.
const EVERYWHERE_ONE_IN: u64 = 500;

/// After so many violations there is no use in more.
const ENOUGH: usize = 20;

/// Many seeds.
#[derive(Clone, Copy, Debug)]
pub struct Campaign<'a> {
    /// The recipes.
    pub library: &'a Library,
    /// The first seed.
    pub first: u64,
    /// How many seeds.
    pub count: u64,
    /// How many threads.
    pub jobs: usize,
    /// After what time to begin no more; none: never.
    pub within: Option<Duration>,
    /// The recipe whose seeds are played, and no others; none: all are.
    pub only: Option<&'a str>,
}

/// A violation with the smallest scenario that still shows it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The scenario as it was drawn.
    pub drawn: Scenario,
    /// The smallest list of faults that still shows it.
    pub smallest: Scenario,
    /// What was not kept.
    pub violation: Violation,
}

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many seeds were played.
    pub seeds: u64,
    /// How many runs that took: some seeds are played twice or killed at every event.
    pub runs: u64,
    /// How many of the seeds stood for each recipe.
    pub recipes: BTreeMap<String, u64>,
    /// How the seeds' runs ended.
    pub endings: BTreeMap<&'static str, u64>,
    /// How often each class of faults really happened.
    pub happened: BTreeMap<String, u64>,
    /// How much time went by in the runs.
    pub simulated: Duration,
    /// What was found.
    pub found: Vec<Found>,
    /// A digest of all event logs, whatever the order in which they were played.
    pub digest: u128,
    /// How long it took.
    pub took: Duration,
}

impl Campaign<'_> {
    /// Plays the seeds; `progress` hears after each how many are done, how many violations there are, and what it found.
    pub fn run(&self, progress: &(impl Fn(u64, usize, &[Found]) + Sync)) -> Tally {
        let began = Instant::now();
        let (next, full) = (AtomicU64::new(0), AtomicBool::new(false));
        let total = Mutex::new(Tally::default());
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let late = self.within.is_some_and(|within| began.elapsed() > within);
                        if index >= self.count || late || full.load(Ordering::Relaxed) {
                            break;
                        }
                        let scenario = Scenario::of_seed(self.first + index, self.library);
                        if self.only.is_some_and(|only| scenario.subject.name != only) {
                            continue;
                        }
                        let one = one(&scenario);
                        let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                        let known = total.found.len();
                        total.add(one);
                        full.store(total.found.len() >= ENOUGH, Ordering::Relaxed);
                        progress(total.seeds, total.found.len(), &total.found[known..]);
                    }
                });
            }
        });
        let mut tally = total.into_inner().unwrap_or_else(PoisonError::into_inner);
        tally.found.sort_by_key(|f| f.drawn.seed);
        tally.took = began.elapsed();
        tally
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.runs += other.runs;
        self.simulated += other.simulated;
        self.found.extend(other.found);
        self.digest = self.digest.wrapping_add(other.digest);
        for (recipe, count) in other.recipes {
            *self.recipes.entry(recipe).or_default() += count;
        }
        for (ending, count) in other.endings {
            *self.endings.entry(ending).or_default() += count;
        }
        for (class, count) in other.happened {
            *self.happened.entry(class).or_default() += count;
        }
    }
}

/// Plays one scenario as a campaign does, and returns what came of it.
pub fn one(scenario: &Scenario) -> Tally {
    let recipes = BTreeMap::from([(scenario.subject.name.clone(), 1)]);
    let mut tally = Tally { seeds: 1, runs: 1, recipes, ..Tally::default() };
    let run = match played(scenario) {
        Ok(run) => run,
        Err(violation) => {
            tally.found.push(found(scenario, violation));
            return tally;
        }
    };
    tally.simulated = run.took;
    tally.digest = digest(&run);
    tally.endings.insert(ending(run.exit), 1);
    for fault in &run.happened {
        *tally.happened.entry(fault.what.to_string()).or_default() += 1;
    }
    tally.found.extend(judge(&run).into_iter().map(|violation| found(scenario, violation)));
    if scenario.seed.is_multiple_of(TWICE_ONE_IN) {
        tally.runs += 1;
        let again = played(scenario).ok().map(|run| digest(&run));
        if again != Some(tally.digest) {
            let seen = "played twice, the event logs differ".to_owned();
            let drawn = scenario.clone();
            let smallest = drawn.clone();
            tally.found.push(Found { drawn, smallest, violation: differing(seen) });
        }
    }
    if scenario.seed.is_multiple_of(EVERYWHERE_ONE_IN) {
        let everywhere = killed_everywhere(scenario, &run);
        tally.runs += everywhere.runs;
        tally.found.extend(everywhere.found);
    }
    tally
}

/// Kills a scenario's run at every one of its events, and in the middle of every step on the disk, and once collects after each.
pub fn killed_everywhere(scenario: &Scenario, run: &Finished) -> Tally {
    let mut tally = Tally::default();
    let events = (1..=run.events.len() as u64).map(|event| scenario.killed_at(event));
    let steps = (0..run.steps).map(|step| scenario.dying_in(step));
    for killed in events.chain(steps) {
        tally.runs += 1;
        match played(&killed) {
            Ok(run) => {
                let violations = judge(&run).into_iter();
                tally.found.extend(violations.map(|violation| found(&killed, violation)));
            }
            Err(violation) => tally.found.push(found(&killed, violation)),
        }
    }
    tally
}

/// Plays a scenario; what breaks in the simulation itself is a violation too.
pub fn played(scenario: &Scenario) -> Result<Finished, Violation> {
    catch_unwind(AssertUnwindSafe(|| play(scenario))).map_err(|payload| {
        let text = payload.downcast_ref::<String>().cloned();
        let text = text.or_else(|| payload.downcast_ref::<&str>().map(|t| (*t).to_owned()));
        let text = text.unwrap_or_else(|| "a panic without a text".to_owned());
        differing(format!("the run broke outside of its own guard: {text}"))
    })
}

fn found(scenario: &Scenario, violation: Violation) -> Found {
    let shows = |faults: &[_]| {
        let smaller = scenario.with(faults);
        let seen = played(&smaller).map_or_else(|v| vec![v], |run| judge(&run));
        seen.iter().any(|v| v.invariant == violation.invariant)
    };
    let smallest = scenario.with(&shrink(&scenario.faults, shows));
    Found { drawn: scenario.clone(), smallest, violation }
}

fn digest(run: &Finished) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update(run.scenario.seed.to_le_bytes());
    for event in &run.events {
        hasher.update(serde_json::to_vec(event).unwrap_or_default());
    }
    let bytes = hasher.finalize();
    bytes.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

const fn ending(exit: Option<ExitStatus>) -> &'static str {
    use harness_core::report::RunVerdict;
    match exit {
        None => "killed",
        Some(ExitStatus::Verdict(RunVerdict::Pass)) => "pass",
        Some(ExitStatus::Verdict(RunVerdict::Fail)) => "fail",
        Some(ExitStatus::Verdict(RunVerdict::NotVerified)) => "not verified",
        Some(ExitStatus::Verdict(RunVerdict::Error)) => "error",
        Some(ExitStatus::Usage | ExitStatus::NothingSelected) => "refused",
        Some(ExitStatus::Stopped(_)) => "stopped",
    }
}
