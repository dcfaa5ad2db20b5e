//! What an image is made from, as one hash: same hash, same image, nothing to build. Main function: [`recipe_hash`].

use std::os::unix::fs::PermissionsExt as _;

use anyhow::Context as _;
use camino::Utf8Path;
use sha2::{Digest as _, Sha256};

use super::table::{Image, NODE, PNPM, PSYCOPG, Source};

/// Raised when the way of building changes in a way that the other ingredients do not show.
const GENERATION: u32 = 1;

/// Returns the hash of an image's row, its folder, its parent and its program.
/// Two hashes of the same machine differ exactly if something that goes into the image does.
pub(super) fn recipe_hash(
    image: &Image,
    folder: Option<&Utf8Path>,
    parent: &str,
    program: &str,
) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    let tools: &[&str] = match image.source {
        Source::Node => &[NODE],
        Source::Ghost { .. } => &[PNPM],
        Source::Gitea { .. } => &[NODE, PNPM],
        Source::Synapse { .. } => &[PSYCOPG],
        Source::Debian { .. }
        | Source::Packages { .. }
        | Source::Drone { .. }
        | Source::Keycloak { .. }
        | Source::Crate { .. }
        | Source::Program { .. } => &[""],
    };
    let tools = tools.join(" ");
    for part in [format!("{GENERATION} {image:?}").as_str(), &tools, parent, program] {
        add(&mut hash, part.as_bytes());
    }
    for file in folder.map(files).transpose()?.unwrap_or_default() {
        let path = folder.map(|f| f.join(&file)).unwrap_or_default();
        let content = std::fs::read(&path).with_context(|| format!("failed to read {path}"))?;
        let mode = std::fs::metadata(&path)
            .with_context(|| format!("failed to read {path}"))?
            .permissions()
            .mode();
        add(&mut hash, file.as_bytes());
        add(&mut hash, if mode & 0o100 == 0 { b"file" } else { b"program" });
        add(&mut hash, &content);
    }
    Ok(hash.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// With its length before it, so that no two sequences of parts are the same bytes.
fn add(hash: &mut Sha256, part: &[u8]) {
    hash.update(part.len().to_le_bytes());
    hash.update(part);
}

/// Returns the names of a folder's files, sorted. Folders of images are flat.
pub(super) fn files(folder: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let entries = folder.read_dir_utf8().with_context(|| format!("failed to list {folder}"))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("failed to list {folder}"))?;
        let kind = entry.file_type().with_context(|| format!("failed to read {}", entry.path()))?;
        anyhow::ensure!(
            kind.is_file(),
            "expected files only in {folder}, found {}",
            entry.file_name()
        );
        names.push(entry.file_name().to_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::super::table::IMAGES;
    use super::*;

    #[test]
    fn every_ingredient_counts() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(dir.path()).unwrap();
        std::fs::write(folder.join("Dockerfile"), "FROM a").unwrap();
        let hash = |image: &Image, parent, program| {
            recipe_hash(image, Some(folder), parent, program).unwrap()
        };
        let first = hash(&IMAGES[1], "p", "b");
        assert_eq!(first, hash(&IMAGES[1], "p", "b"));
        let mut others = vec![
            hash(&IMAGES[2], "p", "b"),
            hash(&IMAGES[1], "q", "b"),
            hash(&IMAGES[1], "p", "c"),
        ];
        std::fs::write(folder.join("Dockerfile"), "FROM b").unwrap();
        others.push(hash(&IMAGES[1], "p", "b"));
        std::fs::rename(folder.join("Dockerfile"), folder.join("Dockerfile2")).unwrap();
        others.push(hash(&IMAGES[1], "p", "b"));
        std::fs::set_permissions(
            folder.join("Dockerfile2"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        others.push(hash(&IMAGES[1], "p", "b"));
        others.push(first);
        let distinct: std::collections::BTreeSet<_> = others.iter().collect();
        assert_eq!(distinct.len(), others.len());
    }
}
