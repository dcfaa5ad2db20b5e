//! Hard limits on the shape of files, where clippy has none.

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};

use crate::machine::Machine;

/// Lines of a file without its tests.
const MAX_PRODUCTION: usize = 600;
/// Lines of a file with its tests.
const MAX_ALL: usize = 1000;
/// Lines of a `lib.rs` or `mod.rs`.
const MAX_MAP: usize = 120;
/// Names that say nothing about what a file is for.
const EMPTY_NAMES: [&str; 5] = ["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"];

/// Checks every Rust file of the workspace.
pub(crate) fn run(machine: &Machine) -> anyhow::Result<()> {
    let mut files = Vec::new();
    for entry in machine.root.read_dir_utf8().context("failed to list the workspace")? {
        let path = entry.context("failed to list the workspace")?.path().to_owned();
        if path.join("Cargo.toml").is_file() {
            collect(&path, &mut files)?;
        }
    }
    let mut faults = Vec::new();
    for path in &files {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("failed to read {path}"))?;
        let shown = path.strip_prefix(&machine.root).unwrap_or(path);
        faults.extend(faults_of(shown, &text).into_iter().map(|fault| format!("{shown}: {fault}")));
    }
    anyhow::ensure!(!files.is_empty(), "no Rust file was found in {}", machine.root);
    anyhow::ensure!(
        faults.is_empty(),
        "{} files break a limit:\n{}",
        faults.len(),
        faults.join("\n")
    );
    Ok(())
}

fn collect(dir: &Utf8Path, files: &mut Vec<Utf8PathBuf>) -> anyhow::Result<()> {
    for entry in dir.read_dir_utf8().with_context(|| format!("failed to list {dir}"))? {
        let entry = entry.with_context(|| format!("failed to list {dir}"))?;
        let path = entry.path();
        if path.is_dir() {
            collect(path, files)?;
        } else if path.extension() == Some("rs") {
            files.push(path.to_owned());
        }
    }
    Ok(())
}

/// Returns what is wrong with the shape of a file.
fn faults_of(path: &Utf8Path, text: &str) -> Vec<String> {
    let all = text.lines().count();
    let production = text.lines().take_while(|l| !l.starts_with("#[cfg(test)]")).count();
    let name = path.file_name().unwrap_or_default();
    let is_test = path.components().any(|c| c.as_str() == "tests") || name.ends_with("_tests.rs");
    let mut faults = Vec::new();
    if EMPTY_NAMES.contains(&name) {
        faults.push("name it for what it is about".to_owned());
    }
    if !is_test && production > MAX_PRODUCTION {
        faults.push(format!(
            "{production} lines without tests, at most {MAX_PRODUCTION}: split it by concern"
        ));
    }
    if all > MAX_ALL {
        faults.push(format!("{all} lines, at most {MAX_ALL}: split it by concern"));
    }
    if (name == "lib.rs" || name == "mod.rs") && production > MAX_MAP {
        faults.push(format!("{production} lines in a map of modules, at most {MAX_MAP}"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, lines: usize) -> usize {
        faults_of(Utf8Path::new(path), &"x\n".repeat(lines)).len()
    }

    #[test]
    fn limits_hold() {
        assert_eq!(check("a/src/deploy.rs", 600), 0);
        assert_eq!(check("a/src/deploy.rs", 601), 1);
        assert_eq!(check("a/src/deploy_tests.rs", 900), 0);
        assert_eq!(check("a/src/lib.rs", 121), 1);
        assert_eq!(check("a/src/utils.rs", 1), 1);
    }

    #[test]
    fn a_files_tests_do_not_count_as_production() {
        let text = format!("{}#[cfg(test)]\n{}", "x\n".repeat(500), "y\n".repeat(300));
        assert!(faults_of(Utf8Path::new("a/src/deploy.rs"), &text).is_empty());
    }
}
