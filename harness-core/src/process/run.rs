//! Running a command: spawn, wait for the child (not for its pipes), drain briefly, judge.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::Child;
use tokio::task::JoinSet;

use super::capture::Capture;
use super::cmd::Cmd;
use super::group::GroupGuard;

/// How long pipes are drained after the child has ended: a grandchild may hold them open for ever.
const DRAIN: Duration = Duration::from_millis(500);

/// What a command said and how it ended. Secrets that the command knew are already scrubbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Standard output; in a terminal, both streams merged, without escape sequences and carriage returns.
    pub stdout: String,
    /// Standard error; empty in a terminal.
    pub stderr: String,
    /// How it ended.
    pub status: ExitStatus,
}

impl Output {
    /// Returns the last lines of both streams, as evidence.
    pub fn last_lines(&self, n: usize) -> String {
        last_lines(&self.stdout, &self.stderr, n)
    }
}

fn last_lines(stdout: &str, stderr: &str, n: usize) -> String {
    let lines: Vec<&str> =
        stdout.lines().chain(stderr.lines()).filter(|l| !l.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(n)..].join("\n")
}

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub enum ProcessError {
    /// It could not be started.
    #[error("failed to start `{cmd}`")]
    Spawn {
        /// The command, secrets replaced.
        cmd: String,
        /// What the system said.
        source: io::Error,
    },
    /// Its end could not be waited for.
    #[error("failed to wait for `{cmd}`")]
    Wait {
        /// The command, secrets replaced.
        cmd: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended with something else than 0.
    #[error("`{cmd}` failed with {}: {}", output.status, output.last_lines(5))]
    Failed {
        /// The command, secrets replaced.
        cmd: String,
        /// What it said.
        output: Box<Output>,
    },
    /// It ran past its deadline and its process group was ended.
    #[error(
        "`{cmd}` ran past its limit of {limit:?}; last output: {}",
        last_lines(stdout, stderr, 5)
    )]
    TimedOut {
        /// The command, secrets replaced.
        cmd: String,
        /// The limit.
        limit: Duration,
        /// Standard output until then.
        stdout: String,
        /// Standard error until then.
        stderr: String,
    },
}

impl ProcessError {
    /// Returns whether the program was not found.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Spawn { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

pub(super) struct Running {
    pub(super) child: Child,
    pub(super) stdout: Capture,
    pub(super) stderr: Capture,
    pumps: JoinSet<()>,
    guard: GroupGuard,
}

impl Cmd {
    /// Runs the command and returns its output if it ended with 0.
    ///
    /// # Errors
    /// Every way in which it did not end with 0 in time.
    pub async fn run(&self) -> Result<Output, ProcessError> {
        self.judged(self.output().await?)
    }

    /// Runs the command and returns its output however it ended.
    ///
    /// # Errors
    /// It could not be started or waited for, or it ran past its deadline.
    pub async fn output(&self) -> Result<Output, ProcessError> {
        let running =
            self.spawn().map_err(|source| ProcessError::Spawn { cmd: self.to_string(), source })?;
        let (status, stdout, stderr) = self.finish(running).await?;
        Ok(Output { stdout: self.scrub(&stdout), stderr: self.scrub(&stderr), status })
    }

    /// Runs the command in a terminal of 50 rows by 400 columns and returns its output if it ended with 0.
    ///
    /// # Errors
    /// Every way in which it did not end with 0 in time.
    pub async fn run_in_terminal(&self) -> Result<Output, ProcessError> {
        self.judged(self.output_in_terminal().await?)
    }

    /// Runs the command in a terminal and returns its output however it ended.
    ///
    /// # Errors
    /// It could not be started or waited for, or it ran past its deadline.
    pub async fn output_in_terminal(&self) -> Result<Output, ProcessError> {
        let running = self
            .spawn_in_terminal()
            .map_err(|source| ProcessError::Spawn { cmd: self.to_string(), source })?;
        let (status, stdout, _) = self.finish(running).await?;
        Ok(Output { stdout: plain_text(&self.scrub(&stdout)), stderr: String::new(), status })
    }

    /// Becomes the command: in this process, with its terminal, its input and its signals; the deadline does not
    /// count. Returns only if it could not be started.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    pub fn become_it(&self) -> ProcessError {
        let mut command = std::process::Command::new(&self.program);
        command.args(self.plain_args()).env_clear().envs(&self.env);
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        ProcessError::Spawn { cmd: self.to_string(), source: command.exec() }
    }

    fn judged(&self, output: Output) -> Result<Output, ProcessError> {
        if output.status.success() {
            Ok(output)
        } else {
            Err(ProcessError::Failed { cmd: self.to_string(), output: Box::new(output) })
        }
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that starts processes")]
    pub(super) fn spawn(&self) -> io::Result<Running> {
        let mut command = tokio::process::Command::new(&self.program);
        command
            .args(self.plain_args())
            .env_clear()
            .envs(&self.env)
            .process_group(0)
            .kill_on_drop(true);
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(cwd) = &self.cwd {
            command.current_dir(cwd);
        }
        let mut child = command.spawn()?;
        let guard = GroupGuard::new(child.id());
        let (stdout, stderr) = (Capture::default(), Capture::default());
        let mut pumps = JoinSet::new();
        if let Some(pipe) = child.stdout.take() {
            pumps.spawn(stdout.clone().fill(pipe));
        }
        if let Some(pipe) = child.stderr.take() {
            pumps.spawn(stderr.clone().fill(pipe));
        }
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.clone()) {
            // A child that does not read its input ends the writing; that is its own affair.
            pumps.spawn(async move { drop(pipe.write_all(&bytes).await) });
        }
        Ok(Running { child, stdout, stderr, pumps, guard })
    }

    fn spawn_in_terminal(&self) -> io::Result<Running> {
        let (pty, pts) = pty_process::open().map_err(io::Error::other)?;
        pty.resize(pty_process::Size::new(50, 400)).map_err(io::Error::other)?;
        let mut command = pty_process::Command::new(&self.program);
        command = command.args(self.plain_args()).env_clear().envs(&self.env).kill_on_drop(true);
        if let Some(cwd) = &self.cwd {
            command = command.current_dir(cwd);
        }
        let child = command.spawn(pts).map_err(io::Error::other)?;
        let guard = GroupGuard::new(child.id());
        let stdout = Capture::default();
        let mut pumps = JoinSet::new();
        pumps.spawn(stdout.clone().fill(pty));
        Ok(Running { child, stdout, stderr: Capture::default(), pumps, guard })
    }

    async fn finish(
        &self,
        mut running: Running,
    ) -> Result<(ExitStatus, Vec<u8>, Vec<u8>), ProcessError> {
        let waited = tokio::time::timeout(self.deadline.limit, running.child.wait()).await;
        let timed_out = waited.is_err();
        if timed_out {
            running.guard.signal(Signal::SIGTERM);
            let ended = tokio::time::timeout(self.deadline.grace, running.child.wait()).await;
            tracing::debug!(cmd = %self, in_grace = ended.is_ok(), "a command ran past its limit");
            running.guard.signal(Signal::SIGKILL);
        }
        let drained = tokio::time::timeout(DRAIN, async {
            while running.pumps.join_next().await.is_some() {}
        })
        .await;
        if drained.is_err() {
            tracing::debug!(cmd = %self, "a grandchild holds the pipes open");
        }
        let (stdout, stderr) = (running.stdout.bytes(), running.stderr.bytes());
        match waited {
            Ok(Ok(status)) => Ok((status, stdout, stderr)),
            Ok(Err(source)) => Err(ProcessError::Wait { cmd: self.to_string(), source }),
            Err(_elapsed) => Err(ProcessError::TimedOut {
                cmd: self.to_string(),
                limit: self.deadline.limit,
                stdout: self.scrub(&stdout),
                stderr: self.scrub(&stderr),
            }),
        }
    }
}

/// Returns text as a terminal showed it, without escape sequences and carriage returns.
fn plain_text(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\r' => {}
            '\u{1b}' => skip_escape(&mut chars),
            c => plain.push(c),
        }
    }
    plain
}

fn skip_escape(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match chars.next() {
        // CSI: parameters, then one byte from @ to ~.
        Some('[') => while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {},
        // OSC: until BEL or ESC \.
        Some(']') => {
            while let Some(c) = chars.next() {
                if c == '\u{7}' {
                    return;
                }
                if c == '\u{1b}' {
                    chars.next_if_eq(&'\\');
                    return;
                }
            }
        }
        Some(_) | None => {}
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
