//! Node and pnpm from the npm registry, kept in the cache. No script of any package is run. Main type: [`Tools`].

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::table::{NODE, PNPM};
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The two programs.
#[derive(Clone, Debug)]
pub(super) struct Tools {
    pub(super) node: Utf8PathBuf,
    pub(super) pnpm: Utf8PathBuf,
}

/// Returns the tools, downloaded if they are not in the cache.
pub(super) async fn ensure_tools(machine: &Machine) -> anyhow::Result<Tools> {
    let arch = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => bail!("the npm registry has no Node for {other}"),
    };
    let cache = machine.folder("cache")?;
    let folder = cache.join(format!("node-{NODE}-pnpm-{PNPM}"));
    let modules = folder.join("node_modules");
    let tools = Tools {
        node: modules.join(format!("node-linux-{arch}/bin/node")),
        pnpm: modules.join(format!("@pnpm/exe.linux-{arch}/pnpm")),
    };
    if tools.node.exists() && tools.pnpm.exists() {
        return Ok(tools);
    }
    let work = work_folder(&cache)?;
    let dir = path_of(&work)?;
    std::fs::write(dir.join("package.json"), "{\"private\":true}")
        .with_context(|| format!("failed to write to {dir}"))?;
    let cmd = machine.cmd("npm", LIMIT).args([
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-save",
    ]);
    let packages = [format!("node-linux-{arch}@{NODE}"), format!("@pnpm/exe.linux-{arch}@{PNPM}")];
    cmd.args(packages).cwd(dir).run().await?;
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {folder}"))?;
    }
    std::fs::rename(work.keep(), &folder)
        .with_context(|| format!("failed to move npm's packages to {folder}"))?;
    if !tools.node.exists() || !tools.pnpm.exists() {
        bail!("expected npm to bring {} and {}", tools.node, tools.pnpm);
    }
    Ok(tools)
}

/// Returns the archive of a package, downloaded if it is not in the cache.
pub(super) async fn ensure_archive(
    machine: &Machine,
    package: &str,
    version: &str,
) -> anyhow::Result<Utf8PathBuf> {
    let cache = machine.folder("cache")?;
    let name = format!("{package}-{version}.tgz");
    let kept = cache.join(&name);
    if !kept.exists() {
        let work = work_folder(&cache)?;
        let dir = path_of(&work)?;
        let spec = format!("{package}@{version}");
        machine
            .cmd("npm", LIMIT)
            .args(["pack", "--silent", "--ignore-scripts", &spec])
            .cwd(dir)
            .run()
            .await?;
        std::fs::rename(dir.join(&name), &kept)
            .with_context(|| format!("expected npm to write {name}"))?;
    }
    Ok(kept)
}

/// Makes an empty folder that is removed with its handle, on the cache's own file system.
pub(super) fn work_folder(cache: &Utf8Path) -> anyhow::Result<tempfile::TempDir> {
    tempfile::Builder::new()
        .prefix("work-")
        .tempdir_in(cache)
        .with_context(|| format!("failed to make a folder in {cache}"))
}

/// Returns its path.
pub(super) fn path_of(work: &tempfile::TempDir) -> anyhow::Result<&Utf8Path> {
    Utf8Path::from_path(work.path()).context("the state folder's path is not UTF-8")
}
