//! One value for each setting, and where it comes from.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::BaseEnv;
use harness_core::suite::Span;
use thiserror::Error;

use super::file::{FileError, ServerFile, SettingsFile, read};

/// Where a setting's value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// The command line, or the variable that stands for the flag.
    Given,
    /// A file.
    File(Utf8PathBuf),
    /// What `cargo xtask up` wrote.
    LocalServer(Utf8PathBuf),
    /// The default.
    Default,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given => f.write_str("flag or variable"),
            Self::File(path) | Self::LocalServer(path) => f.write_str(path.as_str()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub from: Provenance,
}

/// What the command line and its variables gave.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// `--state-dir`.
    pub state_dir: Option<Utf8PathBuf>,
    /// `--settings`.
    pub settings: Option<Utf8PathBuf>,
    /// `--abra`.
    pub abra: Option<Utf8PathBuf>,
    /// `--docker-host`.
    pub docker_host: Option<String>,
    /// `--suffix`.
    pub suffix: Option<String>,
    /// `--out`.
    pub out: Option<Utf8PathBuf>,
    /// `--deadline`.
    pub deadline: Option<Span>,
}

/// Everything that the runner is told, resolved once.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where leases, the local server and caches live.
    pub state_dir: Utf8PathBuf,
    /// The abra to drive.
    pub abra: Setting<Utf8PathBuf>,
    /// The engine.
    pub docker_host: Setting<String>,
    /// Where the router answers HTTPS.
    pub https: Setting<SocketAddr>,
    /// The certificate authority to trust for apps; none: the system's.
    pub ca: Setting<Option<Utf8PathBuf>>,
    /// Below what domain apps are made; none: no server is known.
    pub suffix: Setting<Option<String>>,
    /// Where runs are written.
    pub out: Setting<Utf8PathBuf>,
    /// Until when a run must have ended.
    pub deadline: Setting<Duration>,
    /// Where recipes of the catalogue are cloned from.
    pub catalogue: Setting<String>,
    /// Where `--src OWNER/REPO` is cloned from.
    pub forge: Setting<String>,
}

/// Settings that cannot be resolved.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file that was named does not exist.
    #[error("there is no settings file {0}: name one that exists, or leave `--settings` out")]
    NoSuchFile(Utf8PathBuf),
}

/// Where an operator's settings are looked for.
const SETTINGS_FILE: &str = "/etc/cc-ci/settings.toml";

/// Returns the state folder: what was given, `/var/lib/cc-ci` for root, else below the home folder.
pub fn state_dir(given: Option<&Utf8Path>, base: &BaseEnv) -> Utf8PathBuf {
    if let Some(given) = given {
        return given.to_owned();
    }
    match base.get("HOME") {
        Some(home) if !nix::unistd::geteuid().is_root() => {
            Utf8PathBuf::from(home).join(".local/state/cc-ci")
        }
        Some(_) | None => Utf8PathBuf::from("/var/lib/cc-ci"),
    }
}

impl Settings {
    /// Resolves every setting: flag > variable > file > what `cargo xtask up` wrote > default.
    ///
    /// # Errors
    /// A file is there and cannot be used.
    pub fn resolve(
        given: Given,
        base: &BaseEnv,
        beside: Option<&Utf8Path>,
    ) -> Result<Self, SettingsError> {
        let state_dir = state_dir(given.state_dir.as_deref(), base);
        let path = given.settings.clone().unwrap_or_else(|| SETTINGS_FILE.into());
        let file = read::<SettingsFile>(&path)?;
        if file.is_none() && given.settings.is_some() {
            return Err(SettingsError::NoSuchFile(path));
        }
        let file = file.unwrap_or_default();
        let server_path = state_dir.join("server.toml");
        let server = read::<ServerFile>(&server_path)?;
        let sources = Sources { file: &path, server: &server_path };
        let known = server.as_ref();
        let abra = sources.pick(given.abra, file.abra, None, default_abra(base, beside));
        let docker_host = known.map(|s| s.docker_host.clone());
        let engine = "unix:///var/run/docker.sock".to_owned();
        let docker_host = sources.pick(given.docker_host, file.docker_host, docker_host, engine);
        let https = sources.pick(
            None,
            file.https,
            known.map(|s| s.https),
            SocketAddr::from(([127, 0, 0, 1], 443)),
        );
        let ca = sources.pick(None, file.ca.map(Some), known.map(|s| Some(s.ca.clone())), None);
        let suffix = known.map(|s| Some(s.suffix.clone()));
        let suffix = sources.pick(given.suffix.map(Some), file.suffix.map(Some), suffix, None);
        let out = sources.pick(given.out, file.out, None, "runs".into());
        let (given, own) = (given.deadline.map(|s| s.0), file.deadline.map(|s| s.0));
        let deadline = sources.pick(given, own, None, Duration::from_mins(60));
        let catalogue = "https://git.coopcloud.tech/coop-cloud/".to_owned();
        let catalogue = sources.pick(None, file.catalogue, None, catalogue);
        let forge = sources.pick(None, file.forge, None, "https://git.coopcloud.tech/".to_owned());
        Ok(Self {
            state_dir,
            abra,
            docker_host,
            https,
            ca,
            suffix,
            out,
            deadline,
            catalogue,
            forge,
        })
    }
}

struct Sources<'a> {
    file: &'a Utf8Path,
    server: &'a Utf8Path,
}

impl Sources<'_> {
    fn pick<T>(
        &self,
        given: Option<T>,
        file: Option<T>,
        server: Option<T>,
        default: T,
    ) -> Setting<T> {
        if let Some(value) = given {
            return Setting { value, from: Provenance::Given };
        }
        if let Some(value) = file {
            return Setting { value, from: Provenance::File(self.file.to_owned()) };
        }
        match server {
            Some(value) => Setting { value, from: Provenance::LocalServer(self.server.to_owned()) },
            None => Setting { value: default, from: Provenance::Default },
        }
    }
}

/// The abra on the PATH; without one, the stand-in beside our own binary, where `cargo xtask up` puts it.
fn default_abra(base: &BaseEnv, beside: Option<&Utf8Path>) -> Utf8PathBuf {
    let on_path =
        base.get("PATH").unwrap_or_default().split(':').map(|dir| Utf8Path::new(dir).join("abra"));
    let found = on_path.into_iter().find(|p| p.is_file());
    let stand_in = || beside.map_or_else(|| "abra".into(), |dir| dir.join("abra"));
    found.unwrap_or_else(stand_in)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(dir: &Utf8Path, given: Given) -> Result<Settings, SettingsError> {
        let given = Given { state_dir: Some(dir.to_owned()), ..given };
        Settings::resolve(given, &BaseEnv::default(), None)
    }

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::from_path_buf(dir.path().to_owned()).unwrap();
        (dir, path)
    }

    #[test]
    fn a_flag_beats_a_file_and_a_file_beats_the_default() {
        let (_keep, dir) = folder();
        let file = dir.join("s.toml");
        std::fs::write(&file, "deadline = \"20m\"\ndocker-host = \"unix:///a.sock\"\n").unwrap();
        let given = Given {
            settings: Some(file.clone()),
            docker_host: Some("unix:///b.sock".to_owned()),
            ..Given::default()
        };
        let settings = resolve(&dir, given).unwrap();
        assert_eq!(
            settings.deadline,
            Setting { value: Duration::from_mins(20), from: Provenance::File(file) }
        );
        assert_eq!(
            settings.docker_host,
            Setting { value: "unix:///b.sock".to_owned(), from: Provenance::Given }
        );
        assert_eq!(settings.out.from, Provenance::Default);
    }

    #[test]
    fn the_local_servers_facts_are_found() {
        let (_keep, dir) = folder();
        let text = "suffix = \"a.test\"\nhttps = \"127.0.0.1:18443\"\nhttp = \"127.0.0.1:18080\"\nca = \"/ca.pem\"\ndocker-host = \"unix:///x\"\n[engine]\nstarted-by-us = true\n";
        std::fs::write(dir.join("server.toml"), text).unwrap();
        let settings = resolve(&dir, Given::default()).unwrap();
        assert_eq!(settings.suffix.value.as_deref(), Some("a.test"));
        assert_eq!(settings.https.from, Provenance::LocalServer(dir.join("server.toml")));
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let (_keep, dir) = folder();
        let file = dir.join("s.toml");
        std::fs::write(&file, "dead-line = \"20m\"\n").unwrap();
        let error = resolve(&dir, Given { settings: Some(file), ..Given::default() }).unwrap_err();
        assert!(harness_core::chain::Chain(&error).to_string().contains("dead-line"));
    }

    #[test]
    fn a_named_file_must_exist() {
        let (_keep, dir) = folder();
        let given = Given { settings: Some(dir.join("no.toml")), ..Given::default() };
        assert!(matches!(resolve(&dir, given), Err(SettingsError::NoSuchFile(_))));
    }
}
