//! What of an installed Ghost nobody loads: sources, declarations, source maps, manuals, build inputs. It is half of
//! all files, and files are what an image costs.

use anyhow::Context as _;
use camino::Utf8Path;

/// Removes it from a tree and returns how many files that were. Links are neither followed nor removed.
pub(super) fn prune(root: &Utf8Path) -> anyhow::Result<usize> {
    let mut removed = 0;
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().with_context(|| format!("failed to list {folder}"))? {
            let entry = entry.with_context(|| format!("failed to list {folder}"))?;
            let kind =
                entry.file_type().with_context(|| format!("failed to read {}", entry.path()))?;
            let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
            if kind.is_dir() {
                folders.push(entry.path().to_owned());
            } else if kind.is_file() && is_dispensable(path) {
                std::fs::remove_file(entry.path())
                    .with_context(|| format!("failed to remove {}", entry.path()))?;
                removed += 1;
            }
        }
    }
    Ok(removed)
}

fn is_dispensable(path: &Utf8Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    if matches!(extension.as_str(), "ts" | "mts" | "cts" | "tsx" | "map") {
        return true;
    }
    let is_dependency = path.starts_with("node_modules");
    let is_licence = path.file_name().is_some_and(|n| n.to_ascii_lowercase().starts_with("licen"));
    let is_build_input =
        matches!(extension.as_str(), "cc" | "cpp" | "cxx" | "c" | "h" | "hpp" | "gyp" | "gypi");
    is_dependency && !is_licence && (is_build_input || extension == "md")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_stays() {
        for (path, dispensable) in [
            ("core/boot.js", false),
            ("core/boot.js.map", true),
            ("core/server/types.d.ts", true),
            ("content/themes/source/README.md", false),
            ("node_modules/a/README.md", true),
            ("node_modules/a/LICENSE.md", false),
            ("node_modules/a/src/binding.cc", true),
            ("node_modules/a/build/Release/a.node", false),
            ("core/server/data/c", false),
        ] {
            assert_eq!(is_dispensable(Utf8Path::new(path)), dispensable, "{path}");
        }
    }

    #[test]
    fn a_tree_loses_only_what_is_dispensable() {
        let dir = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(dir.path()).unwrap();
        std::fs::create_dir_all(root.join("node_modules/a")).unwrap();
        for file in ["index.js", "index.d.ts", "node_modules/a/README.md", "node_modules/a/a.js"] {
            std::fs::write(root.join(file), "").unwrap();
        }
        assert_eq!(prune(root).unwrap(), 2);
        assert!(root.join("index.js").exists() && root.join("node_modules/a/a.js").exists());
    }
}
