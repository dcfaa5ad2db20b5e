//! Why the engine did not do what it was asked. Main type: [`EngineError`].

use std::time::Duration;

use bollard::errors::Error;
use harness_core::cause::CauseClass;
use thiserror::Error as ThisError;

/// Why the engine did not do what it was asked.
#[derive(Debug, ThisError)]
pub enum EngineError {
    /// There was no answer.
    #[error(
        "the Docker Engine at {host} does not answer ({reason}), asked to {what}: start it, name another with --docker-host, or let `cargo xtask up` make a test server"
    )]
    Unreachable {
        /// Its address.
        host: String,
        /// What it was asked.
        what: String,
        /// What the system said.
        reason: String,
    },
    /// There was no answer in time.
    #[error("the Docker Engine at {host} did not {what} within {limit:?}")]
    TimedOut {
        /// Its address.
        host: String,
        /// What it was asked.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// It answered with an error.
    #[error("the Docker Engine refused to {what} (status {status}): {said}")]
    Refused {
        /// What it was asked.
        what: String,
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// It answered in a shape that is not known.
    #[error("the Docker Engine answered in a shape that is not known, asked to {what}")]
    Shape {
        /// What it was asked.
        what: String,
        /// What went wrong.
        source: Box<Error>,
    },
}

impl EngineError {
    /// Reads what the API client says.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the client's errors are not ours: what is not known is a shape that is not known"
    )]
    pub(super) fn from_api(host: &str, what: &str, error: Error) -> Self {
        let what = what.to_owned();
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                Self::Refused { what, status: status_code, said: message }
            }
            Error::SocketNotFoundError(_)
            | Error::IOError { .. }
            | Error::HyperResponseError { .. }
            | Error::HyperLegacyError { .. }
            | Error::RequestTimeoutError => {
                Self::Unreachable { host: host.to_owned(), what, reason: innermost(&error) }
            }
            _ => Self::Shape { what, source: Box::new(error) },
        }
    }

    /// Returns whether the engine said that there is no such thing.
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Returns whether the engine said that something is still in use.
    pub const fn is_in_use(&self) -> bool {
        matches!(self, Self::Refused { status: 400 | 403 | 409 | 500, .. })
    }

    /// Returns whose fault it is: an engine that refuses what it usually does was asked the wrong thing.
    pub const fn class(&self) -> CauseClass {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => CauseClass::Host,
            Self::Refused { .. } | Self::Shape { .. } => CauseClass::Harness,
        }
    }
}

/// Returns what the system said: the client's own errors repeat what is below them.
fn innermost(error: &Error) -> String {
    let mut error: &dyn std::error::Error = error;
    while let Some(below) = error.source() {
        error = below;
    }
    error.to_string()
}
