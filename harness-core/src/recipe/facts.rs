//! All that a recipe says of itself at one commit.

use thiserror::Error;

use super::abra_sh::exports;
use super::compose::{Compose, ComposeError};
use super::env_file::EnvFile;
use super::git::GitError;
use super::repository::{Repository, Tag};
use crate::name::{Commit, Version};

/// A recipe at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeAt {
    /// The commit.
    pub commit: Commit,
    /// The version: what the label `coop-cloud.<stack>.version` of service `app` says, else the tag at the commit.
    pub version: Option<Version>,
    /// The sample of the app's env file.
    pub env_sample: EnvFile,
    /// The app's env file: the one that it has, or the sample, with the extra variables.
    pub env: EnvFile,
    /// The compose files that the sample (with the extra variables) chooses, laid over each other.
    pub compose: Compose,
    /// The names of those compose files.
    pub compose_files: Vec<String>,
    /// What `abra.sh` exports.
    pub exports: Vec<(String, String)>,
    /// The paths of all files.
    pub files: Vec<String>,
}

/// How a commit will be placed for an app.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsPlaced<'a> {
    /// The app's env file of before; none for a new app, which takes the sample.
    pub live: Option<&'a EnvFile>,
    /// Variables that are set in it. They can choose other compose files.
    pub extra_env: &'a [(String, String)],
    /// Compose files that are laid over the chosen ones, by name and in order.
    pub laid: &'a [(&'static str, &'a str)],
}

/// A recipe could not be read at a commit.
#[derive(Debug, Error)]
pub enum ReadRecipeError {
    /// git could not read the clone.
    #[error(transparent)]
    Git(#[from] GitError),
    /// There is no `.env.sample`.
    #[error("commit {} has no `.env.sample`: expected one that names at least TYPE and DOMAIN", commit.short())]
    NoEnvSample {
        /// The commit.
        commit: Commit,
    },
    /// A compose file that `COMPOSE_FILE` names is not there.
    #[error("commit {} has no `{file}`, which COMPOSE_FILE names: add the file or leave it out", commit.short())]
    NoComposeFile {
        /// The commit.
        commit: Commit,
        /// The file.
        file: String,
    },
    /// A compose file cannot be read.
    #[error("the compose file of commit {} cannot be read", commit.short())]
    Compose {
        /// The commit.
        commit: Commit,
        /// What is wrong, with file and line.
        #[source]
        source: ComposeError,
    },
}

impl Repository {
    /// Reads the recipe at a commit. The extra variables are set in a copy of `.env.sample`: they can choose other
    /// compose files and fill in `DOMAIN` and `STACK_NAME`, which is made of the domain otherwise.
    /// Two git processes; a third when no label says the version.
    ///
    /// # Errors
    /// `.env.sample` or a compose file is missing or broken, or git could not read the clone.
    pub async fn read_recipe(
        &self,
        commit: &Commit,
        extra_env: &[(String, String)],
    ) -> Result<RecipeAt, ReadRecipeError> {
        self.read_recipe_as(commit, &AsPlaced { live: None, extra_env, laid: &[] }).await
    }

    /// Reads the recipe at a commit as it will be placed for an app.
    ///
    /// # Errors
    /// As for [`Repository::read_recipe`].
    pub async fn read_recipe_as(
        &self,
        commit: &Commit,
        placed: &AsPlaced<'_>,
    ) -> Result<RecipeAt, ReadRecipeError> {
        let files = self.files_at(commit).await?;
        let mut wanted = vec![".env.sample", "abra.sh"];
        wanted.extend(
            files
                .iter()
                .map(String::as_str)
                .filter(|path| path.ends_with(".yml") || path.ends_with(".yaml")),
        );
        let texts = self.texts_at(commit, &wanted).await?;
        let text_of =
            |path: &str| wanted.iter().position(|w| *w == path).and_then(|at| texts[at].as_deref());

        let sample = text_of(".env.sample")
            .ok_or_else(|| ReadRecipeError::NoEnvSample { commit: commit.clone() })?;
        let env_sample = EnvFile::parse(sample);
        let exports = exports(text_of("abra.sh").unwrap_or_default());
        let mut env = placed.live.unwrap_or(&env_sample).clone();
        placed.extra_env.iter().for_each(|(name, value)| env.set(name, value));
        let compose_files = env.compose_files();
        let mut chosen = Vec::new();
        for file in &compose_files {
            let text = text_of(file.trim_start_matches("./")).ok_or_else(|| {
                ReadRecipeError::NoComposeFile { commit: commit.clone(), file: file.clone() }
            })?;
            chosen.push((file.clone(), text.to_owned()));
        }
        let laid = placed.laid.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        chosen.extend(laid);
        let vars = variables(&env, &exports);
        let compose = Compose::effective(&chosen, &vars)
            .map_err(|source| ReadRecipeError::Compose { commit: commit.clone(), source })?;
        let version = match label_version(&compose) {
            Some(version) => Some(version),
            None => tag_version(&self.tags().await?, commit),
        };
        Ok(RecipeAt {
            commit: commit.clone(),
            version,
            env_sample,
            env,
            compose,
            compose_files,
            exports,
            files,
        })
    }
}

/// Returns what a compose file's variables are filled in from, later ones counting: a stack name made of the domain,
/// the env file, what `abra.sh` exports.
fn variables(env: &EnvFile, exports: &[(String, String)]) -> Vec<(String, String)> {
    let domain = env.get("DOMAIN").unwrap_or_else(|| "app.example.com".to_owned());
    let mut vars = vec![("STACK_NAME".to_owned(), domain.replace('.', "_"))];
    vars.extend(env.vars());
    vars.extend_from_slice(exports);
    vars
}

/// Returns the version that a `coop-cloud.….version` label says, the one of service `app` first.
fn label_version(compose: &Compose) -> Option<Version> {
    let app = compose.services.iter().filter(|s| s.name.as_str() == "app");
    let others = compose.services.iter().filter(|s| s.name.as_str() != "app");
    app.chain(others).flat_map(|s| &s.labels).find_map(|(name, value)| {
        let is_version = name.starts_with("coop-cloud.") && name.ends_with(".version");
        is_version.then(|| Version::try_from(value.clone()).ok()).flatten()
    })
}

fn tag_version(tags: &[Tag], commit: &Commit) -> Option<Version> {
    tags.iter().filter(|tag| tag.commit == *commit).filter_map(|tag| tag.version.clone()).max()
}

#[cfg(test)]
#[path = "facts_tests.rs"]
mod tests;
