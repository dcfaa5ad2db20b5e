//! Process groups: what ends a command with all its children.

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

use crate::name::RunId;

/// Kills the group on drop unless it was disarmed.
#[derive(Debug)]
pub(super) struct GroupGuard {
    group: Option<Pid>,
}

impl GroupGuard {
    /// Guards the group that the child leads. A child that has already been reaped has no group.
    pub(super) fn new(pid: Option<u32>) -> Self {
        let group = pid.and_then(|p| i32::try_from(p).ok()).filter(|p| *p > 1).map(Pid::from_raw);
        Self { group }
    }

    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            match killpg(group, signal) {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(errno) => {
                    tracing::warn!(%errno, %group, %signal, "a process group could not be signalled");
                }
            }
        }
    }
}

impl Drop for GroupGuard {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// Ends every process whose environment names this run, except our own, and returns how many were signalled.
/// It is how a run that was killed loses the commands that outlived it. Only processes that we may read are seen.
pub fn end_processes_of_run(run: &RunId) -> usize {
    let wanted = format!("CCCI_RUN_ID={run}");
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let Ok(entries) = std::fs::read_dir("/proc") else { return 0 };
    let mut ended = 0;
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|n| n.parse::<i32>().ok()) else {
            continue;
        };
        if pid == own {
            continue;
        }
        let Ok(environ) = std::fs::read(entry.path().join("environ")) else { continue };
        if environ.split(|b| *b == 0).any(|v| v == wanted.as_bytes())
            && kill(Pid::from_raw(pid), Signal::SIGKILL).is_ok()
        {
            ended += 1;
        }
    }
    ended
}
