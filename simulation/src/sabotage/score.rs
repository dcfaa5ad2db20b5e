//! What a suite catches. Main types: [`Score`], [`End`].

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use harness_core::report::{Results, RunVerdict};
use harness_core::tier::{Status, Tier};
use harness_local::sabotage::Class;
use thiserror::Error;

use crate::play::play;
use crate::scenario::Scenario;
use crate::subject::Subject;

/// How a sabotaged run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Red.
    Caught {
        /// In this tier.
        tier: Tier,
        /// By these checks or steps of its op.
        checks: Vec<String>,
    },
    /// Green: nobody noticed.
    Survived,
    /// Neither: the harness took it for nobody's fault.
    NotVerified {
        /// What it said.
        why: String,
    },
    /// There was nothing to break, so it proves nothing.
    NothingToBreak,
}

/// A sabotage and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The sabotage.
    pub class: &'static Class,
    /// How the run ended.
    pub end: End,
}

/// What a suite catches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    /// The recipe.
    pub recipe: String,
    /// Every sabotage, in the order of the table.
    pub outcomes: Vec<Outcome>,
}

impl Score {
    /// Returns the sabotages that broke something.
    pub fn counted(&self) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(|o| o.end != End::NothingToBreak)
    }

    /// Returns how many were caught.
    pub fn caught(&self) -> usize {
        self.counted().filter(|o| matches!(o.end, End::Caught { .. })).count()
    }

    /// Returns the names of those that broke something and were not caught.
    pub fn survivors(&self) -> Vec<&'static str> {
        let free = self.counted().filter(|o| !matches!(o.end, End::Caught { .. }));
        free.map(|o| o.class.name).collect()
    }

    /// Returns how many of a thousand were caught; none when nothing could be broken.
    pub fn per_mille(&self) -> Option<usize> {
        (self.caught() * 1000).checked_div(self.counted().count())
    }
}

/// A run that nobody sabotaged is not green, so nothing can be said of the suite.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{recipe} is not green without a sabotage, so what a red would mean is not known: {why}; make it pass first"
)]
pub struct NotGreen {
    recipe: String,
    why: String,
}

/// Plays the recipe as it is, and then with each sabotage by itself.
///
/// # Errors
/// The recipe is not green as it is.
pub fn measure(
    subject: &Arc<Subject>,
    classes: &[&'static Class],
    seed: u64,
    jobs: usize,
) -> Result<Score, NotGreen> {
    let sound = play(&Scenario::sound(seed, subject));
    let verdict = sound.results.as_ref().map(|r| r.verdict);
    if verdict != Some(RunVerdict::Pass) {
        let why = sound.results.as_ref().map_or_else(|| "it never ended".to_owned(), evidence);
        return Err(NotGreen { recipe: subject.name.clone(), why });
    }
    let next = AtomicUsize::new(0);
    let ends: Mutex<Vec<(usize, Outcome)>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, classes.len().max(1)) {
            scope.spawn(|| {
                while let Some(class) = classes.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let run = play(&Scenario::sound(seed, subject).sabotaged(class.what));
                    let end = ended(run.sabotaged, run.results.as_ref());
                    let at = classes.iter().position(|c| c == class).unwrap_or_default();
                    let mut ends = ends.lock().unwrap_or_else(PoisonError::into_inner);
                    ends.push((at, Outcome { class, end }));
                }
            });
        }
    });
    let mut ends = ends.into_inner().unwrap_or_else(PoisonError::into_inner);
    ends.sort_by_key(|(at, _)| *at);
    let outcomes = ends.into_iter().map(|(_, outcome)| outcome).collect();
    Ok(Score { recipe: subject.name.clone(), outcomes })
}

/// Says how a run ended.
fn ended(sabotaged: bool, results: Option<&Results>) -> End {
    if !sabotaged {
        return End::NothingToBreak;
    }
    let Some(results) = results else {
        return End::NotVerified { why: "it never ended".to_owned() };
    };
    match results.verdict {
        RunVerdict::Pass => End::Survived,
        RunVerdict::NotVerified | RunVerdict::Error => End::NotVerified { why: evidence(results) },
        RunVerdict::Fail => {
            caught(results).unwrap_or_else(|| End::NotVerified { why: "no tier failed".to_owned() })
        }
    }
}

fn caught(results: &Results) -> Option<End> {
    let stage = results.stages.iter().find(|s| s.status == Status::Fail)?;
    let failed = stage.checks.iter().filter(|c| c.status == Status::Fail);
    let checks = failed.map(|c| c.name.clone()).collect();
    Some(End::Caught { tier: stage.tier, checks })
}

fn evidence(results: &Results) -> String {
    let said = results.cause.as_ref().map(|c| c.evidence.lines().next().unwrap_or_default());
    format!("{}: {}", results.verdict.word(), said.unwrap_or("no cause"))
}

#[cfg(test)]
mod tests {
    use harness_local::sabotage::CLASSES;

    use super::*;

    fn outcome(at: usize, end: End) -> Outcome {
        Outcome { class: &CLASSES[at], end }
    }

    #[test]
    fn what_broke_nothing_is_not_counted_and_what_was_not_verified_is_not_caught() {
        let score = Score {
            recipe: "r".to_owned(),
            outcomes: vec![
                outcome(0, End::Caught { tier: Tier::Upgrade, checks: Vec::new() }),
                outcome(1, End::Survived),
                outcome(2, End::NothingToBreak),
                outcome(3, End::NotVerified { why: String::new() }),
            ],
        };
        assert_eq!((score.counted().count(), score.caught()), (3, 1));
        assert_eq!(score.survivors(), [CLASSES[1].name, CLASSES[3].name]);
        assert_eq!(score.per_mille(), Some(333));
    }

    #[test]
    fn nothing_to_break_is_no_share() {
        let outcomes = vec![outcome(0, End::NothingToBreak)];
        assert_eq!(Score { recipe: "r".to_owned(), outcomes }.per_mille(), None);
    }

    #[test]
    fn a_run_that_never_ended_is_not_caught() {
        assert!(matches!(ended(true, None), End::NotVerified { .. }));
        assert_eq!(ended(false, None), End::NothingToBreak);
    }
}
