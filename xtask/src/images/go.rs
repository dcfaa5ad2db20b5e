//! Programs from Go modules: the module's sources, copied, and what is compiled of them. Main items: [`copy_module`],
//! [`Build`].

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;

use crate::machine::Machine;

const COMPILE: Duration = Duration::from_secs(60 * 60);
const QUICK: Duration = Duration::from_secs(10 * 60);

/// Where a module lies: one field of what `go mod download -json` prints.
#[derive(Debug, Deserialize)]
struct Downloaded {
    #[serde(rename = "Dir")]
    dir: Utf8PathBuf,
}

/// A program to compile.
#[derive(Clone, Copy, Debug)]
pub(super) struct Build<'a> {
    /// The copied module.
    pub(super) source: &'a Utf8Path,
    /// The package in it.
    pub(super) package: &'a str,
    /// Build tags.
    pub(super) tags: &'a str,
    /// What the linker is told besides leaving out symbols.
    pub(super) linker: &'a str,
    /// What `go build` is told besides.
    pub(super) flags: &'a [&'a str],
    /// Where the program goes.
    pub(super) to: &'a Utf8Path,
}

/// Go is not Debian's: the one of bookworm is years older than what modules ask for. The C compiler that SQLite's driver
/// takes is one that cargo needs too.
pub(super) async fn ensure_toolchain(
    machine: &Machine,
    name: &str,
    image: &str,
) -> anyhow::Result<()> {
    if machine.cmd("go", QUICK).arg("version").run().await.is_err() {
        bail!(
            "`go` is missing, and {name} is compiled from its Go module; install Go (https://go.dev/doc/install) \
             so that it is in the PATH, or load the image {image} yourself: one that is there is kept"
        );
    }
    Ok(())
}

/// Copies a module: its own folder is read-only, and replaced modules rule out `go install`.
pub(super) async fn copy_module(
    machine: &Machine,
    module: &str,
    version: &str,
    to: &Utf8Path,
) -> anyhow::Result<()> {
    let module = format!("{module}@v{version}");
    let download = machine.cmd("go", QUICK).args(["mod", "download", "-json", &module]);
    let printed = download.cwd(to).run().await?.stdout;
    let Downloaded { dir } = serde_json::from_str(&printed)
        .with_context(|| format!("expected go to say where {module} lies, got `{printed}`"))?;
    machine.cmd("cp", QUICK).arg("-r").arg(dir.join(".")).arg(to).run().await?;
    machine.cmd("chmod", QUICK).args(["-R", "u+w"]).arg(to).run().await?;
    Ok(())
}

impl Build<'_> {
    /// Compiles the program.
    pub(super) async fn run(&self, machine: &Machine) -> anyhow::Result<()> {
        let linker = format!("-s -w {}", self.linker);
        let build = machine
            .cmd("go", COMPILE)
            .args(["build", "-trimpath", "-buildvcs=false", "-tags", self.tags])
            .args(self.flags.iter().copied())
            .args(["-ldflags", linker.trim_end(), "-o"])
            .arg(self.to)
            .arg(self.package);
        build.env("CGO_ENABLED", "1").cwd(self.source).run().await?;
        Ok(())
    }
}
