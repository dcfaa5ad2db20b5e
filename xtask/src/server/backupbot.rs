//! The backup bot's service.

use std::time::Duration;

use anyhow::Context as _;
use harness_core::wait::{Hint, Pace, Readiness, until};

use super::{CONFIG_HASH, OURS};
use crate::docker::Docker;
use crate::progress::say;

const STACK: &str = "backupbot";
const SERVICE: &str = "backupbot_app";
const VOLUME: &str = "backupbot_repo";
const IMAGE: &str = "cc-ci/backupbot:local";

const LIMIT: Duration = Duration::from_secs(60);

/// restic wants a password; the repository holds nothing but test data.
const PASSWORD: &str = "RESTIC_PASSWORD=cc-ci-local-test-data";

/// Makes sure that the backup bot runs from the newest image.
/// Without the image (its program is not in this workspace yet) there is none.
pub(crate) async fn ensure_backupbot(docker: &Docker<'_>) -> anyhow::Result<()> {
    let Some(image) = docker.find(["image", "inspect", IMAGE, "--format", "{{.Id}}"]).await? else {
        say(&format!("server   no image {IMAGE}, no backup bot"));
        return Ok(());
    };
    let format = format!("{{{{index .Spec.Labels \"{CONFIG_HASH}\"}}}}");
    let seen = docker.find(["service", "inspect", SERVICE, "--format", &format]).await?;
    if seen.as_deref() != Some(image.as_str()) {
        docker.find(["service", "rm", SERVICE]).await?;
        create(docker, &image).await?;
        say("server   backup bot");
    }
    let running = format!("label=com.docker.swarm.service.name={SERVICE}");
    let look = async || match docker.quick(["ps", "--quiet", "--filter", &running]).await {
        Ok(ids) if ids.lines().count() == 1 => Readiness::Ready(()),
        Ok(ids) => Readiness::NotYet(format!("{} containers run", ids.lines().count())),
        Err(error) => Readiness::NotYet(error.to_string()),
    };
    let waited = until(Pace::within(LIMIT), &Hint::default(), look, |_| {}).await;
    waited
        .with_context(|| format!("the backup bot does not run; see `docker service ps {SERVICE}`"))
}

async fn create(docker: &Docker<'_>, image: &str) -> anyhow::Result<()> {
    let namespace = format!("com.docker.stack.namespace={STACK}");
    let hash = format!("{CONFIG_HASH}={image}");
    let repository = format!("type=volume,source={VOLUME},target=/backups,volume-label={OURS}");
    let options = [
        ["--name", SERVICE],
        ["--label", "coop-cloud.backupbot.enabled=true"],
        ["--label", &namespace],
        ["--container-label", &namespace],
        ["--label", OURS],
        ["--label", &hash],
        ["--endpoint-mode", "dnsrr"],
        ["--env", "RESTIC_REPOSITORY=/backups/restic"],
        ["--env", PASSWORD],
        ["--mount", "type=bind,source=/var/run/docker.sock,target=/var/run/docker.sock"],
        ["--mount", "type=bind,source=/var/lib/docker/volumes,target=/var/lib/docker/volumes"],
        ["--mount", &repository],
    ];
    let cmd =
        docker.cmd(LIMIT).args(["service", "create", "--detach", "--quiet", "--no-resolve-image"]);
    cmd.args(options.as_flattened().iter().copied()).arg(IMAGE).run().await?;
    Ok(())
}

/// Removes it with its repository.
pub(crate) async fn remove_backupbot(docker: &Docker<'_>) -> anyhow::Result<()> {
    let format = "{{index .Spec.Labels \"cc-ci.local-server\"}}";
    if docker.find(["service", "inspect", SERVICE, "--format", format]).await?.as_deref()
        == Some("true")
    {
        docker.find(["service", "rm", SERVICE]).await?;
        say("server   backup bot removed");
    }
    // Swarm removes the container, which holds the volume, a moment after the service.
    let format = "{{index .Labels \"cc-ci.local-server\"}}";
    if docker.find(["volume", "inspect", VOLUME, "--format", format]).await?.as_deref()
        == Some("true")
    {
        let look = async || match docker.find(["volume", "rm", VOLUME]).await {
            Ok(_) => Readiness::Ready(()),
            Err(error) => Readiness::NotYet(error.to_string()),
        };
        until(Pace::within(LIMIT), &Hint::default(), look, |_| {}).await?;
        say("server   backup repository removed");
    }
    Ok(())
}
