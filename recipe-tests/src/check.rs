//! How a seed or a check ends. Main items: [`Check`], [`Failure`], [`skip`](fn@skip), `ensure!`, `ensure_eq!`.

use std::fmt;
use std::panic::Location;

use harness_core::cause::CauseClass;

/// How a seed or a check ends.
pub type Check = Result<(), Failure>;

/// What is not as it should be, or why it was not looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub(crate) said: Said,
    pub(crate) cause: CauseClass,
    place: Option<String>,
}

/// What a failure says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Something is wrong.
    Wrong { expected: String, seen: String },
    /// Something could not be done.
    Error(String),
    /// It was not looked at, on purpose.
    Skip(String),
    /// What was looked at is right, and this is what was not looked at. It counts as a pass.
    PassBut(String),
}

impl Failure {
    /// Returns a failure that says what was expected and what was seen. Its cause is the app until said otherwise.
    #[track_caller]
    pub fn new(expected: impl Into<String>, seen: impl Into<String>) -> Self {
        let said = Said::Wrong { expected: expected.into(), seen: seen.into() };
        Self { said, cause: CauseClass::App, place: None }.here()
    }

    /// Returns a failure for something that could not be done, with its cause.
    pub fn error(cause: CauseClass, text: impl Into<String>) -> Self {
        Self { said: Said::Error(text.into()), cause, place: None }
    }

    /// Returns the same failure with another cause.
    #[must_use]
    pub const fn with_cause(mut self, cause: CauseClass) -> Self {
        self.cause = cause;
        self
    }

    /// Returns the same failure without the place in the source, for where that helps no reader.
    #[must_use]
    pub(crate) fn without_place(mut self) -> Self {
        self.place = None;
        self
    }

    #[track_caller]
    fn here(mut self) -> Self {
        let at = Location::caller();
        self.place = Some(format!("{}:{}", short(at.file()), at.line()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.said {
            Said::Wrong { expected, seen } => write!(f, "expected {expected}; seen: {seen}")?,
            Said::Error(text) | Said::Skip(text) | Said::PassBut(text) => f.write_str(text)?,
        }
        match &self.place {
            Some(place) => write!(f, " (at {place})"),
            None => Ok(()),
        }
    }
}

/// Ends a seed or check without a result, with the reason: `return skip("…")`. Never counted as a pass.
///
/// # Errors
/// Always: that is what ends the check.
pub fn skip(reason: impl Into<String>) -> Check {
    Err(Failure { said: Said::Skip(reason.into()), cause: CauseClass::Suite, place: None })
}

/// Ends a check with a pass that names what was not looked at. Only where something was, and was right.
pub(crate) fn pass_but(unseen: impl Into<String>) -> Check {
    Err(Failure { said: Said::PassBut(unseen.into()), cause: CauseClass::Suite, place: None })
}

/// Returns a source path from the crate's folder on.
pub(crate) fn short(file: &str) -> &str {
    file.find("recipe-tests/").map_or(file, |at| &file[at..])
}

/// Ends the check as failed unless the condition holds.
///
/// ```
/// # use recipe_tests::{Check, ensure};
/// # fn check() -> Check {
/// let status = 200;
/// ensure!(status == 200, expected: "status 200", seen: status);
/// ensure!(status < 500);
/// # Ok(()) }
/// # check().unwrap();
/// ```
#[macro_export]
macro_rules! ensure {
    ($condition:expr, expected: $expected:expr, seen: $seen:expr $(,)?) => {
        if !$condition {
            return Err($crate::Failure::new($expected.to_string(), $seen.to_string()));
        }
    };
    ($condition:expr $(,)?) => {
        if !$condition {
            return Err($crate::Failure::new(
                concat!("`", stringify!($condition), "`"),
                "it does not hold",
            ));
        }
    };
}

/// Ends the check as failed unless what was seen equals what was expected. The text says what it is.
///
/// ```
/// # use recipe_tests::{Check, ensure_eq};
/// # fn check() -> Check {
/// let (path, status) = ("/page", 200);
/// ensure_eq!(status, 200, "the status of {path}");
/// # Ok(()) }
/// # check().unwrap();
/// ```
#[macro_export]
macro_rules! ensure_eq {
    ($seen:expr, $expected:expr, $($what:tt)+) => {
        match (&$seen, &$expected) {
            (seen, expected) => {
                if *seen != *expected {
                    return Err($crate::Failure::new(
                        format!("{} to be {expected:?}", format_args!($($what)+)),
                        format!("{seen:?}"),
                    ));
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_expected_seen_and_where() {
        let check = || -> Check {
            ensure_eq!(404, 200, "the status of {}", "/page");
            Ok(())
        };
        let text = check().unwrap_err().to_string();
        assert!(
            text.starts_with(
                "expected the status of /page to be 200; seen: 404 (at recipe-tests/src/check.rs:"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_bare_condition_is_shown_as_written() {
        let check = |n: u32| -> Check {
            ensure!(n < 3);
            Ok(())
        };
        assert!(check(2).is_ok());
        assert!(check(3).unwrap_err().to_string().starts_with("expected `n < 3`; seen: "));
    }
}
