//! A recipe's files at a commit, as a checkout would have them. Main type: [`Checkout`].

use harness_core::name::{Commit, StackName};
use harness_core::recipe::{Compose, ComposeError, EnvFile, exports};
use harness_core::suite::Laid;
use thiserror::Error;

use super::files::{Files, Known, RecipeFiles};

/// A recipe's files at a commit, with what the suite lays over them.
#[derive(Clone, Debug)]
pub(super) struct Checkout {
    pub(super) commit: Commit,
    files: Files,
    /// What the suite lays over them, by name and in order.
    laid: Vec<(String, String)>,
    known: Known,
}

/// A checkout cannot be read as abra reads it.
#[derive(Debug, Error)]
pub(super) enum ReadError {
    #[error(
        "there is no `{0}` in the recipe, which COMPOSE_FILE of the app names: add the file or leave it out"
    )]
    NoComposeFile(String),
    #[error("a compose file cannot be read")]
    Compose(#[from] ComposeError),
}

impl Checkout {
    /// Returns the files at a commit; none when it was not read.
    pub(super) fn at(files: &RecipeFiles, commit: &Commit, laid: &Laid) -> Option<Self> {
        let laid = laid.at(commit).into_iter();
        let laid = laid.map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        let known = files.known().clone();
        Some(Self { commit: commit.clone(), files: files.at(commit)?, laid, known })
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path.trim_start_matches("./")).map(String::as_str)
    }

    /// Returns whether something lies over the commit's own files.
    pub(super) const fn is_dirty(&self) -> bool {
        !self.laid.is_empty()
    }

    /// Returns every compose file of the commit, `compose.yml` first.
    pub(super) fn compose_files(&self) -> Vec<(String, String)> {
        let is_compose = |path: &str| {
            path.starts_with("compose")
                && (path.ends_with(".yml") || path.ends_with(".yaml"))
                && !path.contains('/')
        };
        let own = self.files.iter().filter(|(path, _)| is_compose(path));
        let mut files: Vec<(String, String)> =
            own.map(|(path, text)| (path.clone(), text.clone())).collect();
        files.sort_by_key(|(path, _)| (path != "compose.yml", path.clone()));
        files
    }

    /// Reads the compose files that an app's settings choose, laid over each other and filled in.
    pub(super) fn compose(&self, env: &EnvFile, stack: &StackName) -> Result<Compose, ReadError> {
        let mut files = Vec::new();
        for file in env.compose_files() {
            let Some(text) = self.text(&file) else { return Err(ReadError::NoComposeFile(file)) };
            files.push((file.clone(), text.to_owned()));
        }
        files.extend(self.laid.iter().cloned());
        let mut vars = env.vars();
        vars.extend(exports(self.text("abra.sh").unwrap_or_default()));
        vars.push(("STACK_NAME".to_owned(), stack.to_string()));
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let key = format!("{} {names:?} {:?} {vars:?}", self.commit, self.laid);
        self.known.parsed(key, || Ok(Compose::effective(&files, &vars)?))
    }
}
