//! What the command line asks for: libtest's arguments, and where recipes come from. Main type: [`Request`].

use std::collections::BTreeMap;

use harness_core::name::{InvalidRecipeName, RecipeName};
use libtest_mimic::Arguments;
use recipe_tests::{InvalidSuite, folder_names};
use runner::target::{InvalidTarget, SourceKind, parse_source};
use thiserror::Error;

/// The flag that names where a recipe comes from; libtest knows nothing of it.
const SOURCE: &str = "--source";

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Request {
    /// What libtest understands.
    pub(crate) args: Arguments,
    /// Where recipes come from that are not taken from the bundle.
    pub(crate) sources: BTreeMap<RecipeName, SourceKind>,
    /// Every recipe with a folder, with its checks as `tier::check`.
    pub(crate) recipes: Vec<(RecipeName, Vec<String>)>,
}

/// The command line cannot be understood, or a suite cannot be used.
#[derive(Debug, Error)]
pub(crate) enum InvalidRequest {
    /// No value.
    #[error(
        "`{SOURCE}` has no value: expected RECIPE=SOURCE, such as custom-html=/src/custom-html"
    )]
    NoValue,
    /// No recipe.
    #[error("`{SOURCE} {0}` names no recipe: expected RECIPE=SOURCE")]
    NoRecipe(String),
    /// There is no folder of that name.
    #[error("there is no folder recipes/{recipe}; there are {}", known.join(", "))]
    NoFolder {
        /// The name.
        recipe: String,
        /// The names that are there.
        known: Vec<&'static str>,
    },
    /// The source is none.
    #[error(transparent)]
    Source(#[from] InvalidTarget),
    /// A folder's name is none.
    #[error(transparent)]
    Name(#[from] InvalidRecipeName),
    /// A suite cannot be used.
    #[error(transparent)]
    Suite(#[from] InvalidSuite),
}

impl Request {
    /// Reads a command line, the program's own name first.
    pub(crate) fn parse(words: Vec<String>) -> Result<Self, InvalidRequest> {
        let (mut rest, mut sources) = (Vec::new(), BTreeMap::new());
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let value = if word == SOURCE {
                words.next().ok_or(InvalidRequest::NoValue)?
            } else if let Some(value) = word.strip_prefix("--source=") {
                value.to_owned()
            } else {
                rest.push(word);
                continue;
            };
            let (recipe, source) =
                value.split_once('=').ok_or_else(|| InvalidRequest::NoRecipe(value.clone()))?;
            sources.insert(with_folder(recipe)?, parse_source(source)?);
        }
        let mut recipes = Vec::new();
        for name in folder_names() {
            let recipe = RecipeName::try_from(name.to_owned())?;
            let checks = recipe_tests::describe(&recipe)?.checks;
            recipes.push((recipe, checks));
        }
        Ok(Self { args: Arguments::from_iter(rest), sources, recipes })
    }
}

fn with_folder(recipe: &str) -> Result<RecipeName, InvalidRequest> {
    if folder_names().any(|name| name == recipe) {
        return Ok(RecipeName::try_from(recipe.to_owned())?);
    }
    Err(InvalidRequest::NoFolder { recipe: recipe.to_owned(), known: folder_names().collect() })
}
