//! The local server's certificates, kept while they hold.

use std::time::SystemTime;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use harness_local::router::certificates::Certificates;
use jiff::Timestamp;
use jiff::civil::Date;

use super::SUFFIX;
use crate::machine::{Machine, write_whole};
use crate::progress::say;

/// Where the certificates lie.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFiles {
    /// What clients trust.
    pub(crate) ca: Utf8PathBuf,
    /// The folder that the router reads.
    pub(crate) router: Utf8PathBuf,
    /// The router's certificate, to tell when it changed.
    pub(crate) server: String,
}

/// Makes sure that certificates are there and hold for another month.
pub(crate) fn ensure_certificates(machine: &Machine) -> anyhow::Result<CertificateFiles> {
    let folder = machine.folder("server")?;
    let router = machine.folder("server/router")?;
    let (ca, expires) = (folder.join("ca.pem"), folder.join("expires"));
    let (server, key) = (router.join("server.pem"), router.join("server-key.pem"));
    let now = Timestamp::try_from(SystemTime::now()).context("the clock is out of range")?;
    let hold = read_date(&expires).is_some_and(|date| Certificates::hold(date, now));
    if !hold || !ca.exists() || !server.exists() || !key.exists() {
        let made = Certificates::generate(SUFFIX, now)?;
        write_whole(&key, &made.server.key, 0o600)?;
        write_whole(&server, &made.server.certificate, 0o644)?;
        write_whole(&ca, &made.ca, 0o644)?;
        // Last: a date says that all of them are there.
        write_whole(&expires, &made.expires.to_string(), 0o644)?;
        say(&format!("server   new certificates for *.{SUFFIX} in {folder}"));
    }
    let server =
        std::fs::read_to_string(&server).with_context(|| format!("failed to read {server}"))?;
    Ok(CertificateFiles { ca, router, server })
}

fn read_date(path: &Utf8Path) -> Option<Date> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Removes them.
pub(crate) fn remove_certificates(machine: &Machine) -> anyhow::Result<()> {
    let folder = machine.state.join("server");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).with_context(|| format!("failed to remove {folder}"))?;
    }
    Ok(())
}
