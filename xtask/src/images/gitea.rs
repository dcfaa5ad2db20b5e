//! Gitea from its Go module, kept in the cache: compiling it takes minutes. Main function: [`ensure_gitea`].

use std::time::Duration;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};

use super::frontend::bundle;
use super::go::{Build, copy_module, ensure_toolchain};
use super::npm::{path_of, work_folder};
use super::table::NODE;
use crate::machine::Machine;
use crate::progress::say;

const QUICK: Duration = Duration::from_secs(10 * 60);

const MODULE: &str = "code.gitea.io/gitea";

/// What a server reads at run time that was not compiled into it; the scripts and styles of its pages are made first.
const SHARED: [&str; 3] = ["options", "templates", "public"];

/// Where older releases have what writes settings from the environment; newer ones do it themselves.
const ENVIRONMENT_TO_INI: &str = "contrib/environment-to-ini";

/// Puts the programs and the files that they read into the context.
pub(super) async fn add_gitea(
    machine: &Machine,
    version: &str,
    context: &Utf8Path,
) -> anyhow::Result<()> {
    let kept = ensure_gitea(machine, version).await?;
    machine.cmd("cp", QUICK).arg("-r").arg(kept.join(".")).arg(context).run().await?;
    Ok(())
}

/// Returns the folder with `programs/` and `share.tar` of one version, compiled if it is not in the cache.
async fn ensure_gitea(machine: &Machine, version: &str) -> anyhow::Result<Utf8PathBuf> {
    let cache = machine.folder("cache")?;
    let kept = cache.join(format!("gitea-{version}-node-{NODE}-{}", std::env::consts::ARCH));
    if kept.exists() {
        return Ok(kept);
    }
    ensure_toolchain(machine, "Gitea", "gitea/gitea").await?;
    say(&format!("image    Gitea {version} is compiled: once, some ten minutes"));
    let (source, made) = (work_folder(&cache)?, work_folder(&cache)?);
    let (source, made_in) = (path_of(&source)?, path_of(&made)?);
    copy_module(machine, MODULE, version, source).await?;

    let programs = made_in.join("programs");
    std::fs::create_dir(&programs).with_context(|| format!("failed to make {programs}"))?;
    let linker = format!("-X main.Version={version}");
    let gitea = Build {
        source,
        package: ".",
        tags: "sqlite sqlite_unlock_notify",
        linker: &linker,
        flags: &[],
        to: &programs.join("gitea"),
    };
    gitea.run(machine).await?;
    if source.join(ENVIRONMENT_TO_INI).is_dir() {
        let package = format!("./{ENVIRONMENT_TO_INI}");
        let to = programs.join("environment-to-ini");
        Build { package: &package, to: &to, ..gitea }.run(machine).await?;
    }
    bundle(machine, source).await?;
    let pack = machine.cmd("tar", QUICK).args(["--owner=0", "--group=0", "--sort=name", "-C"]);
    pack.arg(source).arg("-cf").arg(made_in.join("share.tar")).args(SHARED).run().await?;
    std::fs::rename(made.keep(), &kept)
        .with_context(|| format!("failed to move what was compiled to {kept}"))?;
    Ok(kept)
}
