//! How abra is started. Main type: [`Abra`].

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline, Output, ProcessError};

use super::error::AbraError;

/// An abra, and the folder that it works in.
#[derive(Clone, Debug)]
pub struct Abra {
    exe: Utf8PathBuf,
    base: BaseEnv,
    dir: Utf8PathBuf,
}

impl Abra {
    /// Names an abra and its `ABRA_DIR`. Nothing is started.
    pub fn new(exe: &Utf8Path, base: &BaseEnv, dir: &Utf8Path) -> Self {
        Self { exe: exe.to_owned(), base: base.clone(), dir: dir.to_owned() }
    }

    /// Returns the same abra with another `ABRA_DIR`.
    #[must_use]
    pub fn in_dir(&self, dir: &Utf8Path) -> Self {
        Self { dir: dir.to_owned(), ..self.clone() }
    }

    /// Returns its `ABRA_DIR`.
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Describes a command. An `abra.yml` in the working folder or above could name another folder, and
    /// `DOCKER_HOST` another engine: neither is there.
    pub(super) fn cmd(&self, args: &[&str], limit: Duration) -> Cmd {
        Cmd::new(self.exe.as_str(), &self.base, Deadline::after(limit))
            .cwd("/")
            .env("ABRA_DIR", self.dir.as_str())
            .env("ABRA_CI", "1")
            .env("ABRA_LANG", "C")
            .env("LC_ALL", "C")
            .env("LANG", "C")
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .args(args.iter().copied())
    }

    /// Runs a command without a terminal.
    pub(super) async fn run(
        &self,
        verb: &'static str,
        args: &[&str],
        limit: Duration,
    ) -> Result<Output, AbraError> {
        judged(verb, self.cmd(args, limit).output().await)
    }

    /// Runs a command in a terminal: for the verbs that refuse to work without one.
    pub(super) async fn run_in_terminal(
        &self,
        verb: &'static str,
        cmd: &Cmd,
    ) -> Result<Output, AbraError> {
        judged(verb, cmd.output_in_terminal().await)
    }
}

/// Says what an end of abra means.
pub(super) fn judged(
    verb: &'static str,
    ended: Result<Output, ProcessError>,
) -> Result<Output, AbraError> {
    match ended {
        Ok(output) if output.status.success() => Ok(output),
        Ok(output) => Err(AbraError::fatal(verb, &output)),
        Err(ProcessError::TimedOut { limit, stdout, stderr, .. }) => {
            let text = format!("{stdout}\n{stderr}");
            Err(AbraError::Hung { verb, limit, last: last_line(&text).to_owned() })
        }
        Err(ProcessError::Failed { output, .. }) => Err(AbraError::fatal(verb, &output)),
        Err(source @ (ProcessError::Spawn { .. } | ProcessError::Wait { .. })) => {
            Err(AbraError::NotStarted { verb, source })
        }
    }
}

fn last_line(text: &str) -> &str {
    text.lines().map(str::trim).rfind(|l| !l.is_empty()).unwrap_or("nothing")
}
