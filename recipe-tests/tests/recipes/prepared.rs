//! A recipe as a run needs it: read and planned, with its files. Main items: [`Subject`], [`read`].

use camino::Utf8Path;
use harness_core::name::{RecipeName, RunId};
use harness_core::process::BaseEnv;
use harness_core::recipe::GitError;
use harness_core::run_file::SuiteDescription;
use harness_core::suite::Laid;
use harness_core::tier::Tier;
use harness_local::embedded::{RecipeFiles, SUFFIX};
use recipe_tests::InvalidSuite;
use runner::prepare::{PrepareError, Prepared, prepare};
use runner::settings::{Given, Settings, SettingsError};
use runner::target::{SourceKind, Target};
use thiserror::Error;

/// A recipe as a run needs it.
pub(crate) struct Subject {
    /// What is known before anything is made.
    pub(crate) prepared: Prepared,
    /// The recipe's files at every commit that the run places.
    pub(crate) files: RecipeFiles,
    /// The files of what is deployed before it, each with what is laid over them.
    pub(crate) beside: Vec<(RecipeFiles, Laid)>,
}

/// A recipe cannot be read or planned.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    /// Its suite cannot be used.
    #[error(transparent)]
    Suite(#[from] InvalidSuite),
    /// The settings of this machine cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It cannot be had or planned.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Its files cannot be read.
    #[error("the recipe's files could not be read for the simulated server")]
    Files(#[from] GitError),
}

/// Where bundled recipes are laid out: once, however often they are read.
const STATE: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/state");

/// Reads and plans a recipe. Its repository is cloned into `dir`.
pub(crate) async fn read(
    recipe: &RecipeName,
    source: Option<SourceKind>,
    stages: &[Tier],
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Subject, ReadError> {
    let suite = recipe_tests::describe(recipe)?;
    read_with(suite, recipe, source, stages, (dir, base)).await
}

/// Does what [`read`] does, with what is said of the suite.
pub(crate) async fn read_with(
    suite: SuiteDescription,
    recipe: &RecipeName,
    source: Option<SourceKind>,
    stages: &[Tier],
    (dir, base): (&Utf8Path, &BaseEnv),
) -> Result<Subject, ReadError> {
    let (recipe, stages) = (recipe.clone(), stages.to_vec());
    let target =
        Target { recipe, source, src: None, pr: None, reference: None, version: None, stages };
    let given = Given {
        state_dir: Some(STATE.into()),
        suffix: Some(SUFFIX.to_owned()),
        out: Some(dir.join("runs")),
        ..Given::default()
    };
    let settings = Settings::resolve(given, base, None)?;
    let run = RunId::try_from("cargo-test".to_owned()).expect("letters and a hyphen are a run id");
    let clone = dir.join("source");
    let suites = recipe_tests::suites_with(&target.recipe, suite);
    let prepared = prepare(&target, &settings, &run, &clone, &suites, base).await?;
    let (files, beside) = (prepared.files().await?, prepared.files_beside().await?);
    Ok(Subject { prepared, files, beside })
}
