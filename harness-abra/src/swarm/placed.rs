//! The revision that is placed: its checkout with our overlays, and the app's env file. Main item: [`read_placed`].

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::{Commit, StackName};
use harness_core::recipe::{Compose, ComposeError, EnvFile, exports};
use thiserror::Error;

use crate::overlay::Overlays;

/// What is placed for an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) commit: Commit,
    pub(super) overlays: Overlays,
}

/// The placed revision cannot be read.
#[derive(Debug, Error)]
pub(super) enum ReadPlacedError {
    /// A compose file that `COMPOSE_FILE` names is not there.
    #[error(
        "there is no `{file}` in the recipe, which COMPOSE_FILE of the app names: add the file or leave it out"
    )]
    NoComposeFile {
        /// The file.
        file: String,
    },
    /// A file cannot be read.
    #[error("failed to read {path}")]
    Io {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A compose file is broken.
    #[error("a compose file cannot be read")]
    Compose(#[from] ComposeError),
}

/// Reads the compose files that the env file chooses, laid over each other and filled in as abra fills them in.
pub(super) fn read_placed(
    checkout: &Utf8Path,
    env: &EnvFile,
    stack: &StackName,
) -> Result<Compose, ReadPlacedError> {
    let mut files = Vec::new();
    for file in env.compose_files() {
        let Some(text) = read(&checkout.join(&file))? else {
            return Err(ReadPlacedError::NoComposeFile { file });
        };
        files.push((file, text));
    }
    let abra_sh = read(&checkout.join("abra.sh"))?.unwrap_or_default();
    let mut vars = vec![("STACK_NAME".to_owned(), stack.to_string())];
    vars.extend(env.vars());
    vars.extend(exports(&abra_sh));
    Ok(Compose::effective(&files, &vars)?)
}

fn read(path: &Utf8Path) -> Result<Option<String>, ReadPlacedError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadPlacedError::Io { path: path.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in_from_the_env_file_and_abra_sh() {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let compose = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:${TAG}\nconfigs:\n  c:\n    name: ${STACK_NAME}_c_${C_VERSION}\n    file: c\n";
        std::fs::write(dir.join("compose.yml"), compose).unwrap();
        std::fs::write(dir.join("abra.sh"), "export C_VERSION=v2\n").unwrap();
        let stack = StackName::try_from("a_b".to_owned()).unwrap();
        let read = read_placed(dir, &EnvFile::parse("TAG=1.22.1\n"), &stack).unwrap();
        assert_eq!(read.services[0].image.as_deref(), Some("nginx:1.22.1"));
        assert_eq!(read.configs[0].name.as_deref(), Some("a_b_c_v2"));
        let env = EnvFile::parse("COMPOSE_FILE=compose.yml:compose.pg.yml\n");
        let error = read_placed(dir, &env, &stack).unwrap_err();
        assert!(error.to_string().contains("compose.pg.yml"), "{error}");
    }
}
