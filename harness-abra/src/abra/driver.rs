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

    /// Runs a command whose standard output may hold secrets: no error carries a line of it.
    pub(super) async fn run_discreetly(
        &self,
        verb: &'static str,
        args: &[&str],
        limit: Duration,
    ) -> Result<Output, AbraError> {
        judged(verb, discreet(self.cmd(args, limit).output().await))
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

/// What stands for a standard output that no error may carry.
const NOT_SHOWN: &str = "(not shown: may hold secrets)";

/// Takes the standard output out of every end but a good one. Under `--machine` abra's log, and so its reason, is on
/// standard error.
fn discreet(ended: Result<Output, ProcessError>) -> Result<Output, ProcessError> {
    let hide = |stdout: &mut String| {
        if !stdout.trim().is_empty() {
            NOT_SHOWN.clone_into(stdout);
        }
    };
    let mut ended = ended;
    match &mut ended {
        Ok(output) if output.status.success() => {}
        Ok(output) => hide(&mut output.stdout),
        Err(ProcessError::Failed { output, .. }) => hide(&mut output.stdout),
        Err(ProcessError::TimedOut { stdout, .. }) => hide(stdout),
        Err(ProcessError::Spawn { .. } | ProcessError::Wait { .. }) => {}
    }
    ended
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

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    const VALUES: &str = "[{\"name\":\"db_password\",\"value\":\"s3cr3t\"}]\n";

    fn ended(wait_status: i32, stderr: &str) -> Result<Output, ProcessError> {
        let status = ExitStatus::from_raw(wait_status);
        Ok(Output { stdout: VALUES.to_owned(), stderr: stderr.to_owned(), status })
    }

    fn said(ended: Result<Output, ProcessError>) -> String {
        let error = judged("app secret generate", discreet(ended)).unwrap_err();
        format!("{error} {error:?}")
    }

    #[test]
    fn an_abra_that_printed_secrets_and_died_shows_none_of_them() {
        let killed = said(ended(9, ""));
        assert!(killed.contains(NOT_SHOWN) && !killed.contains("s3cr3t"), "{killed}");
        let reason = said(ended(1 << 8, "FATA a.example.com is already deployed\n"));
        assert!(reason.contains("already deployed") && !reason.contains("s3cr3t"), "{reason}");
    }

    #[test]
    fn an_abra_that_printed_secrets_and_hung_shows_none_of_them() {
        let hung = said(Err(ProcessError::TimedOut {
            cmd: "abra".to_owned(),
            limit: Duration::from_secs(1),
            stdout: VALUES.to_owned(),
            stderr: String::new(),
        }));
        assert!(hung.contains(NOT_SHOWN) && !hung.contains("s3cr3t"), "{hung}");
    }

    #[test]
    fn an_abra_that_did_its_work_keeps_its_output() {
        assert_eq!(discreet(ended(0, "")).unwrap().stdout, VALUES);
    }
}
