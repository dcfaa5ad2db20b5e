//! An engine that answers: the one that runs, or one that we start. Main function: [`ensure_engine`].

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use harness_core::wait::{Hint, Pace, Readiness, until};

use super::install::ensure_installed;
use super::record::{PID_FILE, Record};
use super::swarm::{Marking, ensure_test_server};
use crate::docker::{Docker, SOCKET};
use crate::machine::Machine;
use crate::progress::say;

const START: Duration = Duration::from_secs(90);

/// An engine in Swarm mode, marked as a test server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) version: String,
    pub(crate) started_by_us: bool,
}

/// Makes sure that an engine answers, is in Swarm mode and is marked as a test server.
/// An engine that was there before is marked only if `marking` says so.
pub(crate) async fn ensure_engine(machine: &Machine, marking: Marking) -> anyhow::Result<Engine> {
    let docker = Docker::new(machine);
    let version = match answering(&docker).await {
        Some(version) => version,
        None => start(machine, &docker).await?,
    };
    let started_by_us = Record::read(machine).is_some_and(|r| Record::of_engine() == Some(r));
    ensure_test_server(&docker, if started_by_us { Marking::Mark } else { marking }).await?;
    Ok(Engine { version, started_by_us })
}

/// Returns whether an engine answers.
pub(crate) async fn is_answering(docker: &Docker<'_>) -> bool {
    answering(docker).await.is_some()
}

/// Returns the engine's version if one answers.
async fn answering(docker: &Docker<'_>) -> Option<String> {
    let version = docker.quick(["version", "--format", "{{.Server.Version}}"]).await.ok()?;
    (!version.is_empty()).then_some(version)
}

async fn start(machine: &Machine, docker: &Docker<'_>) -> anyhow::Result<String> {
    let installed = ensure_installed(machine).await?;
    let log = machine.folder("engine")?.join("dockerd.log");
    let is_starting = Record::of_engine().is_some();
    if is_starting {
        say("waiting for the Docker Engine that is starting");
    } else {
        remove_stale_pid_file()?;
        say(&format!("starting Docker Engine, log in {log}"));
        spawn_detached(machine, log.as_str()).await?;
    }
    // An engine that ends before it answers has said why in its log.
    let mut was_alive = is_starting;
    let look = async || match answering(docker).await {
        Some(version) => Readiness::Ready(Ok(version)),
        None => {
            let is_alive = Record::of_engine().is_some();
            if was_alive && !is_alive {
                return Readiness::Ready(Err(anyhow!("the engine ended before it answered")));
            }
            was_alive |= is_alive;
            Readiness::NotYet("it does not answer".to_owned())
        }
    };
    let waited = until(Pace::within(START), &Hint::default(), look, |_| {}).await;
    let version = waited.map_err(anyhow::Error::from).and_then(|answer| answer);
    let version = version.with_context(|| {
        format!("Docker Engine did not start on {SOCKET}: {}", last_lines(&log))
    })?;
    // An engine that came with its package and was started by the init system is ours too.
    if !is_starting || installed {
        Record::of_engine()
            .context("the engine answers but its process id is unknown")?
            .write(machine)?;
    }
    Ok(version)
}

/// Starts the engine in a session of its own: it outlives us and our process group.
async fn spawn_detached(machine: &Machine, log: &str) -> anyhow::Result<()> {
    let script = "log=$1; shift; exec \"$@\" >> \"$log\" 2>&1 < /dev/null";
    let cmd = machine
        .cmd("setsid", Duration::from_secs(10))
        .args(["--fork", "sh", "-c", script, "dockerd", log]);
    cmd.args(["dockerd", "--host", SOCKET, "--pidfile", PID_FILE]).cwd("/").run().await?;
    Ok(())
}

/// A file left by an engine that was killed keeps the next one from starting if its number is in use again.
fn remove_stale_pid_file() -> anyhow::Result<()> {
    if !Path::new(PID_FILE).exists() {
        return Ok(());
    }
    if Record::of_engine().is_some() {
        bail!("an engine that {PID_FILE} names is running and does not answer");
    }
    std::fs::remove_file(PID_FILE).with_context(|| format!("failed to remove the stale {PID_FILE}"))
}

fn last_lines(log: &camino::Utf8Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> =
        text.lines().filter(|l| l.contains("level=error") || l.contains("failed")).collect();
    lines[lines.len().saturating_sub(3)..].join("\n")
}
