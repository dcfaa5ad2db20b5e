//! What is simulated: a bundled recipe, read and planned once. Main types: [`Subject`], [`Library`].

use std::sync::Arc;

use camino::Utf8Path;
use harness_core::name::{InvalidRecipeName, RecipeName, RunId};
use harness_core::process::BaseEnv;
use harness_core::recipe::GitError;
use harness_core::tier::Tier;
use harness_local::bundle::{BROKEN, Ending};
use harness_local::embedded::{RecipeFiles, SUFFIX};
use recipe_tests::InvalidSuite;
use runner::prepare::{PrepareError, Prepared, prepare_with_suite};
use runner::settings::{Given, Settings, SettingsError};
use runner::target::{SourceKind, Target};
use thiserror::Error;

/// How a run without a fault must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// With verdict pass, and at least this level.
    Pass {
        /// The level.
        level: u8,
    },
    /// With verdict fail, this check of this tier among those that failed.
    Fail {
        /// The tier.
        tier: Tier,
        /// The check, or the step of the tier's op.
        check: &'static str,
    },
    /// With verdict not-verified.
    NotVerified,
}

/// A recipe to simulate.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The bundled recipe.
    pub name: String,
    /// How a run without a fault must end.
    pub expected: Expected,
    /// What is known before a run.
    pub prepared: Prepared,
    /// The recipe's files at every commit that a run places.
    pub files: RecipeFiles,
}

/// Every recipe to simulate, by weight in a campaign.
#[derive(Clone, Debug)]
pub struct Library {
    /// The recipes that are right.
    pub sound: Vec<Arc<Subject>>,
    /// The recipes that are broken on purpose.
    pub broken: Vec<Arc<Subject>>,
}

/// A recipe could not be read or planned.
#[derive(Debug, Error)]
#[error("the bundled recipe `{recipe}` cannot be simulated")]
pub struct LoadError {
    /// The recipe.
    pub recipe: String,
    /// Why.
    #[source]
    pub why: WhyNot,
}

/// Why a recipe could not be read or planned.
#[derive(Debug, Error)]
pub enum WhyNot {
    /// Its name is none.
    #[error(transparent)]
    Name(#[from] InvalidRecipeName),
    /// Its suite cannot be used.
    #[error(transparent)]
    Suite(#[from] InvalidSuite),
    /// The settings of this machine cannot be read.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// It cannot be read or planned.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// Its files cannot be read.
    #[error(transparent)]
    Files(#[from] GitError),
}

impl Library {
    /// Reads and plans every bundled recipe that can be simulated. Repositories are made and cloned in `dir`.
    ///
    /// # Errors
    /// One of them could not be read or planned.
    pub async fn load(dir: &Utf8Path, base: &BaseEnv) -> Result<Self, LoadError> {
        let mut sound = Vec::new();
        for (name, level) in [("custom-html", 5), ("ghost", 3)] {
            let expected = Expected::Pass { level };
            sound.push(Arc::new(load(name, name, expected, dir, base).await?));
        }
        let mut broken = Vec::new();
        for row in BROKEN {
            let expected = match row.ending {
                Ending::Fails { tier, check } => Expected::Fail { tier, check },
                Ending::NotVerified => Expected::NotVerified,
                Ending::Refused => continue,
            };
            let subject = load(row.recipe, row.run_as, expected, dir, base).await?;
            broken.push(Arc::new(subject));
        }
        Ok(Self { sound, broken })
    }

    /// Returns the recipe of a name.
    pub fn find(&self, name: &str) -> Option<Arc<Subject>> {
        self.sound.iter().chain(&self.broken).find(|s| s.name == name).cloned()
    }
}

async fn load(
    name: &str,
    run_as: &str,
    expected: Expected,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Subject, LoadError> {
    let read = read(name, run_as, dir, base).await;
    let (prepared, files) = read.map_err(|why| LoadError { recipe: name.to_owned(), why })?;
    Ok(Subject { name: name.to_owned(), expected, prepared, files })
}

async fn read(
    name: &str,
    run_as: &str,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<(Prepared, RecipeFiles), WhyNot> {
    let recipe = RecipeName::try_from(run_as.to_owned())?;
    let suite = recipe_tests::describe(&recipe)?;
    let target = Target {
        recipe,
        source: Some(SourceKind::Bundled(Some(RecipeName::try_from(name.to_owned())?))),
        src: None,
        pr: None,
        reference: None,
        version: None,
        stages: Tier::ALL.to_vec(),
    };
    let given = Given {
        state_dir: Some(dir.join("state")),
        suffix: Some(SUFFIX.to_owned()),
        out: Some(dir.join("runs")),
        ..Given::default()
    };
    let settings = Settings::resolve(given, base, None)?;
    let run = RunId::try_from("simulated".to_owned()).expect("lower-case letters are a run id");
    let clone = dir.join("clones").join(name);
    let prepared = prepare_with_suite(&target, &settings, &run, &clone, suite, base).await?;
    let revisions = prepared.plan.base.iter().chain([&prepared.plan.head]);
    let commits: Vec<_> = revisions.map(|r| r.commit.clone()).collect();
    let files = RecipeFiles::read(&prepared.source.repository, &commits).await?;
    Ok((prepared, files))
}
