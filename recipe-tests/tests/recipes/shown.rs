//! What a run's results mean for one trial of the listing. Main items: [`Shown`], [`check`], [`verdict`].

use harness_core::report::{Check, Results, RunVerdict, Stage};
use harness_core::tier::{Status, Tier};
use libtest_mimic::{Completion, Failed};

/// How a trial is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// As passed.
    Passed,
    /// As ignored, for a reason: neither passed nor failed.
    Ignored(String),
    /// As failed.
    Failed(String),
}

impl Shown {
    /// Returns the same as libtest-mimic wants it.
    pub(crate) fn into_completion(self) -> Result<Completion, Failed> {
        match self {
            Self::Passed => Ok(Completion::Completed),
            Self::Ignored(reason) => Ok(Completion::ignored_with(reason)),
            Self::Failed(message) => Err(Failed::from(message)),
        }
    }
}

/// Decides how a check is shown.
///
/// One that was not come to is ignored only as long as nothing is wrong: in a run that failed it is failed, or else a
/// selection of checks that a failed deploy kept from being run would be green.
pub(crate) fn check(results: &Results, tier: Tier, name: &str) -> Shown {
    let stage = results.stages.iter().find(|s| s.tier == tier);
    let found = stage.and_then(|s| s.checks.iter().find(|c| c.name == name));
    if let Some(check) = found {
        return of_status(check.status, || message(check));
    }
    let why = stage.and_then(reason).unwrap_or_else(|| format!("the {tier} tier gave no result"));
    match results.verdict {
        RunVerdict::Pass | RunVerdict::NotVerified => Shown::Ignored(why),
        RunVerdict::Fail | RunVerdict::Error => {
            Shown::Failed(format!("it was not come to: {why}{}", cause(results)))
        }
    }
}

/// Decides how the run as a whole is shown; anything but a pass tells its story.
pub(crate) fn verdict(results: &Results, story: &str) -> Shown {
    match results.verdict {
        RunVerdict::Pass => Shown::Passed,
        RunVerdict::Fail | RunVerdict::NotVerified | RunVerdict::Error => {
            Shown::Failed(story.to_owned())
        }
    }
}

fn of_status(status: Status, message: impl FnOnce() -> String) -> Shown {
    match status {
        Status::Pass => Shown::Passed,
        Status::Skip | Status::Unver => Shown::Ignored(message()),
        Status::Fail => Shown::Failed(message()),
    }
}

fn message(check: &Check) -> String {
    let cause = check.cause.map(|c| format!(" [cause: {c}]")).unwrap_or_default();
    format!("{}{cause}", check.message.as_deref().unwrap_or("it gave no reason"))
}

/// Says why a tier did not come to its checks: its own reason, or the step of its op that failed.
fn reason(stage: &Stage) -> Option<String> {
    let failed = stage.checks.iter().find(|c| c.status == Status::Fail);
    let step = failed.map(|c| format!("`{}::{}` failed", stage.tier, c.name));
    stage.reason.clone().or(step)
}

fn cause(results: &Results) -> String {
    let cause = results.cause.as_ref();
    cause.map(|c| format!("; {} [cause: {}]", c.evidence, c.class)).unwrap_or_default()
}
