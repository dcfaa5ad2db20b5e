//! A command that goes on beside its caller. Main type: [`Background`].

use std::fmt;
use std::process::ExitStatus;

use super::cmd::Cmd;
use super::run::{ProcessError, Running};

/// A command that goes on until it ends by itself or this is dropped, which kills its process group. What it says is
/// read while its runtime is driven.
pub struct Background {
    running: Running,
    cmd: Cmd,
}

impl Cmd {
    /// Starts the command and returns without waiting for its end; its deadline does not count. Must be called in a
    /// runtime.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(&self) -> Result<Background, ProcessError> {
        let running =
            self.spawn().map_err(|source| ProcessError::Spawn { cmd: self.to_string(), source })?;
        Ok(Background { running, cmd: self.clone() })
    }
}

impl Background {
    /// Returns what it wrote to its standard output so far, without the secrets that the command knew.
    pub fn said(&self) -> String {
        self.cmd.scrub(&self.running.stdout.bytes())
    }

    /// Returns what it wrote to its standard error so far, without the secrets that the command knew.
    pub fn complained(&self) -> String {
        self.cmd.scrub(&self.running.stderr.bytes())
    }

    /// Returns how it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.running.child.try_wait().ok().flatten()
    }
}

impl fmt::Debug for Background {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Background").field("cmd", &self.cmd.to_string()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::process::{BaseEnv, Deadline};
    use crate::wait::{Hint, Pace, Readiness, until};

    async fn wait_for(mut look: impl FnMut() -> bool) {
        let pace =
            Pace { slow: Duration::from_millis(10), ..Pace::within(Duration::from_secs(10)) };
        let look = async || {
            if look() { Readiness::Ready(()) } else { Readiness::NotYet("not yet".to_owned()) }
        };
        until(pace, &Hint::default(), look, |_| {}).await.expect("it comes");
    }

    fn shell(script: &str) -> Background {
        let deadline = Deadline::after(Duration::from_secs(1));
        let cmd = Cmd::new("/bin/sh", &BaseEnv::default(), deadline);
        cmd.args(["-c", script]).start().expect("a shell")
    }

    #[tokio::test]
    async fn what_it_says_is_read_while_it_goes_on_and_its_end_is_seen() {
        let mut command = shell("echo port 1; read -r line </dev/null; echo oh >&2; exit 3");
        wait_for(|| command.said() == "port 1\n").await;
        wait_for(|| command.ended().and_then(|status| status.code()) == Some(3)).await;
        wait_for(|| command.complained() == "oh\n").await;
    }

    #[tokio::test]
    async fn dropped_it_ends_with_its_children() {
        let command = shell("/bin/sh -c 'echo $$; exec /bin/sleep 100' & wait");
        wait_for(|| !command.said().is_empty()).await;
        let child = format!("/proc/{}/cmdline", command.said().trim());
        wait_for(|| std::fs::read_to_string(&child).is_ok_and(|c| c.contains("sleep"))).await;
        drop(command);
        wait_for(|| {
            std::fs::read_to_string(&child).is_ok_and(|c| c.is_empty())
                || !std::fs::exists(&child).unwrap_or(true)
        })
        .await;
    }
}
