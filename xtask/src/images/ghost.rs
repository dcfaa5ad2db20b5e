//! Ghost from the npm registry: its own archive, its dependencies by the lock file that it ships.

use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8Path;

use super::npm::{ensure_archive, ensure_tools};
use super::prune::prune;
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Writes `ghost.tar`, an installed Ghost, into the context.
pub(super) async fn add_ghost(
    machine: &Machine,
    version: &str,
    work: &Utf8Path,
    context: &Utf8Path,
) -> anyhow::Result<()> {
    let tools = ensure_tools(machine).await?;
    let archive = ensure_archive(machine, "ghost", version).await?;
    let tree = work.join("ghost");
    std::fs::create_dir(&tree).with_context(|| format!("failed to make {tree}"))?;
    let extract = machine.cmd("tar", LIMIT).arg("-xzf").arg(&archive).arg("-C").arg(&tree);
    extract.args(["--strip-components=1", "--no-same-owner"]).run().await?;

    let store = format!("--config.store-dir={}", machine.folder("cache/pnpm")?);
    let node_first = format!(
        "{}:{}",
        tools.node.parent().unwrap_or(&tools.node),
        machine.base.get("PATH").unwrap_or_default()
    );
    // Without scripts nothing is compiled: the database drivers for MySQL need none. Older releases name another pnpm.
    let install = machine.cmd(tools.pnpm.as_str(), LIMIT).env("PATH", node_first).env("CI", "true");
    let args =
        ["install", "--prod", "--frozen-lockfile", "--ignore-scripts", "--pm-on-fail=ignore"];
    install.args(args).args(["--config.node-linker=hoisted", &store]).cwd(&tree).run().await?;
    prune(&tree)?;

    let pack =
        machine.cmd("tar", LIMIT).args(["--owner=0", "--group=0", "--sort=name", "-C"]).arg(&tree);
    pack.arg("-cf").arg(context.join("ghost.tar")).arg(".").run().await?;
    Ok(())
}
