//! Swarm mode on loopback and the mark of a test server.

use std::time::Duration;

use anyhow::anyhow;
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

/// Makes sure that the engine is a manager of a swarm whose node carries the mark.
/// An engine whose owner did not say so is left as it is.
pub(super) async fn ensure_test_server(
    docker: &Docker<'_>,
    marking: Marking,
) -> anyhow::Result<()> {
    let is_active = is_in_swarm_mode(docker).await?;
    let node = if is_active {
        docker.quick(["node", "inspect", "self", "--format", &mark_format()]).await?
    } else {
        String::new()
    };
    match (node.split_once(' '), marking) {
        (Some((_, "true")), _) => Ok(()),
        (_, Marking::Require) => Err(not_marked(docker, is_active).await),
        (_, Marking::Mark) => mark(docker, is_active).await,
    }
}

async fn is_in_swarm_mode(docker: &Docker<'_>) -> anyhow::Result<bool> {
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
        "active" => Ok(true),
        "inactive" => Ok(false),
        other => Err(anyhow!(
            "expected Swarm mode to be active or inactive, it is `{other}`; see `docker info`"
        )),
    }
}

async fn mark(docker: &Docker<'_>, is_active: bool) -> anyhow::Result<()> {
    if !is_active {
        docker.quick(["swarm", "init", "--advertise-addr", "127.0.0.1"]).await?;
        say("swarm    initialized on loopback");
    }
    let node = docker.quick(["node", "inspect", "self", "--format", "{{.ID}}"]).await?;
    docker.quick(["node", "update", "--label-add", &format!("{MARK}=true"), &node]).await?;
    say("engine   marked as a test server");
    Ok(())
}

async fn not_marked(docker: &Docker<'_>, is_active: bool) -> anyhow::Error {
    let stacks = match is_active {
        true => docker.quick(["stack", "ls", "--format", "{{.Name}}"]).await.unwrap_or_default(),
        false => String::new(),
    };
    let stacks = if stacks.is_empty() { "none".to_owned() } else { stacks.replace('\n', ", ") };
    anyhow!(
        "this engine is not marked as a test server (stacks on it: {stacks}); if all that is on it may be deleted, \
         run `cargo xtask up --mark`"
    )
}

/// Prints the node's id and its mark.
fn mark_format() -> String {
    format!("{{{{.ID}}}} {{{{index .Spec.Labels \"{MARK}\"}}}}")
}

/// Takes the mark away.
pub(crate) async fn remove_mark(docker: &Docker<'_>) -> anyhow::Result<()> {
    if !is_in_swarm_mode(docker).await? {
        return Ok(());
    }
    let node = docker.quick(["node", "inspect", "self", "--format", &mark_format()]).await?;
    if let Some((id, "true")) = node.split_once(' ') {
        docker.quick(["node", "update", "--label-rm", MARK, id]).await?;
        say("engine   no longer marked as a test server");
    }
    Ok(())
}
