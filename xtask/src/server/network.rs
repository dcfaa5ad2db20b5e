//! The overlay network on which the router reaches apps.

use anyhow::bail;

use super::OURS;
use crate::docker::Docker;
use crate::progress::say;

/// Its name is part of what recipes rely on.
pub(super) const NETWORK: &str = "proxy";

/// Makes sure that it is there and that a plain container may join it.
pub(crate) async fn ensure_network(docker: &Docker<'_>) -> anyhow::Result<()> {
    let format = "{{.Driver}} {{.Attachable}}";
    match docker.find(["network", "inspect", NETWORK, "--format", format]).await?.as_deref() {
        Some("overlay true") => Ok(()),
        Some(other) => bail!(
            "expected `{NETWORK}` to be an attachable overlay network, it is `{other}`; remove it with \
             `docker network rm {NETWORK}`"
        ),
        None => {
            let args = [
                "network",
                "create",
                "--driver",
                "overlay",
                "--attachable",
                "--label",
                OURS,
                NETWORK,
            ];
            docker.quick(args).await?;
            say(&format!("server   network {NETWORK}"));
            Ok(())
        }
    }
}

/// Removes it if it is ours.
pub(crate) async fn remove_network(docker: &Docker<'_>) -> anyhow::Result<()> {
    let format = "{{index .Labels \"cc-ci.local-server\"}}";
    if docker.find(["network", "inspect", NETWORK, "--format", format]).await?.as_deref()
        == Some("true")
    {
        docker.find(["network", "rm", NETWORK]).await?;
        say(&format!("server   network {NETWORK} removed"));
    }
    Ok(())
}
