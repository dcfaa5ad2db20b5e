//! Commands in a service's running container, with their true exit status. Main items: [`ExecOutput`], [`ExecError`].

use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use harness_core::name::{ServiceName, StackName};
use thiserror::Error;

use super::connect::{Engine, QUESTION};
use super::error::EngineError;

/// Kept of each stream, in bytes.
pub(super) const MAX_OUTPUT: usize = 1024 * 1024;

/// What a command in a container printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecOutput {
    /// Standard output, at most 1 MiB of it.
    pub stdout: String,
    /// Standard error, at most 1 MiB of it.
    pub stderr: String,
}

/// A command in a container did not do its work.
#[derive(Debug, Error)]
pub enum ExecError {
    /// No task of the service runs.
    #[error("no task of service `{service}` runs: nothing can be run in it")]
    NotRunning {
        /// The service.
        service: ServiceName,
    },
    /// It ended with something else than 0.
    #[error("`{command}` in service `{service}` ended with {code}: {}", last(output))]
    Failed {
        /// The command.
        command: String,
        /// The service.
        service: ServiceName,
        /// The exit code.
        code: i64,
        /// What it printed.
        output: Box<ExecOutput>,
    },
    /// The container has no such program, or may not run it.
    #[error("the container of service `{service}` cannot run `{command}`: {said}")]
    NoProgram {
        /// The command.
        command: String,
        /// The service.
        service: ServiceName,
        /// What the engine said.
        said: String,
    },
    /// It did not end in time. It may still run.
    #[error("`{command}` in service `{service}` did not end within {limit:?}: {}", last(output))]
    TimedOut {
        /// The command.
        command: String,
        /// The service.
        service: ServiceName,
        /// The limit.
        limit: Duration,
        /// What it had printed.
        output: Box<ExecOutput>,
    },
    /// The engine did not do it.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

fn last(output: &ExecOutput) -> String {
    let lines: Vec<&str> = output.stdout.lines().chain(output.stderr.lines()).collect();
    let lines = &lines[lines.len().saturating_sub(5)..];
    if lines.is_empty() { "it printed nothing".to_owned() } else { lines.join("\n") }
}

impl Engine {
    /// Runs a command in the container of the service's newest running task. No shell is added.
    ///
    /// # Errors
    /// Nothing runs, the command did not end with 0 in time, or the engine did not do it.
    pub async fn exec(
        &self,
        stack: &StackName,
        service: &ServiceName,
        argv: &[&str],
        limit: Duration,
    ) -> Result<ExecOutput, ExecError> {
        let container = self.running_container(stack, service).await?;
        let Some(container) = container else {
            return Err(ExecError::NotRunning { service: service.clone() });
        };
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(argv.iter().map(|a| (*a).to_owned()).collect()),
            ..ExecConfig::default()
        };
        let created = self.docker.create_exec(&container, config);
        let id = self.ask("prepare a command in a container", QUESTION, created).await?.id;
        let mut output = ExecOutput::default();
        let run = tokio::time::timeout(limit, self.run_exec(&id, &mut output)).await;
        let command = argv.join(" ");
        match run {
            Err(_elapsed) => {
                let (service, output) = (service.clone(), Box::new(output));
                Err(ExecError::TimedOut { command, service, limit, output })
            }
            Ok(Err(EngineError::Refused { said, .. })) if is_no_program(&said) => {
                Err(ExecError::NoProgram { command, service: service.clone(), said })
            }
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(0)) => Ok(output),
            Ok(Ok(126 | 127)) if is_no_program(&last(&output)) => {
                let said = last(&output);
                Err(ExecError::NoProgram { command, service: service.clone(), said })
            }
            Ok(Ok(code)) => {
                let (service, output) = (service.clone(), Box::new(output));
                Err(ExecError::Failed { command, service, code, output })
            }
        }
    }

    async fn run_exec(&self, id: &str, output: &mut ExecOutput) -> Result<i64, EngineError> {
        let what = "run a command in a container";
        let started = self.ask(what, QUESTION, self.docker.start_exec(id, None)).await?;
        if let StartExecResults::Attached { output: mut stream, .. } = started {
            while let Some(chunk) = stream.next().await {
                let chunk = chunk.map_err(|e| EngineError::from_api(self.host(), what, e))?;
                keep(output, &chunk);
            }
        }
        let ended = self.ask(what, QUESTION, self.docker.inspect_exec(id)).await?;
        Ok(ended.exit_code.unwrap_or(-1))
    }
}

fn keep(output: &mut ExecOutput, chunk: &LogOutput) {
    let stream = match chunk {
        LogOutput::StdErr { .. } => &mut output.stderr,
        LogOutput::StdOut { .. } | LogOutput::StdIn { .. } | LogOutput::Console { .. } => {
            &mut output.stdout
        }
    };
    if stream.len() < MAX_OUTPUT {
        stream.push_str(&chunk.to_string());
    }
}

/// Recognizes what the engine says when the program itself is missing: in a container made from scratch, all of them.
fn is_no_program(said: &str) -> bool {
    ["executable file not found", "no such file or directory: unknown", "OCI runtime exec failed"]
        .iter()
        .any(|text| said.contains(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_program_is_told_apart_from_one_that_fails() {
        assert!(is_no_program(
            "OCI runtime exec failed: exec failed: unable to start container process: exec: \"rm\": executable file not found in $PATH: unknown"
        ));
        assert!(!is_no_program("cat: /x: No such file or directory"));
    }

    #[test]
    fn what_was_printed_last_is_the_evidence() {
        let output = ExecOutput { stdout: "a\nb\n".to_owned(), stderr: "c\n".to_owned() };
        assert_eq!(last(&output), "a\nb\nc");
        assert_eq!(last(&ExecOutput::default()), "it printed nothing");
    }
}
