//! The files that settings come from: `settings.toml`, and the `server.toml` that `cargo xtask up` writes.

use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::suite::Span;
use serde::Deserialize;
use thiserror::Error;

/// An operator's settings. Every key is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SettingsFile {
    /// The abra to drive.
    pub abra: Option<Utf8PathBuf>,
    /// The engine, as in `DOCKER_HOST`.
    pub docker_host: Option<String>,
    /// Where the router answers HTTPS.
    pub https: Option<SocketAddr>,
    /// The certificate authority to trust for apps, in PEM.
    pub ca: Option<Utf8PathBuf>,
    /// Below what domain apps are made.
    pub suffix: Option<String>,
    /// Where runs are written.
    pub out: Option<Utf8PathBuf>,
    /// Until when a run must have ended.
    pub deadline: Option<Span>,
    /// Where recipes of the catalogue are cloned from; the recipe's name is appended.
    pub catalogue: Option<String>,
    /// Where `--src OWNER/REPO` is cloned from; it is appended.
    pub forge: Option<String>,
}

/// The local server's facts, as `cargo xtask up` writes them. Keys that are not known here are left alone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerFile {
    /// Below what domain apps are made.
    pub suffix: String,
    /// Where the router answers HTTPS.
    pub https: SocketAddr,
    /// The certificate authority that signs its certificate.
    pub ca: Utf8PathBuf,
    /// The engine.
    pub docker_host: String,
}

/// A file that settings come from could not be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// It could not be read.
    #[error("failed to read {path}")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path} cannot be used")]
    Parse {
        /// The file.
        path: Utf8PathBuf,
        /// Line, caret, and what was expected.
        source: Box<toml::de::Error>,
    },
}

/// Reads a file of settings; nothing if there is none.
///
/// # Errors
/// It is there and cannot be read or used.
pub(super) fn read<T: for<'de> Deserialize<'de>>(path: &Utf8Path) -> Result<Option<T>, FileError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(FileError::Read { path: path.to_owned(), source }),
    };
    let parsed = toml::from_str(&text);
    parsed
        .map(Some)
        .map_err(|source| FileError::Parse { path: path.to_owned(), source: Box::new(source) })
}
