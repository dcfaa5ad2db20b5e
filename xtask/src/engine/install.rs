//! Installing the engine from Debian's packages.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;

use crate::machine::Machine;
use crate::progress::say;

const INSTALL: Duration = Duration::from_secs(15 * 60);

/// What the local server needs of the system.
const PACKAGES: [&str; 4] = ["docker.io", "iptables", "debootstrap", "ca-certificates"];

/// Makes sure that the engine's program is there, and returns whether it was installed just now.
pub(super) async fn ensure_installed(machine: &Machine) -> anyhow::Result<bool> {
    if !machine.is_root {
        bail!(
            "no Docker Engine answers and only root can start one; start Docker, or run `sudo -E cargo xtask up`, \
             or use `--platform embedded`"
        );
    }
    if Path::new("/usr/sbin/dockerd").exists() || Path::new("/usr/bin/dockerd").exists() {
        return Ok(false);
    }
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    if !is_debian(&release) {
        bail!(
            "no Docker Engine answers and this is not Debian; install Docker by the means of this system"
        );
    }
    say("installing Docker Engine from Debian's packages");
    install_packages(machine, &PACKAGES).await?;
    Ok(true)
}

/// Makes sure that a program of a Debian package is there.
pub(crate) async fn ensure_package(
    machine: &Machine,
    program: &str,
    package: &str,
) -> anyhow::Result<()> {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/sbin", "/bin"].iter();
    if found.map(|dir| Path::new(dir).join(program)).any(|p| p.exists()) {
        return Ok(());
    }
    if !machine.is_root {
        bail!("`{program}` is missing; install the package {package}");
    }
    say(&format!("installing {package} from Debian's packages"));
    install_packages(machine, &[package]).await
}

/// Installs packages of Debian's.
pub(crate) async fn install_packages(machine: &Machine, packages: &[&str]) -> anyhow::Result<()> {
    let apt = || machine.cmd("apt-get", INSTALL).env("DEBIAN_FRONTEND", "noninteractive");
    apt().args(["update", "-q"]).run().await?;
    // Packages start services where an init system runs; here we start the engine ourselves.
    apt()
        .args(["install", "-q", "-y", "--no-install-recommends"])
        .args(packages.iter().copied())
        .run()
        .await?;
    Ok(())
}

/// Expects the text of `/etc/os-release`.
fn is_debian(release: &str) -> bool {
    let value = |key: &str| {
        let line = release.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    value("ID") == "debian" || value("ID_LIKE").split(' ').any(|id| id == "debian")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debian_and_what_is_made_of_it_are_recognized() {
        assert!(is_debian("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\n"));
        assert!(is_debian("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"));
        assert!(!is_debian("ID=fedora\nID_LIKE=\"rhel\"\n"));
        assert!(!is_debian(""));
    }
}
