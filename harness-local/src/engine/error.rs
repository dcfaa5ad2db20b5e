//! Why the engine did not do something.

use harness_core::process::ProcessError;
use thiserror::Error;

/// Why the engine did not do something.
#[derive(Debug, Error)]
pub enum EngineError {
    /// No engine answers.
    #[error("Cannot connect to the Docker daemon at {host}. Is the docker daemon running?")]
    Unreachable {
        /// Where it was looked for.
        host: String,
        /// What the client said.
        source: Box<bollard::errors::Error>,
    },
    /// The engine refused a request.
    #[error("Error response from daemon: {text}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The engine's own text.
        text: String,
    },
    /// The engine's answer could not be had or understood.
    #[error("failed to {what}")]
    Broken {
        /// What was asked.
        what: &'static str,
        /// What the client said.
        source: Box<bollard::errors::Error>,
    },
    /// The `docker` client failed.
    #[error("{text}")]
    Client {
        /// What the client said, or why it could not run.
        text: String,
    },
}

impl EngineError {
    /// Judges a failed request: the engine's own refusal, or no proper answer.
    pub(super) fn from_api(what: &'static str, error: bollard::errors::Error) -> Self {
        if let bollard::errors::Error::DockerResponseServerError { status_code, message } = error {
            return Self::Refused { status: status_code, text: message };
        }
        Self::Broken { what, source: Box::new(error) }
    }

    /// Judges a failed `docker` client: its own words when it had some.
    pub(super) fn from_client(error: &ProcessError) -> Self {
        let text = match error {
            ProcessError::Failed { output, .. } => reason(&output.stdout, &output.stderr),
            ProcessError::Spawn { .. }
            | ProcessError::Wait { .. }
            | ProcessError::TimedOut { .. } => error.to_string(),
        };
        Self::Client { text }
    }

    /// Returns whether the engine says that something is not there.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Returns whether the engine says that the state of a thing forbids the request (in use, not running).
    pub const fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }
}

/// Returns why a client failed: what it said on standard error, without the notices that newer clients print about
/// flags that older ones do not have.
fn reason(stdout: &str, stderr: &str) -> String {
    let notice = |line: &&str| {
        line.starts_with("Since --detach=") || line.starts_with("In a future release,")
    };
    let said = if stderr.trim().is_empty() { stdout } else { stderr };
    said.lines().filter(|line| !notice(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_reason_is_left() {
        let said = "Since --detach=false was not specified, tasks will be created in the background.\nIn a future release, --detach=false will become the default.\nfailed to update config x";
        assert_eq!(reason("Creating service y\n", said), "failed to update config x");
    }
}
