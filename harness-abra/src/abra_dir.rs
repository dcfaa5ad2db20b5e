//! The private `ABRA_DIR` of a run: its own recipe checkouts, the host's servers and catalogue. Main type:
//! [`AbraDir`].

use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::{Domain, RecipeName};
use harness_core::process::BaseEnv;
use harness_core::recipe::{CloneError, EnvFile, Repository};
use thiserror::Error;

/// An `ABRA_DIR` whose `servers` and `catalogue` lead to the host's own and whose `recipes` are fresh.
#[derive(Clone, Debug)]
pub struct AbraDir {
    root: Utf8PathBuf,
    home: Utf8PathBuf,
    server: String,
}

/// The folder could not be used.
#[derive(Debug, Error)]
pub enum AbraDirError {
    /// A file or folder could not be handled.
    #[error("failed to {what} {path}")]
    Io {
        /// What was attempted.
        what: &'static str,
        /// The file or folder.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The recipe could not be cloned.
    #[error("failed to make a fresh checkout of the recipe")]
    Clone(#[source] Box<CloneError>),
    /// There is no env file.
    #[error("there is no app {domain}: expected its env file {path}")]
    NoEnvFile {
        /// The app.
        domain: Domain,
        /// Where it should be.
        path: Utf8PathBuf,
    },
}

fn io(what: &'static str, path: &Utf8Path) -> impl FnOnce(io::Error) -> AbraDirError {
    let path = path.to_owned();
    move |source| AbraDirError::Io { what, path, source }
}

impl AbraDir {
    /// Names the folder and the host's own one beside it. Nothing is made yet.
    pub fn new(root: &Utf8Path, home: &Utf8Path, server: &str) -> Self {
        Self { root: root.to_owned(), home: home.to_owned(), server: server.to_owned() }
    }

    /// Returns the folder: what `ABRA_DIR` says.
    pub fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Returns where the recipe is checked out.
    pub fn checkout(&self, recipe: &RecipeName) -> Utf8PathBuf {
        self.root.join("recipes").join(recipe.as_str())
    }

    /// Returns where the host keeps the app's env file.
    pub fn env_file(&self, domain: &Domain) -> Utf8PathBuf {
        self.home.join("servers").join(&self.server).join(format!("{domain}.env"))
    }

    /// Makes the folder, with the host's servers and catalogue in it. It may be there already.
    ///
    /// # Errors
    /// A folder or link cannot be made.
    pub fn prepare(&self) -> Result<(), AbraDirError> {
        let server = self.home.join("servers").join(&self.server);
        for dir in [&server, &self.home.join("catalogue"), &self.root.join("recipes")] {
            std::fs::create_dir_all(dir).map_err(io("make", dir))?;
        }
        for name in ["servers", "catalogue"] {
            let link = self.root.join(name);
            match std::os::unix::fs::symlink(self.home.join(name), &link) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(io("link", &link)(error)),
            }
        }
        Ok(())
    }

    /// Returns the recipe's checkout, cloned with all tags if it is not there yet.
    ///
    /// # Errors
    /// The folder cannot be made, or git cannot clone.
    pub async fn checkout_of(
        &self,
        recipe: &RecipeName,
        origin: &Repository,
        base: &BaseEnv,
        limit: Duration,
    ) -> Result<Repository, AbraDirError> {
        self.prepare()?;
        let dir = self.checkout(recipe);
        if dir.join(".git").exists() {
            return Ok(Repository::at(&dir, base));
        }
        remove_dir(&dir)?;
        let cloned = Repository::clone_from(origin.dir().as_str(), &dir, base, limit).await;
        cloned.map_err(|error| AbraDirError::Clone(Box::new(error)))
    }

    /// Reads the app's env file.
    ///
    /// # Errors
    /// It is not there or cannot be read.
    pub fn read_env(&self, domain: &Domain) -> Result<EnvFile, AbraDirError> {
        let path = self.env_file(domain);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(EnvFile::parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(AbraDirError::NoEnvFile { domain: domain.clone(), path })
            }
            Err(error) => Err(io("read", &path)(error)),
        }
    }

    /// Writes the app's env file whole, then renames it into place.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write_env(&self, domain: &Domain, env: &EnvFile) -> Result<(), AbraDirError> {
        let path = self.env_file(domain);
        // Not `.env` at the end: abra would take it for an app.
        let partial = path.with_extension("env.part");
        std::fs::write(&partial, env.to_string()).map_err(io("write", &partial))?;
        std::fs::rename(&partial, &path).map_err(io("write", &path))
    }

    /// Removes the app's env file. None is fine.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn forget_env(&self, domain: &Domain) -> Result<(), AbraDirError> {
        for path in [self.env_file(domain), self.env_file(domain).with_extension("env.part")] {
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io("remove", &path)(error)),
            }
        }
        Ok(())
    }

    /// Removes the folder, and nothing of what its links lead to.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self) -> Result<(), AbraDirError> {
        remove_dir(&self.root)
    }
}

fn remove_dir(dir: &Utf8Path) -> Result<(), AbraDirError> {
    match std::fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io("remove", dir)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture() -> (tempfile::TempDir, AbraDir, Domain) {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(temp.path()).unwrap();
        let dir = AbraDir::new(&root.join("run/abra"), &root.join("home"), "default");
        (temp, dir, Domain::try_from("a.example.com".to_owned()).unwrap())
    }

    #[test]
    fn servers_are_shared_and_removing_the_folder_leaves_them() {
        let (_temp, dir, domain) = fixture();
        dir.prepare().unwrap();
        dir.prepare().unwrap();
        dir.write_env(&domain, &EnvFile::parse("TYPE=x\n")).unwrap();
        assert!(dir.root().join("servers/default/a.example.com.env").exists());
        dir.remove().unwrap();
        dir.remove().unwrap();
        assert!(!dir.root().exists());
        assert_eq!(dir.read_env(&domain).unwrap().get("TYPE").as_deref(), Some("x"));
    }

    #[test]
    fn an_app_is_forgotten_once_and_again() {
        let (_temp, dir, domain) = fixture();
        dir.prepare().unwrap();
        dir.write_env(&domain, &EnvFile::parse("TYPE=x\n")).unwrap();
        dir.forget_env(&domain).unwrap();
        dir.forget_env(&domain).unwrap();
        assert!(matches!(dir.read_env(&domain), Err(AbraDirError::NoEnvFile { .. })));
    }
}
