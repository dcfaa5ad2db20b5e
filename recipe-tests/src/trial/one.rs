//! Running one step to its end, whatever it does, and what that end means.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use harness_core::cause::{Cause, CauseClass};
use harness_core::run_file::{Dependency, Phase, RunFile, TrialLine};
use harness_core::tier::Status;

use super::panics;
use crate::check::{Check, Said, skip};
use crate::ctx::Ctx;
use crate::notes::{Notes, NotesError};
use crate::suite::Step;

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// It came to its end.
    Returned(Check),
    /// It panicked.
    Panicked(String),
    /// It ran past its limit.
    TimedOut(Duration),
    /// It ran past its limit without ever letting go of its thread.
    Stuck(Duration),
    /// What runs it is gone.
    Lost(String),
    /// A dependency that it needs is not there.
    Without(Cause),
}

/// What a step's end means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) message: Option<String>,
    pub(super) cause: Option<CauseClass>,
}

/// Runs a step. A panic and a hang end it and nothing else.
pub(super) async fn run(step: Step, ctx: Ctx) -> Ending {
    if let Some(ending) = without(&step, ctx.run()) {
        return ending;
    }
    let limit = step.limit;
    let body = AssertUnwindSafe(async move { (step.body)(ctx).await }).catch_unwind();
    match tokio::time::timeout(limit, body).await {
        Ok(Ok(check)) => Ending::Returned(check),
        Ok(Err(payload)) => Ending::Panicked(panics::message(&*payload)),
        Err(_elapsed) => Ending::TimedOut(limit),
    }
}

/// Returns how a step ends whose dependency is not there.
fn without(step: &Step, run: &RunFile) -> Option<Ending> {
    let of = |name: &&str| run.deps.iter().find(|(recipe, _)| recipe.as_str() == *name);
    let trouble = step.needs.iter().find_map(|name| match of(name) {
        Some((_, Dependency { trouble, .. })) => trouble.clone(),
        None => {
            let text = format!(
                "it needs `{name}`, which is not among `deps` in recipe.toml: add it there"
            );
            Some(Cause::new(CauseClass::Suite, text))
        }
    })?;
    Some(match step.phase {
        Phase::Seed => Ending::Returned(skip(trouble.evidence)),
        Phase::Check | Phase::Across | Phase::Provide | Phase::Works | Phase::TakeBack => {
            Ending::Without(trouble)
        }
    })
}

/// Hands back how a step ended, and returns what that means, without any known secret. What was kept of its pages is
/// named.
pub(super) fn report(
    name: String,
    ending: Ending,
    kept: &[String],
    took: Duration,
    notes: &Notes,
) -> Result<Outcome, NotesError> {
    let mut end = outcome(ending);
    let pages = if kept.is_empty() { String::new() } else { format!("; see {}", kept.join(", ")) };
    end.message = end.message.map(|m| notes.scrub(&format!("{m}{pages}")));
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let Outcome { status, message, cause } = end.clone();
    notes.append(TrialLine::Done { name, status, duration_ms, message, cause })?;
    Ok(end)
}

impl Ending {
    /// Returns whether the step failed, so that what its pages show is worth keeping.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Returned(Ok(())) | Self::Without(_) => false,
            Self::Returned(Err(failure)) => match failure.said {
                Said::Skip(_) | Said::PassBut(_) => false,
                Said::Wrong { .. } | Said::Error(_) => true,
            },
            Self::Panicked(_) | Self::TimedOut(_) | Self::Stuck(_) | Self::Lost(_) => true,
        }
    }
}

/// Decides what a step's end means.
pub(super) fn outcome(ending: Ending) -> Outcome {
    let fail = |cause, message| Outcome {
        status: Status::Fail,
        message: Some(message),
        cause: Some(cause),
    };
    match ending {
        Ending::Returned(Ok(())) => Outcome { status: Status::Pass, message: None, cause: None },
        Ending::Returned(Err(failure)) => match &failure.said {
            Said::Skip(reason) => {
                Outcome { status: Status::Skip, message: Some(reason.clone()), cause: None }
            }
            Said::PassBut(unseen) => {
                Outcome { status: Status::Pass, message: Some(unseen.clone()), cause: None }
            }
            Said::Wrong { .. } | Said::Error(_) => fail(failure.cause, failure.to_string()),
        },
        Ending::Panicked(said) => fail(CauseClass::Suite, said),
        Ending::TimedOut(limit) => fail(
            CauseClass::Suite,
            format!("expected an end within {limit:?}; it was still waiting"),
        ),
        Ending::Stuck(limit) => fail(
            CauseClass::Suite,
            format!(
                "expected an end within {limit:?}; it blocks its thread and was left behind: wait with `.await` only"
            ),
        ),
        Ending::Lost(why) => fail(CauseClass::Suite, why),
        Ending::Without(Cause { class: CauseClass::Suite, evidence }) => {
            fail(CauseClass::Suite, evidence)
        }
        Ending::Without(cause) => Outcome {
            status: Status::Unver,
            message: Some(cause.evidence),
            cause: Some(cause.class),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Failure, pass_but, skip};

    #[test]
    fn a_skip_is_neither_pass_nor_failure() {
        let end = outcome(Ending::Returned(skip("no volume")));
        assert_eq!((end.status, end.message.as_deref()), (Status::Skip, Some("no volume")));
    }

    #[test]
    fn a_pass_may_name_what_was_not_looked_at() {
        let ending = Ending::Returned(pass_but("not looked at: `cache`"));
        assert!(!ending.is_failure());
        let end = outcome(ending);
        let said = (end.status, end.message.as_deref(), end.cause);
        assert_eq!(said, (Status::Pass, Some("not looked at: `cache`"), None));
    }

    #[test]
    fn only_a_failure_is_worth_a_picture_and_what_was_kept_is_named() {
        let failed = || Ending::Returned(Err(Failure::new("a", "b")));
        assert!(failed().is_failure() && Ending::Panicked("x".into()).is_failure());
        for ending in [Ending::Returned(Ok(())), Ending::Returned(skip("no volume"))] {
            assert!(!ending.is_failure(), "{ending:?}");
        }
        let notes = Notes::in_memory(std::collections::BTreeMap::new());
        let kept = ["browser/custom-c.log".to_owned(), "browser/custom-c.png".to_owned()];
        let end = report("c".to_owned(), failed(), &kept, Duration::ZERO, &notes).unwrap();
        let message = end.message.unwrap();
        assert!(message.ends_with("; see browser/custom-c.log, browser/custom-c.png"), "{message}");
    }

    #[test]
    fn a_failure_keeps_its_cause_and_a_hang_is_the_suites() {
        let failure = Failure::new("a", "b").with_cause(CauseClass::Recipe);
        let end = outcome(Ending::Returned(Err(failure)));
        assert_eq!((end.status, end.cause), (Status::Fail, Some(CauseClass::Recipe)));
        let limit = Duration::from_secs(60);
        for ending in [Ending::TimedOut(limit), Ending::Stuck(limit), Ending::Panicked("x".into())]
        {
            let end = outcome(ending);
            assert_eq!((end.status, end.cause), (Status::Fail, Some(CauseClass::Suite)));
        }
    }
}
