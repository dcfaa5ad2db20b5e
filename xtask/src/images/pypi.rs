//! Synapse from the Python package index: its wheels and those that it needs, for the interpreter of the base image.

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};

use super::npm::{path_of, work_folder};
use super::table::{PSYCOPG, PYTHON};
use crate::engine::ensure_package;
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(10 * 60);

/// The C libraries that the base image's own is compatible with, newest first.
const GLIBC: [&str; 6] = ["_2_34", "_2_28", "_2_17", "2014", "_2_5", "1"];

/// Writes `wheels.tar` into the context: nothing is compiled, and nothing is downloaded while the image is built.
pub(super) async fn add_synapse(
    machine: &Machine,
    version: &str,
    context: &Utf8Path,
) -> anyhow::Result<()> {
    let wheels = ensure_wheels(machine, &format!("matrix-synapse=={version}")).await?;
    let pack = machine.cmd("tar", LIMIT).args(["--owner=0", "--group=0", "--sort=name", "-C"]);
    pack.arg(&wheels).arg("-cf").arg(context.join("wheels.tar")).arg(".").run().await?;
    Ok(())
}

/// Returns the folder with the wheels of a package, of its driver for PostgreSQL, and of all that they need;
/// downloaded if they are not in the cache.
async fn ensure_wheels(machine: &Machine, package: &str) -> anyhow::Result<Utf8PathBuf> {
    let arch = match std::env::consts::ARCH {
        arch @ ("x86_64" | "aarch64") => arch,
        other => bail!("there are no wheels of Synapse for {other}"),
    };
    let cache = machine.folder("cache")?;
    let kept = cache.join(format!("{package}-{PSYCOPG}-cp{PYTHON}-{arch}"));
    if kept.exists() {
        return Ok(kept);
    }
    if machine.cmd("pip", LIMIT).arg("--version").run().await.is_err() {
        ensure_package(machine, "pip", "python3-pip").await?;
    }
    let work = work_folder(&cache)?;
    let dir = path_of(&work)?;
    let mut cmd = machine.cmd("pip", LIMIT).args([
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--implementation",
        "cp",
        "--python-version",
        PYTHON,
        "--only-binary",
        ":all:",
    ]);
    for glibc in GLIBC {
        cmd = cmd.args(["--platform".to_owned(), format!("manylinux{glibc}_{arch}")]);
    }
    cmd.arg("--dest")
        .arg(dir)
        .args([package, &format!("psycopg2-binary=={PSYCOPG}")])
        .run()
        .await?;
    std::fs::rename(work.keep(), &kept)
        .with_context(|| format!("failed to move the wheels to {kept}"))?;
    Ok(kept)
}
