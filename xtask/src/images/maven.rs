//! Keycloak from Maven Central: the archive of its distribution, kept in the cache. Main function: [`ensure_keycloak`].

use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8PathBuf;

use super::npm::{path_of, work_folder};
use crate::engine::ensure_package;
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(15 * 60);

const ARTIFACT: &str = "keycloak-quarkus-dist";

/// Returns the archive of a version, downloaded if it is not in the cache.
pub(super) async fn ensure_keycloak(
    machine: &Machine,
    version: &str,
) -> anyhow::Result<Utf8PathBuf> {
    let cache = machine.folder("cache")?;
    let name = format!("{ARTIFACT}-{version}.tar.gz");
    let kept = cache.join(&name);
    if kept.exists() {
        return Ok(kept);
    }
    ensure_package(machine, "mvn", "maven").await?;
    let work = work_folder(&cache)?;
    let dir = path_of(&work)?;
    // Nothing of the artifact is run or unpacked by Maven; it compares the checksum that the repository gives.
    let copy = machine.cmd("mvn", LIMIT).args(["--batch-mode", "--quiet", "dependency:copy"]);
    let artifact = format!("-Dartifact=org.keycloak:{ARTIFACT}:{version}:tar.gz");
    copy.args([artifact, format!("-DoutputDirectory={dir}")]).cwd(dir).run().await?;
    std::fs::rename(dir.join(&name), &kept)
        .with_context(|| format!("expected Maven to write {name}"))?;
    Ok(kept)
}
