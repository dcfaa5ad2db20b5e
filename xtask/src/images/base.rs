//! The base image: a minimal Debian, made from its packages.

use std::time::Duration;

use anyhow::{Context as _, bail};
use camino::Utf8Path;

use super::build::labels;
use super::mirror::debian_mirror;
use crate::docker::Docker;
use crate::engine::ensure_package;
use crate::machine::Machine;

const LIMIT: Duration = Duration::from_secs(15 * 60);

/// What every image may use: health checks ask with curl.
const PACKAGES: &str = "ca-certificates,curl";

/// What no image needs.
const DISPENSABLE: [&str; 6] = [
    "var/cache/apt/archives",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/log/bootstrap.log",
];

/// Builds and imports it. `work` is an empty folder.
pub(super) async fn build_base(
    machine: &Machine,
    suite: &str,
    tag: &str,
    hash: &str,
    work: &Utf8Path,
) -> anyhow::Result<()> {
    if !machine.is_root {
        bail!(
            "only root can make the base image from Debian's packages; run this as root, or pull the real images"
        );
    }
    ensure_package(machine, "debootstrap", "debootstrap").await?;
    let rootfs = work.join("rootfs");
    let include = format!("--include={PACKAGES}");
    let cmd = machine.cmd("debootstrap", LIMIT).args(["--variant=minbase", &include, suite]);
    cmd.arg(&rootfs).arg(debian_mirror()?).run().await?;
    for path in DISPENSABLE {
        remove(&rootfs.join(path))?;
    }
    for dir in ["var/cache/apt/archives/partial", "var/lib/apt/lists/partial"] {
        std::fs::create_dir_all(rootfs.join(dir))
            .with_context(|| format!("failed to make {dir}"))?;
    }
    // The engine gives each container its own.
    for file in ["etc/hostname", "etc/resolv.conf"] {
        std::fs::write(rootfs.join(file), "").with_context(|| format!("failed to empty {file}"))?;
    }
    let tar = work.join("rootfs.tar");
    machine.cmd("tar", LIMIT).arg("-C").arg(&rootfs).arg("-cf").arg(&tar).arg(".").run().await?;
    let mut cmd = Docker::new(machine).cmd(LIMIT).args(["import", "--change", "CMD [\"bash\"]"]);
    for (name, value) in labels(hash) {
        cmd = cmd.args(["--change".to_owned(), format!("LABEL {name}={value}")]);
    }
    cmd.arg(&tar).arg(tag).run().await?;
    Ok(())
}

fn remove(path: &Utf8Path) -> anyhow::Result<()> {
    let removed =
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).context(format!("failed to remove {path}"))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
