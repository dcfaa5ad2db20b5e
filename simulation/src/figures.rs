//! How soon the harness notices what became so: over many seeds, in simulated time. Main type: [`Figures`].

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use harness_core::event::Happened;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::suite::Span;
use harness_core::tier::Tier;
use harness_local::fault::{Amount, At, Fault, What};
use harness_local::world::Random;

use crate::finished::Finished;
use crate::play::play_watched;
use crate::scenario::Scenario;
use crate::subject::{Library, Subject};

/// The longest boot of a slow starter.
const SLOWEST: Duration = Duration::from_mins(25);

/// How long a suite gives an app that may boot so long.
const GIVEN: Duration = Duration::from_mins(30);

/// What was measured.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// From really ready to noticed, with events as they should come.
    pub ready: Vec<Duration>,
    /// The same with events that come late, twice, out of order or in part.
    pub ready_unruly: Vec<Duration>,
    /// The same without any event.
    pub ready_polled: Vec<Duration>,
    /// From the third exit of a crash loop to noticed.
    pub doom: Vec<Duration>,
    /// How many slow starters there were, and how many of their runs did not pass.
    pub slow: (u64, u64),
    /// How many runs of all kinds.
    pub runs: u64,
    /// How long they took, all threads together.
    pub busy: Duration,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.ready.extend(other.ready);
        self.ready_unruly.extend(other.ready_unruly);
        self.ready_polled.extend(other.ready_polled);
        self.doom.extend(other.doom);
        self.slow.0 += other.slow.0;
        self.slow.1 += other.slow.1;
        self.runs += other.runs;
        self.busy += other.busy;
    }
}

/// Plays so many seeds of each kind in so many threads.
pub fn figures(library: &Library, seeds: u64, jobs: usize) -> Figures {
    let slow = Arc::new(patient(&library.sound[0]));
    let next = AtomicU64::new(0);
    let total = Mutex::new(Figures::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                let mut own = Figures::default();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds {
                        break;
                    }
                    own.add(of_seed(seed, &library.sound[0], &slow));
                }
                total.lock().unwrap_or_else(PoisonError::into_inner).add(own);
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// Returns a recipe whose suite gives it the time that the slowest starter needs.
fn patient(subject: &Subject) -> Subject {
    let mut patient = subject.clone();
    patient.prepared.suite_settings.timeouts.deploy = Span(GIVEN);
    patient
}

fn of_seed(seed: u64, subject: &Arc<Subject>, slow: &Arc<Subject>) -> Figures {
    let mut numbers = Random::new(seed ^ 0x5eed);
    let mut figures = Figures::default();
    let boot = Duration::from_millis(numbers.next() % 60_000);
    let boot = Fault::of(What::SlowBoot).with(Amount::Time(boot)).at(At::Tier(Tier::Install));
    let delivery = delivery(&mut numbers);
    let faults: Vec<Fault> = [Some(boot), delivery].into_iter().flatten().collect();
    let began = Instant::now();
    let run = play_watched(&Scenario::sound(seed, subject).with(&faults));
    let latency = latency(run.truth.ready, noticed(&run, "answer", true));
    match delivery.map(|fault| fault.what) {
        None => figures.ready.extend(latency),
        Some(What::EventsNone) => figures.ready_polled.extend(latency),
        Some(_) => figures.ready_unruly.extend(latency),
    }
    let looping = Fault::of(What::CrashLoop).at(At::Tier(Tier::Install));
    let run = play_watched(&Scenario::sound(seed, subject).with(&[looping]));
    figures.doom.extend(latency_of_doom(&run));
    let boot = Duration::from_millis(numbers.next() % SLOWEST.as_millis() as u64);
    let boot = Fault::of(What::SlowBoot).with(Amount::Time(boot)).at(At::Tier(Tier::Install));
    let run = play_watched(&Scenario::sound(seed, slow).with(&[boot]));
    let passed = run.exit == Some(ExitStatus::Verdict(RunVerdict::Pass));
    figures.slow = (1, u64::from(!passed));
    figures.runs = 3;
    figures.busy = began.elapsed();
    figures
}

/// Returns how the engine's events come: in half of the seeds as they should.
fn delivery(numbers: &mut Random) -> Option<Fault> {
    let what = match numbers.next() % 10 {
        0 => What::EventsLate,
        1 => What::EventsTwice,
        2 => What::EventsShuffled,
        3 => What::EventsLost,
        4 => What::EventsNone,
        _ => return None,
    };
    Some(Fault::of(what))
}

/// Returns when the first wait for the app ended like that.
fn noticed(run: &Finished, phase: &str, ok: bool) -> Option<Duration> {
    let ended = Happened::PhaseFinished { phase: phase.to_owned(), ok };
    let event = run.events.iter().find(|event| event.what == ended)?;
    Some(Duration::from_millis(event.ms))
}

fn latency(real: Option<Duration>, noticed: Option<Duration>) -> Option<Duration> {
    Some(noticed?.saturating_sub(real?))
}

fn latency_of_doom(run: &Finished) -> Option<Duration> {
    latency(run.truth.third_exit, noticed(run, "converge", false))
}

/// Returns a share of times, such as the half or 99 of 100, in milliseconds.
pub(crate) fn quantile(times: &[Duration], share: f64) -> f64 {
    let mut sorted = times.to_vec();
    sorted.sort();
    let at = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=101).rev().map(Duration::from_millis).collect();
        assert!((quantile(&times, 0.5) - 51.0).abs() < f64::EPSILON);
        assert!((quantile(&times, 0.99) - 100.0).abs() < f64::EPSILON);
        assert!((quantile(&times, 1.0) - 101.0).abs() < f64::EPSILON);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
