//! The machine that tasks run on: environment, folders, rights. Main type: [`Machine`].

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use nix::fcntl::{Flock, FlockArg};

use crate::progress::say;

/// What cargo needs beyond the usual to build as it was called.
const CARGO_VARIABLES: [&str; 4] =
    ["CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "CARGO_NET_OFFLINE"];

/// What Go needs beyond the usual: where modules come from, and where they and what was compiled are kept.
const GO_VARIABLES: [&str; 5] = ["GOPROXY", "GOSUMDB", "GOTOOLCHAIN", "GOMODCACHE", "GOCACHE"];

/// Where tasks run.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// What children inherit.
    pub(crate) base: BaseEnv,
    /// What outlives a run: certificates, caches, the log of the engine.
    pub(crate) state: Utf8PathBuf,
    /// The workspace.
    pub(crate) root: Utf8PathBuf,
    /// Whether engines and packages can be installed.
    pub(crate) is_root: bool,
    /// Whether this is CI: nothing may be left out for want of an engine.
    pub(crate) is_ci: bool,
}

impl Machine {
    /// Looks around. Only `main` calls this: the environment is read here and nowhere else.
    pub(crate) fn detect() -> anyhow::Result<Self> {
        let mut base = BaseEnv::capture();
        for name in CARGO_VARIABLES.iter().chain(&GO_VARIABLES).copied() {
            if let Some(value) = variable(name) {
                base = base.with(name, value);
            }
        }
        let is_root = nix::unistd::geteuid().is_root();
        let state = match (variable("CCCI_STATE_DIR"), is_root) {
            (Some(dir), _) => Utf8PathBuf::from(dir),
            (None, true) => Utf8PathBuf::from("/var/lib/cc-ci"),
            (None, false) => {
                let home = base.get("HOME").context("HOME is not set; set it or CCCI_STATE_DIR")?;
                Utf8Path::new(home).join(".local/state/cc-ci")
            }
        };
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
        let root =
            root.parent().ok_or_else(|| anyhow!("xtask lies outside a workspace"))?.to_owned();
        let is_ci = variable("CI").is_some_and(|v| v == "true" || v == "1");
        Ok(Self { base, state, root, is_root, is_ci })
    }

    /// Describes a command on this machine.
    pub(crate) fn cmd(&self, program: &str, limit: Duration) -> Cmd {
        Cmd::new(program, &self.base, Deadline::after(limit))
    }

    /// Returns a folder below the state folder, made if needed.
    pub(crate) fn folder(&self, name: &str) -> anyhow::Result<Utf8PathBuf> {
        let path = self.state.join(name);
        std::fs::create_dir_all(&path).with_context(|| format!("failed to make {path}"))?;
        Ok(path)
    }

    /// Waits until this is the only one of its kind, and stays it until the lock is dropped.
    pub(crate) fn lock(&self, name: &str, holder: &str) -> anyhow::Result<Flock<std::fs::File>> {
        let path = self.folder("cache")?.join(format!("{name}.lock"));
        let file =
            std::fs::File::create(&path).with_context(|| format!("failed to open {path}"))?;
        let file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(lock),
            Err((file, _held)) => file,
        };
        say(&format!("waiting for {holder}"));
        Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, errno)| anyhow!("failed to lock {path}: {errno}"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where xtask reads its environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// Writes a file whole: others see the old or the new one.
pub(crate) fn write_whole(path: &Utf8Path, content: &str, mode: u32) -> anyhow::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;
    let dir = path.parent().with_context(|| format!("{path} has no folder"))?;
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(content.as_bytes())?;
        file.as_file().set_permissions(std::fs::Permissions::from_mode(mode))?;
        file.persist(path)?;
        Ok(())
    };
    write().with_context(|| format!("failed to write {path}"))
}
