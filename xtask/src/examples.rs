//! The crates below `examples/`: somebody else's, outside the workspace, that import the libraries.

use anyhow::Context as _;

use crate::machine::Machine;
use crate::stream;

/// Checks that each compiles, with the workspace's own versions of everything: nothing is fetched or built anew.
pub(crate) fn check(machine: &Machine) -> anyhow::Result<()> {
    let examples = machine.root.join("examples");
    let listed = examples.read_dir_utf8().with_context(|| format!("failed to list {examples}"))?;
    for example in listed {
        let example = example.with_context(|| format!("failed to list {examples}"))?;
        let manifest = example.path().join("Cargo.toml");
        if !manifest.is_file() {
            continue;
        }
        let lock = example.path().join("Cargo.lock");
        std::fs::copy(machine.root.join("Cargo.lock"), &lock)
            .with_context(|| format!("failed to write {lock}"))?;
        let target = machine.root.join("target");
        let args = ["check", "--quiet", "--offline", "--manifest-path", manifest.as_str()];
        stream::cargo(machine, &[&args[..], &["--target-dir", target.as_str()]].concat(), &[])?;
    }
    Ok(())
}
