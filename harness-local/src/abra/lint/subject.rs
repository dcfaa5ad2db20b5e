//! What the rules look at.

use harness_core::recipe::{Compose, ComposeError, Definition, EnvFile, Tag, exports};
use thiserror::Error;

/// Why a recipe cannot be linted, or why lint stops a deploy.
#[derive(Debug, Error)]
pub enum LintError {
    /// Its compose files cannot be read.
    #[error("unable to validate recipe")]
    Invalid(#[source] ComposeError),
    /// It has no compose file.
    #[error("unable to validate recipe: no compose*.yml in {dir}")]
    NoCompose {
        /// The work tree.
        dir: String,
    },
    /// Its work tree cannot be read.
    #[error("unable to read {dir}")]
    Unreadable {
        /// The work tree.
        dir: String,
        /// Why.
        source: std::io::Error,
    },
    /// An error rule failed before a deploy.
    #[error("lint error in {recipe} configs: \"{rule}\" failed lint checks ({reference})")]
    Failed {
        /// The recipe.
        recipe: String,
        /// What the rule asks for.
        rule: &'static str,
        /// Its number.
        reference: &'static str,
    },
}

/// A recipe as the rules see it: all its compose files together, whatever an app chooses of them.
#[derive(Clone, Debug, Default)]
pub struct LintSubject {
    /// All compose files laid over each other, variables filled in from the sample.
    pub compose: Compose,
    /// The configs as they are written, variables not filled in.
    pub raw_configs: Vec<Definition>,
    /// The sample of the settings, if there is one.
    pub sample: Option<EnvFile>,
    /// The names that `abra.sh` exports.
    pub exported: Vec<String>,
    /// The README, or empty.
    pub readme: String,
    /// The tags of the clone.
    pub tags: Vec<Tag>,
    /// Whether the catalogue lists a version; none when there is no catalogue.
    pub published: Option<bool>,
}

impl LintSubject {
    /// Reads a recipe from the texts of its work tree: every compose file (name and text), the sample, `abra.sh`.
    ///
    /// # Errors
    /// A compose file cannot be read.
    pub fn read(
        files: &[(String, String)],
        sample: Option<&str>,
        abra_sh: &str,
    ) -> Result<Self, LintError> {
        let sample = sample.map(EnvFile::parse);
        let exports = exports(abra_sh);
        let mut vars = sample.as_ref().map(EnvFile::vars).unwrap_or_default();
        vars.extend_from_slice(&exports);
        vars.push(("STACK_NAME".to_owned(), "stack".to_owned()));
        let compose = Compose::effective(files, &vars).map_err(LintError::Invalid)?;
        let mut raw_configs = Vec::new();
        for (file, text) in files {
            raw_configs.extend(Compose::parse(file, text).map_err(LintError::Invalid)?.configs);
        }
        let exported = exports.into_iter().map(|(name, _)| name).collect();
        Ok(Self { compose, raw_configs, sample, exported, ..Self::default() })
    }
}
