//! `repo.toml`: the history of a bundled recipe.

use harness_core::name::RecipeName;
use serde::Deserialize;
use thiserror::Error;

/// A bundled recipe's history.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Manifest {
    /// The other bundled recipe that the history begins with.
    pub(super) from: Option<From>,
    /// The commits, in order.
    pub(super) commit: Vec<CommitEntry>,
}

/// Where a history begins.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct From {
    /// The other recipe.
    pub(super) recipe: RecipeName,
    /// The last commit that is taken.
    pub(super) tag: String,
    /// Whether the commits up to there are taken too, or only the files as they are there.
    #[serde(default = "yes")]
    pub(super) history: bool,
    /// Whether `.env.sample` goes on to say the other recipe's name: the repository is then a changed version of that
    /// recipe rather than a recipe of its own.
    #[serde(default)]
    pub(super) keep_name: bool,
}

/// A commit.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct CommitEntry {
    /// Its message.
    pub(super) message: String,
    /// The folder whose files are laid over the files before it.
    pub(super) folder: Option<String>,
    /// Files that it takes away.
    #[serde(default)]
    pub(super) delete: Vec<String>,
    /// Places in its files that it changes.
    #[serde(default)]
    pub(super) edit: Vec<Edit>,
    /// Annotated tags on it: releases.
    #[serde(default)]
    pub(super) releases: Vec<String>,
    /// Lightweight tags on it.
    #[serde(default)]
    pub(super) lightweight: Vec<String>,
    /// The branch that it goes to. A new branch begins where `main` is.
    #[serde(default = "main_branch")]
    pub(super) branch: String,
}

/// A change of one place in a file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Edit {
    /// The file.
    pub(super) file: String,
    /// The text that stands there exactly once.
    pub(super) old: String,
    /// The text that takes its place.
    pub(super) new: String,
}

fn yes() -> bool {
    true
}

/// The branch that commits go to when they name none.
pub(super) const MAIN: &str = "main";

fn main_branch() -> String {
    MAIN.to_owned()
}

/// A `repo.toml` that cannot be read.
#[derive(Debug, Error)]
#[error("the bundled recipe `{recipe}` has no readable repo.toml")]
pub struct InvalidManifest {
    /// The recipe.
    pub recipe: RecipeName,
    /// What is wrong with it.
    #[source]
    pub source: toml::de::Error,
}

impl Manifest {
    /// Reads a `repo.toml`.
    pub(super) fn parse(recipe: &RecipeName, text: &str) -> Result<Self, InvalidManifest> {
        toml::from_str(text).map_err(|source| InvalidManifest { recipe: recipe.clone(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Manifest, InvalidManifest> {
        Manifest::parse(&RecipeName::try_from("x".to_owned()).unwrap(), text)
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let manifest =
            parse("[from]\nrecipe = \"y\"\ntag = \"1\"\n[[commit]]\nmessage = \"m\"\n").unwrap();
        let from = manifest.from.unwrap();
        assert!(from.history && !from.keep_name);
        assert_eq!(manifest.commit[0].branch, MAIN);
        assert!(manifest.commit[0].folder.is_none() && manifest.commit[0].releases.is_empty());
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place() {
        use std::error::Error as _;

        let error = parse("[[commit]]\nmesage = \"m\"\n").unwrap_err();
        assert!(error.source().unwrap().to_string().contains("line 2, column 1"), "{error:?}");
    }
}
