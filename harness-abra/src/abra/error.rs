//! What abra said when it did not do its work, and whose fault that is. Main type: [`AbraError`].

use std::time::Duration;

use harness_core::cause::{Cause, CauseClass};
use harness_core::process::{Output, ProcessError};
use thiserror::Error;

use super::classify::{classify, fatal_line, repository_trouble};

/// Why a verb of abra did not do its work.
#[derive(Debug, Error)]
pub enum AbraError {
    /// It could not be started.
    #[error("abra could not be started for `{verb}`")]
    NotStarted {
        /// The verb.
        verb: &'static str,
        /// What the system said.
        source: ProcessError,
    },
    /// It ran past its limit and was ended.
    #[error("abra hung in `{verb}`: it was ended after {limit:?}; its last line was: {last}")]
    Hung {
        /// The verb.
        verb: &'static str,
        /// The limit.
        limit: Duration,
        /// The last line that it printed.
        last: String,
    },
    /// It gave up.
    #[error("abra gave up in `{verb}`: {said}")]
    Fatal {
        /// The verb.
        verb: &'static str,
        /// What it said.
        said: String,
        /// Whose fault that is.
        class: CauseClass,
    },
    /// It said that all is well, in a shape that is not known.
    #[error("abra printed for `{verb}` what cannot be read: expected {expected}, saw: {seen}")]
    Unreadable {
        /// The verb.
        verb: &'static str,
        /// What was expected.
        expected: &'static str,
        /// What came; never a secret.
        seen: String,
    },
    /// A file around it could not be handled.
    #[error("failed to {what} for `{verb}`")]
    Io {
        /// The verb.
        verb: &'static str,
        /// What was attempted.
        what: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl AbraError {
    /// Reads what an abra that failed has said.
    pub(super) fn fatal(verb: &'static str, output: &Output) -> Self {
        let text = format!("{}\n{}", output.stdout, output.stderr);
        let said = fatal_line(&text).unwrap_or_else(|| format!("{} and no reason", output.status));
        let is_about_backups = verb.starts_with("app backup") || verb == "app restore";
        if is_about_backups && let Some(trouble) = repository_trouble(&text) {
            return Self::Fatal {
                verb,
                said: format!("{trouble}; {said}"),
                class: CauseClass::Host,
            };
        }
        let class = classify(&text);
        Self::Fatal { verb, said, class }
    }

    /// Returns whether abra said this, in any letter case.
    pub fn says(&self, text: &str) -> bool {
        match self {
            Self::Fatal { said, .. } => said.to_lowercase().contains(&text.to_lowercase()),
            Self::NotStarted { .. }
            | Self::Hung { .. }
            | Self::Unreadable { .. }
            | Self::Io { .. } => false,
        }
    }

    /// Returns whether abra gave up because an error rule of its lint fails.
    pub(crate) fn is_lint(&self) -> bool {
        self.says("failed lint checks")
    }

    /// Returns whose fault it is.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Fatal { class, .. } => *class,
            Self::NotStarted { .. }
            | Self::Hung { .. }
            | Self::Unreadable { .. }
            | Self::Io { .. } => CauseClass::Harness,
        }
    }

    /// Returns whose fault it is, with the evidence.
    pub fn cause(&self) -> Cause {
        Cause::new(self.class(), harness_core::chain::Chain(self).to_string())
    }
}
