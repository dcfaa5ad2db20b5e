//! Drone from its Go module, in the edition that is free software, kept in the cache. Main function: [`ensure_drone`].

use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8PathBuf;

use super::go::{Build, copy_module, ensure_toolchain};
use super::npm::{path_of, work_folder};
use crate::machine::Machine;
use crate::progress::say;

const QUICK: Duration = Duration::from_secs(60);

const MODULE: &str = "github.com/drone/drone";

/// What an older version of a dependency's dependency asks for and nothing that is compiled uses. It cannot be had any
/// more, and Go wants to know what each module of the graph asks for.
const GONE: &str = "docker.io/go-docker";

/// Returns the program of one version, compiled if it is not in the cache.
pub(super) async fn ensure_drone(machine: &Machine, version: &str) -> anyhow::Result<Utf8PathBuf> {
    let cache = machine.folder("cache")?;
    let kept = cache.join(format!("drone-{version}-{}", std::env::consts::ARCH));
    if kept.exists() {
        return Ok(kept);
    }
    ensure_toolchain(machine, "Drone", "drone/drone").await?;
    say(&format!("image    Drone {version} is compiled: once, some minutes"));
    let (source, made) = (work_folder(&cache)?, work_folder(&cache)?);
    let (source, made) = (path_of(&source)?, path_of(&made)?);
    copy_module(machine, MODULE, version, source).await?;

    let empty = made.join("empty");
    std::fs::create_dir(&empty).with_context(|| format!("failed to make {empty}"))?;
    std::fs::write(empty.join("go.mod"), format!("module {GONE}\n"))
        .with_context(|| format!("failed to write to {empty}"))?;
    let replace = format!("-replace={GONE}={empty}");
    let edit = machine.cmd("go", QUICK).args(["mod", "edit", &replace]);
    edit.cwd(source).run().await?;

    let program = made.join("drone-server");
    let build = Build {
        source,
        package: "./cmd/drone-server",
        // Without `oss` it is the edition for enterprises.
        tags: "oss nolimit",
        linker: "",
        // A module was replaced.
        flags: &["-mod=mod"],
        to: &program,
    };
    build.run(machine).await?;
    std::fs::rename(&program, &kept)
        .with_context(|| format!("failed to move what was compiled to {kept}"))?;
    Ok(kept)
}
