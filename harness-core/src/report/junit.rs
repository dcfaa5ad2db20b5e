//! JUnit XML: one suite per tier.

use std::time::Duration;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
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
