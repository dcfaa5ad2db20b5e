//! Gitea from its Go module, kept in the cache: compiling it takes minutes. Main function: [`ensure_gitea`].

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use super::frontend::bundle;
use super::npm::{path_of, work_folder};
use super::table::NODE;
use crate::machine::Machine;
use crate::progress::say;

const COMPILE: Duration = Duration::from_secs(60 * 60);
const QUICK: Duration = Duration::from_secs(10 * 60);

const MODULE: &str = "code.gitea.io/gitea";

/// What a server reads at run time that was not compiled into it; the scripts and styles of its pages are made first.
const SHARED: [&str; 3] = ["options", "templates", "public"];

/// Where older releases have what writes settings from the environment; newer ones do it themselves.
const ENVIRONMENT_TO_INI: &str = "contrib/environment-to-ini";

/// Where a module lies: one field of what `go mod download -json` prints.
#[derive(Debug, Deserialize)]
struct Downloaded {
    #[serde(rename = "Dir")]
    dir: Utf8PathBuf,
}

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
    ensure_toolchain(machine).await?;
    say(&format!("image    Gitea {version} is compiled: once, some ten minutes"));
    let (source, made) = (work_folder(&cache)?, work_folder(&cache)?);
    let (source, made_in) = (path_of(&source)?, path_of(&made)?);
    copy_module(machine, version, source).await?;

    let programs = made_in.join("programs");
    std::fs::create_dir(&programs).with_context(|| format!("failed to make {programs}"))?;
    compile(machine, version, source, ".", &programs.join("gitea")).await?;
    if source.join(ENVIRONMENT_TO_INI).is_dir() {
        let (package, name) = (format!("./{ENVIRONMENT_TO_INI}"), "environment-to-ini");
        compile(machine, version, source, &package, &programs.join(name)).await?;
    }
    bundle(machine, source).await?;
    let pack = machine.cmd("tar", QUICK).args(["--owner=0", "--group=0", "--sort=name", "-C"]);
    pack.arg(source).arg("-cf").arg(made_in.join("share.tar")).args(SHARED).run().await?;
    std::fs::rename(made.keep(), &kept)
        .with_context(|| format!("failed to move what was compiled to {kept}"))?;
    Ok(kept)
}

/// Go is not Debian's: the one of bookworm is years older than what Gitea asks for. The C compiler that SQLite's driver
/// takes is one that cargo needs too.
async fn ensure_toolchain(machine: &Machine) -> anyhow::Result<()> {
    if machine.cmd("go", QUICK).arg("version").run().await.is_err() {
        bail!(
            "`go` is missing, and Gitea is compiled from its Go module; install Go (https://go.dev/doc/install) \
             so that it is in the PATH, or load the image gitea/gitea yourself: one that is there is kept"
        );
    }
    Ok(())
}

/// Copies the module: its own folder is read-only, and replaced modules rule out `go install`.
async fn copy_module(machine: &Machine, version: &str, to: &Utf8Path) -> anyhow::Result<()> {
    let module = format!("{MODULE}@v{version}");
    let download = machine.cmd("go", QUICK).args(["mod", "download", "-json", &module]);
    let printed = download.cwd(to).run().await?.stdout;
    let Downloaded { dir } = serde_json::from_str(&printed)
        .with_context(|| format!("expected go to say where {module} lies, got `{printed}`"))?;
    machine.cmd("cp", QUICK).arg("-r").arg(dir.join(".")).arg(to).run().await?;
    machine.cmd("chmod", QUICK).args(["-R", "u+w"]).arg(to).run().await?;
    Ok(())
}

async fn compile(
    machine: &Machine,
    version: &str,
    source: &Utf8Path,
    package: &str,
    to: &Utf8Path,
) -> anyhow::Result<()> {
    let flags = format!("-s -w -X main.Version={version}");
    let build = machine
        .cmd("go", COMPILE)
        .args(["build", "-trimpath", "-buildvcs=false", "-tags", "sqlite sqlite_unlock_notify"])
        .args(["-ldflags", &flags, "-o"])
        .arg(to)
        .arg(package);
    build.env("CGO_ENABLED", "1").cwd(source).run().await?;
    Ok(())
}
