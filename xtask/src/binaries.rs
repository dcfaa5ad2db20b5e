//! Our own programs for images: built by cargo, stripped, and told apart by content.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

use crate::machine::{Machine, write_whole};
use crate::progress::say;

const BUILD: Duration = Duration::from_secs(30 * 60);
const QUICK: Duration = Duration::from_secs(60);

/// A stripped program and the hash of its bytes.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) path: Utf8PathBuf,
    pub(crate) sha256: String,
}

/// What a stripped copy was made from. Hashing is skipped while this is unchanged.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeFrom {
    len: u64,
    modified_ns: i64,
    sha256: String,
}

/// Returns whether the program's source exists.
pub(crate) fn exists(machine: &Machine, name: &str) -> bool {
    machine.root.join(format!("harness-local/src/bin/{name}.rs")).exists()
}

/// Builds programs of harness-local and returns their stripped copies, in order.
pub(crate) async fn build(machine: &Machine, names: &[&str]) -> anyhow::Result<Vec<Binary>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut cmd =
        machine.cmd("cargo", BUILD).args(["build", "--quiet", "--package", "harness-local"]);
    for name in names {
        cmd = cmd.args(["--bin", name]);
    }
    cmd.cwd(&machine.root).run().await?;
    let mut built = Vec::new();
    for name in names {
        built.push(strip(machine, name).await?);
    }
    Ok(built)
}

async fn strip(machine: &Machine, name: &str) -> anyhow::Result<Binary> {
    // Xtask was built by the same cargo, with the same profile and target folder.
    let own = std::env::current_exe().context("failed to find xtask's own folder")?;
    let own = Utf8PathBuf::try_from(own).context("xtask's own path is not UTF-8")?;
    let source = own.parent().context("xtask has no folder")?.join(name);
    let cache = machine.folder("cache/binaries")?;
    let (copy, note) = (cache.join(name), cache.join(format!("{name}.toml")));
    let metadata =
        std::fs::metadata(&source).with_context(|| format!("failed to find {source}"))?;
    let (len, modified_ns) =
        (metadata.len(), metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec());
    if let Some(made) = read_note(&note)
        && (made.len, made.modified_ns) == (len, modified_ns)
        && copy.exists()
    {
        return Ok(Binary { path: copy, sha256: made.sha256 });
    }
    let fresh = cache.join(format!("{name}.new"));
    // Without the build id, code that did not change gives the same bytes.
    let args = ["--strip-all", "--remove-section=.note.gnu.build-id", "-o"];
    machine.cmd("strip", QUICK).args(args).arg(&fresh).arg(&source).run().await?;
    std::fs::rename(&fresh, &copy).with_context(|| format!("failed to rename {fresh}"))?;
    let sha256 = sha256_of(machine, &copy).await?;
    let made = MadeFrom { len, modified_ns, sha256 };
    write_whole(&note, &toml::to_string(&made).context("failed to describe a program")?, 0o644)?;
    say(&format!("built    {name}"));
    Ok(Binary { path: copy, sha256: made.sha256 })
}

fn read_note(path: &Utf8Path) -> Option<MadeFrom> {
    toml::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

async fn sha256_of(machine: &Machine, path: &Utf8Path) -> anyhow::Result<String> {
    let output = machine.cmd("sha256sum", QUICK).arg("--").arg(path).run().await?;
    let hash = output.stdout.split_whitespace().next().unwrap_or_default();
    anyhow::ensure!(
        hash.len() == 64,
        "expected a hash from sha256sum, got `{}`",
        output.stdout.trim()
    );
    Ok(hash.to_owned())
}
