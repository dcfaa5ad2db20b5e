//! Which engine is ours: the process that we started, by id and start time. Main type: [`Record`].

use anyhow::Context as _;
use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};

use crate::machine::{Machine, write_whole};

/// Where the engine writes its process id.
pub(crate) const PID_FILE: &str = "/var/run/docker.pid";

/// A process that we started. A process id alone may belong to another one by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) pid: i32,
    /// In clock ticks after the machine's start.
    pub(crate) start_time: u64,
}

impl Record {
    /// Returns the running process with this id.
    pub(crate) fn of_process(pid: i32) -> Option<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, start_time: parse_start_time(&stat)? })
    }

    /// Returns the process that the engine's own file names, if it is an engine.
    pub(crate) fn of_engine() -> Option<Self> {
        let pid = std::fs::read_to_string(PID_FILE).ok()?.trim().parse().ok()?;
        let comm = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (comm.trim() == "dockerd").then(|| Self::of_process(pid))?
    }

    /// Returns the process that was recorded, if it still runs.
    pub(crate) fn read(machine: &Machine) -> Option<Self> {
        let text = std::fs::read_to_string(path(machine)).ok()?;
        let record: Self = toml::from_str(&text).ok()?;
        (Self::of_process(record.pid) == Some(record)).then_some(record)
    }

    /// Remembers it.
    pub(crate) fn write(self, machine: &Machine) -> anyhow::Result<()> {
        let text = toml::to_string(&self).context("failed to describe the engine's process")?;
        write_whole(&path(machine), &text, 0o644)
    }

    /// Forgets it.
    pub(crate) fn forget(machine: &Machine) -> anyhow::Result<()> {
        let path = path(machine);
        if path.exists() {
            std::fs::remove_file(&path).with_context(|| format!("failed to remove {path}"))?;
        }
        Ok(())
    }
}

fn path(machine: &Machine) -> Utf8PathBuf {
    machine.state.join("engine/process.toml")
}

/// Expects `pid (name) state …`; the name may hold blanks and brackets. The start time is the 22nd field.
fn parse_start_time(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    after_name.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let stat =
            "10316 (a ) b) S 1 10316 10316 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 31 0 137387 5 6";
        assert_eq!(parse_start_time(stat), Some(137_387));
        assert_eq!(parse_start_time(""), None);
    }

    #[test]
    fn this_process_is_itself_and_no_other() {
        let own = i32::try_from(std::process::id()).unwrap();
        let record = Record::of_process(own).unwrap();
        assert_eq!(Record::of_process(own), Some(record));
        assert_eq!(Record::of_process(i32::MAX), None);
    }
}
