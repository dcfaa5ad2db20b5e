//! `server.toml`: what others need to know of the local server.

use anyhow::Context as _;
use camino::Utf8PathBuf;
use serde::Serialize;

use super::SUFFIX;
use super::certificates::CertificateFiles;
use super::router::{HTTP, HTTPS};
use crate::docker::SOCKET;
use crate::engine::{Engine, PID_FILE};
use crate::machine::{Machine, write_whole};

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct ServerFile<'a> {
    suffix: &'a str,
    https: String,
    http: String,
    ca: &'a str,
    docker_host: &'a str,
    engine: EngineFile<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct EngineFile<'a> {
    started_by_us: bool,
    pid_file: &'a str,
}

/// Writes it and returns where.
pub(crate) fn write_server_file(
    machine: &Machine,
    engine: &Engine,
    files: &CertificateFiles,
) -> anyhow::Result<Utf8PathBuf> {
    let path = path(machine);
    write_whole(&path, &text(engine, files)?, 0o644)?;
    Ok(path)
}

fn text(engine: &Engine, files: &CertificateFiles) -> anyhow::Result<String> {
    let file = ServerFile {
        suffix: SUFFIX,
        https: HTTPS.to_string(),
        http: HTTP.to_string(),
        ca: files.ca.as_str(),
        docker_host: SOCKET,
        engine: EngineFile { started_by_us: engine.started_by_us, pid_file: PID_FILE },
    };
    toml::to_string(&file).context("failed to describe the local server")
}

/// Removes it.
pub(crate) fn remove_server_file(machine: &Machine) -> anyhow::Result<()> {
    let path = path(machine);
    if path.exists() {
        std::fs::remove_file(&path).with_context(|| format!("failed to remove {path}"))?;
    }
    Ok(())
}

fn path(machine: &Machine) -> Utf8PathBuf {
    machine.state.join("server.toml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_others_expect() {
        let engine = Engine { version: "20.10.24".into(), started_by_us: true };
        let files = CertificateFiles {
            ca: "/s/server/ca.pem".into(),
            router: "/s/router".into(),
            server: "c".into(),
        };
        let expected = "suffix = \"ccci.test\"\nhttps = \"127.0.0.1:18443\"\nhttp = \"127.0.0.1:18080\"\n\
                        ca = \"/s/server/ca.pem\"\ndocker-host = \"unix:///var/run/docker.sock\"\n\n\
                        [engine]\nstarted-by-us = true\npid-file = \"/var/run/docker.pid\"\n";
        assert_eq!(text(&engine, &files).unwrap(), expected);
    }
}
