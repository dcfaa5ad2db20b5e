//! JUnit XML: one suite per tier.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};
use thiserror::Error;

use crate::tier::Status;

use super::results::{Check, Results, Stage};

/// The results could not be written as JUnit XML.
#[derive(Debug, Error)]
#[error("failed to write JUnit XML")]
pub struct JunitError {
    /// What went wrong.
    #[source]
    source: quick_junit::SerializeError,
}

/// Returns the results as JUnit XML. What was not verified is an error, not a failure.
///
/// # Errors
/// The XML could not be made.
pub fn junit(results: &Results) -> Result<String, JunitError> {
    let mut report = Report::new(format!("{} ({})", results.recipe, results.platform.name));
    for stage in &results.stages {
        report.add_test_suite(suite(&results.recipe, stage));
    }
    report.to_string().map_err(|source| JunitError { source })
}

fn suite(recipe: &str, stage: &Stage) -> TestSuite {
    let mut suite = TestSuite::new(format!("{recipe}::{}", stage.tier));
    suite.set_time(Duration::from_millis(stage.duration_ms));
    for check in &stage.checks {
        suite.add_test_case(case(recipe, stage, check));
    }
    if let Some(case) = flaky(recipe, stage) {
        suite.add_test_case(case);
    }
    if stage.checks.is_empty() {
        let check = Check {
            name: "tier".to_owned(),
            status: stage.status,
            duration_ms: stage.duration_ms,
            message: stage.reason.clone(),
            cause: None,
        };
        suite.add_test_case(case(recipe, stage, &check));
    }
    suite
}

/// Returns a tier that passed only when it was done again, as JUnit shows a test that did.
fn flaky(recipe: &str, stage: &Stage) -> Option<TestCase> {
    let wrong = stage.attempts.split_last().map(|(_, before)| before).filter(|b| !b.is_empty())?;
    if stage.status != Status::Pass {
        return None;
    }
    let mut case = TestCase::new(
        format!("{recipe}::{}::passed_at_attempt_{}", stage.tier, stage.attempts.len()),
        TestCaseStatus::success(),
    );
    case.set_classname(format!("{recipe}.{}", stage.tier));
    for attempt in wrong {
        let mut run = TestRerun::new(NonSuccessKind::Failure);
        run.set_time(Duration::from_millis(attempt.duration_ms));
        run.set_message(attempt.reason.clone().unwrap_or_default());
        run.set_type("flake");
        case.status.add_rerun(run);
    }
    Some(case)
}

fn case(recipe: &str, stage: &Stage, check: &Check) -> TestCase {
    let status = match check.status {
        Status::Pass => TestCaseStatus::success(),
        Status::Skip => TestCaseStatus::skipped(),
        Status::Fail => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Status::Unver => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    let mut case = TestCase::new(format!("{recipe}::{}::{}", stage.tier, check.name), status);
    case.set_classname(format!("{recipe}.{}", stage.tier));
    case.set_time(Duration::from_millis(check.duration_ms));
    if let Some(message) = &check.message {
        case.status.set_message(message.clone());
    }
    if let Some(cause) = check.cause {
        case.status.set_type(cause.word());
    }
    case
}
