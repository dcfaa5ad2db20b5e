//! `$ABRA_DIR`: where servers, app settings and recipe checkouts are.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::RecipeName;
use thiserror::Error;

/// abra's own folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbraDir(Utf8PathBuf);

/// The folder cannot be read.
#[derive(Debug, Error)]
#[error("unable to read {path}")]
pub struct LayoutError {
    path: Utf8PathBuf,
    source: io::Error,
}

impl AbraDir {
    /// Names the folder; it need not exist.
    pub const fn new(path: Utf8PathBuf) -> Self {
        Self(path)
    }

    /// Returns `recipes/<recipe>`.
    pub fn recipe(&self, recipe: &RecipeName) -> Utf8PathBuf {
        self.recipes().join(recipe.as_str())
    }

    /// Returns `recipes`.
    pub fn recipes(&self) -> Utf8PathBuf {
        self.0.join("recipes")
    }

    /// Returns `servers/<server>`.
    pub fn server(&self, server: &str) -> Utf8PathBuf {
        self.0.join("servers").join(server)
    }

    /// Returns the catalogue's list of recipes.
    pub fn catalogue(&self) -> Utf8PathBuf {
        self.0.join("catalogue/recipes.json")
    }

    /// Returns the names of the configured servers, sorted. `servers` and the folders below may be links.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn servers(&self) -> Result<Vec<String>, LayoutError> {
        let is_dir = |path: &Utf8Path| path.is_dir();
        Ok(names(&self.0.join("servers"), is_dir)?
            .into_iter()
            .filter(|name| !name.starts_with('.'))
            .collect())
    }

    /// Returns the names of the apps of a server, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn apps(&self, server: &str) -> Result<Vec<String>, LayoutError> {
        let files = names(&self.server(server), Utf8Path::is_file)?;
        Ok(files
            .into_iter()
            .filter_map(|name| name.strip_suffix(".env").map(str::to_owned))
            .collect())
    }

    /// Returns the names of the checkouts, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn checkouts(&self) -> Result<Vec<String>, LayoutError> {
        names(&self.recipes(), Utf8Path::is_dir)
    }
}

fn names(dir: &Utf8Path, wanted: impl Fn(&Utf8Path) -> bool) -> Result<Vec<String>, LayoutError> {
    let unreadable = |source| LayoutError { path: dir.to_owned(), source };
    let entries = match dir.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(unreadable)?;
        if wanted(entry.path()) {
            found.push(entry.file_name().to_owned());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_count_as_servers_and_only_env_files_are_apps() {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(temp.path().to_owned()).unwrap();
        std::fs::create_dir_all(root.join("elsewhere")).unwrap();
        std::fs::create_dir_all(root.join("servers")).unwrap();
        std::os::unix::fs::symlink(root.join("elsewhere"), root.join("servers/default")).unwrap();
        std::fs::write(root.join("elsewhere/a.example.com.env"), "TYPE=x\n").unwrap();
        std::fs::write(root.join("elsewhere/notes.txt"), "").unwrap();
        let dir = AbraDir::new(root);
        assert_eq!(dir.servers().unwrap(), ["default"]);
        assert_eq!(dir.apps("default").unwrap(), ["a.example.com"]);
        assert_eq!(dir.apps("none").unwrap(), Vec::<String>::new());
    }
}
