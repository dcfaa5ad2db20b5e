//! Runs a phase's seeds or checks in a process of their own. Main type: [`TrialsProcess`].

use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::{Cause, CauseClass};
use harness_core::lifecycle::{Trials, TrialsEnded};
use harness_core::name::RecipeName;
use harness_core::process::{BaseEnv, Cmd, Deadline, Output, ProcessError};
use harness_core::run_file::{RUN_FILE_VARIABLE, RunFile, SuiteDescription, TrialLine};
use thiserror::Error;

/// The exit code of libtest for "a trial failed": a verdict, not a crash.
const TRIALS_FAILED: i32 = 101;

/// The trials program, started once for each phase of a tier.
#[derive(Clone, Debug)]
pub struct TrialsProcess {
    /// The program.
    pub program: Utf8PathBuf,
    /// The environment that it starts from; it carries the run's id.
    pub base: BaseEnv,
    /// The run file, written anew before each start.
    pub run_file: Utf8PathBuf,
}

/// What knows the suites of recipes.
pub trait Suites: Sync {
    /// Returns what a recipe's suite has.
    fn describe(
        &self,
        recipe: &RecipeName,
    ) -> impl Future<Output = Result<SuiteDescription, DescribeError>> + Send;
}

/// Suites that are known in this process.
impl<F> Suites for F
where
    F: Fn(&RecipeName) -> SuiteDescription + Sync,
{
    async fn describe(&self, recipe: &RecipeName) -> Result<SuiteDescription, DescribeError> {
        Ok(self(recipe))
    }
}

/// The trials program could not say what it has for a recipe.
#[derive(Debug, Error)]
pub enum DescribeError {
    /// It could not be run.
    #[error(
        "failed to ask the trials program for its suite of `{recipe}`; is it built? (`cargo build -p recipe-tests`)"
    )]
    Run {
        /// The recipe.
        recipe: String,
        /// What went wrong.
        source: ProcessError,
    },
    /// What it said is no description.
    #[error(
        "the trials program's description of `{recipe}` cannot be read; was it built from another commit?"
    )]
    Parse {
        /// The recipe.
        recipe: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl TrialsProcess {
    fn write_run_file(&self, file: &RunFile) -> std::io::Result<()> {
        let text = serde_json::to_vec(file).map_err(std::io::Error::other)?;
        for path in [&self.run_file_of(file), &file.out] {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
        }
        // Lines of an earlier process must not stand in for checks that say nothing.
        match std::fs::remove_file(&file.out) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let run_file = self.run_file_of(file);
        let temporary = run_file.with_extension("json.new");
        let mut options = std::fs::OpenOptions::new();
        let mut handle =
            options.write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        std::io::Write::write_all(&mut handle, &text)?;
        std::fs::rename(&temporary, &run_file)
    }

    /// Returns where a run file goes: dependencies are provided side by side, and `run.json` is the app's.
    fn run_file_of(&self, file: &RunFile) -> Utf8PathBuf {
        match &file.consumer {
            Some(_) => file.out.with_extension("run.json"),
            None => self.run_file.clone(),
        }
    }
}

impl Suites for TrialsProcess {
    /// Asks the program.
    async fn describe(&self, recipe: &RecipeName) -> Result<SuiteDescription, DescribeError> {
        let recipe = recipe.as_str();
        let cmd =
            Cmd::new(self.program.as_str(), &self.base, Deadline::after(Duration::from_secs(20)));
        let output = cmd.args(["describe", recipe]).run().await;
        let output =
            output.map_err(|source| DescribeError::Run { recipe: recipe.to_owned(), source })?;
        let parsed = serde_json::from_str(&output.stdout);
        parsed.map_err(|source| DescribeError::Parse { recipe: recipe.to_owned(), source })
    }
}

impl Trials for TrialsProcess {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        if let Err(error) = self.write_run_file(file) {
            let cause =
                Cause::new(CauseClass::Host, format!("the run file could not be written: {error}"));
            return TrialsEnded { lines: Vec::new(), trouble: Some(cause) };
        }
        let cmd = Cmd::new(self.program.as_str(), &self.base, Deadline::after(limit));
        let ended = cmd.env(RUN_FILE_VARIABLE, self.run_file_of(file).as_str()).output().await;
        let (lines, torn) = read_lines(&file.out);
        TrialsEnded { lines, trouble: trouble(ended, torn) }
    }
}

/// Reads what the process appended; the second value says whether a line could not be read.
fn read_lines(path: &Utf8Path) -> (Vec<TrialLine>, bool) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut lines = Vec::new();
    let mut torn = false;
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(parsed) => lines.push(parsed),
            Err(_) => torn = true,
        }
    }
    (lines, torn)
}

/// Decides what was wrong with the process itself. Trials that failed are no trouble: their lines say so.
fn trouble(ended: Result<Output, ProcessError>, torn: bool) -> Option<Cause> {
    match ended {
        Ok(output) if output.status.success() || output.status.code() == Some(TRIALS_FAILED) => {
            torn.then(|| Cause::new(CauseClass::Suite, "the trials process left a torn line"))
        }
        Ok(output) => {
            let text = format!(
                "the trials process ended with {}: {}",
                output.status,
                output.last_lines(5)
            );
            Some(Cause::new(CauseClass::Suite, text))
        }
        Err(error @ ProcessError::TimedOut { .. }) => {
            Some(Cause::new(CauseClass::Suite, error.to_string()))
        }
        Err(
            error @ (ProcessError::Spawn { .. }
            | ProcessError::Wait { .. }
            | ProcessError::Failed { .. }),
        ) => Some(Cause::new(CauseClass::Harness, harness_core::chain::Chain(&error).to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn ended(raw: i32) -> Result<Output, ProcessError> {
        Ok(Output {
            stdout: String::new(),
            stderr: "last words".to_owned(),
            status: ExitStatus::from_raw(raw),
        })
    }

    #[test]
    fn failed_trials_are_no_trouble_and_a_crash_is() {
        assert_eq!(trouble(ended(0), false), None);
        assert_eq!(trouble(ended(101 << 8), false), None);
        let crash = trouble(ended(11), false).unwrap();
        assert_eq!(crash.class, CauseClass::Suite);
        assert!(
            crash.evidence.contains("signal: 11") && crash.evidence.contains("last words"),
            "{crash}"
        );
        assert!(trouble(ended(2 << 8), false).is_some());
    }

    #[test]
    fn a_torn_line_is_trouble() {
        assert_eq!(trouble(ended(0), true).unwrap().class, CauseClass::Suite);
    }
}
