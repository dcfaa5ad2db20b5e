//! Swarm mode on loopback and the mark of a test server.

use std::time::Duration;

use anyhow::{anyhow, bail};
use harness_core::wait::{Hint, Pace, Readiness, until};

use crate::docker::Docker;
use crate::progress::say;

/// The node label that says: every app here may be deleted.
const MARK: &str = "cc-ci.test-server";

/// Whether an engine that was there before may be marked as a test server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marking {
    /// Its owner said so.
    Mark,
    /// It must carry the mark already.
    Require,
}

/// Makes sure that the engine is a manager of a swarm.
pub(super) async fn ensure_swarm(docker: &Docker<'_>) -> anyhow::Result<()> {
    let look = async || match docker.quick(["info", "--format", "{{.Swarm.LocalNodeState}}"]).await
    {
        Ok(state) => match state.as_str() {
            // A restarted engine finds its swarm again within a second.
            "pending" => Readiness::NotYet("the swarm is pending".to_owned()),
            _ => Readiness::Ready(Ok(state)),
        },
        Err(error) => Readiness::Ready(Err(error)),
    };
    let state =
        until(Pace::within(Duration::from_secs(30)), &Hint::default(), look, |_| {}).await??;
    match state.as_str() {
        "active" => Ok(()),
        "inactive" => {
            docker.quick(["swarm", "init", "--advertise-addr", "127.0.0.1"]).await?;
            say("swarm    initialized on loopback");
            Ok(())
        }
        other => Err(anyhow!(
            "expected Swarm mode to be active or inactive, it is `{other}`; see `docker info`"
        )),
    }
}

/// Makes sure that the node carries the mark.
pub(super) async fn ensure_marked(docker: &Docker<'_>, marking: Marking) -> anyhow::Result<()> {
    let format = format!("{{{{index .Spec.Labels \"{MARK}\"}}}}");
    let mark = docker.quick(["node", "inspect", "self", "--format", &format]).await?;
    if mark == "true" {
        return Ok(());
    }
    match marking {
        Marking::Require => {
            let stacks = docker.quick(["stack", "ls", "--format", "{{.Name}}"]).await?;
            let stacks =
                if stacks.is_empty() { "none".to_owned() } else { stacks.replace('\n', ", ") };
            bail!(
                "this engine is not marked as a test server (stacks on it: {stacks}); if all that is on it may be \
                 deleted, run `cargo xtask up --mark`"
            )
        }
        Marking::Mark => {
            let node = docker.quick(["node", "inspect", "self", "--format", "{{.ID}}"]).await?;
            docker.quick(["node", "update", "--label-add", &format!("{MARK}=true"), &node]).await?;
            say("engine   marked as a test server");
            Ok(())
        }
    }
}

/// Takes the mark away.
pub(crate) async fn remove_mark(docker: &Docker<'_>) -> anyhow::Result<()> {
    let format = format!("{{{{.ID}}}} {{{{index .Spec.Labels \"{MARK}\"}}}}");
    let node = docker.quick(["node", "inspect", "self", "--format", &format]).await?;
    if let Some((id, "true")) = node.split_once(' ') {
        docker.quick(["node", "update", "--label-rm", MARK, id]).await?;
        say("engine   no longer marked as a test server");
    }
    Ok(())
}
