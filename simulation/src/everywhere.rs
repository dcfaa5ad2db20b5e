//! A kill at every event of every recipe's run, not at a sample of them.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::campaign::{Tally, killed_everywhere, played};
use crate::scenario::Scenario;
use crate::subject::Library;

/// The seed of these runs.
const SEED: u64 = 1;

/// Kills the run of every recipe at each of its events, in so many threads.
pub(crate) fn play(library: &Library, jobs: usize) -> Tally {
    let subjects: Vec<_> = library.sound.iter().chain(&library.broken).collect();
    let next = AtomicUsize::new(0);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while let Some(subject) = subjects.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let scenario = Scenario::sound(SEED, subject);
                    let Ok(run) = played(&scenario) else { continue };
                    let tally = killed_everywhere(&scenario, &run);
                    let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
                    total.runs += tally.runs;
                    total.found.extend(tally.found);
                }
            });
        }
    });
    total.into_inner().unwrap_or_else(PoisonError::into_inner)
}
