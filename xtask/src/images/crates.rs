//! Programs from the crates registry, kept in the cache: building one takes minutes. Main function: [`ensure_crate`].

use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8PathBuf;

use super::npm::{path_of, work_folder};
use crate::machine::Machine;
use crate::progress::say;

const LIMIT: Duration = Duration::from_secs(60 * 60);

/// Returns a crate's program of the same name, which needs no library where it runs, built if it is not in the cache.
pub(super) async fn ensure_crate(
    machine: &Machine,
    name: &str,
    version: &str,
) -> anyhow::Result<Utf8PathBuf> {
    let cache = machine.folder("cache")?;
    let kept = cache.join(format!("{name}-{version}"));
    if kept.is_file() {
        return Ok(kept);
    }
    say(&format!("image    {name} {version} is compiled: once, some ten minutes"));
    let work = work_folder(&cache)?;
    let dir = path_of(&work)?;
    // With a target of its own, the flags are not for build scripts and macros.
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let spec = format!("{name}@{version}");
    let install = machine
        .cmd("cargo", LIMIT)
        .args(["install", "--locked", "--root", dir.as_str(), "--target", &target, &spec])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .env("CARGO_TARGET_DIR", dir.join("target").as_str())
        .cwd(dir);
    install.run().await?;
    let built = dir.join("bin").join(name);
    std::fs::rename(&built, &kept).with_context(|| format!("expected cargo to make {built}"))?;
    Ok(kept)
}
