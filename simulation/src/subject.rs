//! What is simulated: a bundled recipe, read and planned once. Main types: [`Subject`], [`Library`].

use std::sync::Arc;
use std::time::Duration;

use camino::Utf8Path;
use harness_core::name::{InvalidRecipeName, RecipeName, RunId};
use harness_core::process::BaseEnv;
use harness_core::recipe::{GitError, ReadRecipeError, RecipeAt};
use harness_core::suite::{Coordinates, Laid};
use harness_core::tier::Tier;
use harness_local::bundle::{BROKEN, Ending, OnEngine};
use harness_local::embedded::{RecipeFiles, SUFFIX};
use harness_local::fault::Shape;
use recipe_tests::{InvalidSuite, Suite};
use runner::prepare::{PrepareError, Prepared, prepare};
use runner::settings::{Given, Settings, SettingsError};
use runner::target::{SourceKind, Target};
use thiserror::Error;

use crate::logins;

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

impl Expected {
    const fn is_pass(self) -> bool {
        matches!(self, Self::Pass { .. })
    }
}

/// The recipe's files, and those of what is deployed before it.
type Files = (RecipeFiles, Vec<(RecipeFiles, Laid)>);

/// How many events a run has, more or less: where kills are drawn.
const EVENTS: u64 = 130;

/// A recipe to simulate.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The bundled recipe.
    pub name: String,
    /// How a run without a fault must end.
    pub expected: Expected,
    /// Whether its labels name hooks of the backup.
    pub has_hooks: bool,
    /// Whether it has secrets.
    pub has_secrets: bool,
    /// How long its app may boot. Without a health check it has converged before it answers, and the limit is the one
    /// for an answer.
    pub boot_limit: Duration,
    /// What is known before a run.
    pub prepared: Prepared,
    /// The recipe's files at every commit that a run places.
    pub files: RecipeFiles,
    /// The files of what is deployed before it, each with what is laid over them.
    pub files_beside: Vec<(RecipeFiles, Laid)>,
    /// What is checked beyond its own suite.
    pub(crate) added: Option<fn() -> Suite>,
}

impl Subject {
    /// Reads and plans a bundled recipe that is right. Its repository is made and cloned in `dir`.
    ///
    /// # Errors
    /// It could not be read or planned.
    pub async fn read(name: &str, dir: &Utf8Path, base: &BaseEnv) -> Result<Self, LoadError> {
        load(name, name, Asked::usual(), Expected::Pass { level: 0 }, dir, base).await
    }

    /// Reads and plans a recipe that is right, from where it is. Its repository is cloned in `dir`.
    ///
    /// # Errors
    /// It could not be had, read or planned.
    pub async fn read_from(
        recipe: &RecipeName,
        source: SourceKind,
        dir: &Utf8Path,
        base: &BaseEnv,
    ) -> Result<Self, LoadError> {
        let name = recipe.as_str();
        let clone = dir.join("clones").join(name);
        let read = read(recipe.clone(), source, Asked::usual(), &clone, (dir, base)).await;
        let read = read.map_err(|why| LoadError { recipe: name.to_owned(), why })?;
        Ok(Self::of(name, Expected::Pass { level: 0 }, read))
    }

    fn of(
        name: &str,
        expected: Expected,
        (prepared, (files, files_beside), head): (Prepared, Files, RecipeAt),
    ) -> Self {
        let timeouts = &prepared.suite_settings.timeouts;
        let is_checked = head.compose.services.iter().all(|s| s.has_healthcheck);
        Self {
            name: name.to_owned(),
            boot_limit: if is_checked { timeouts.deploy.0 } else { timeouts.http.0 },
            expected,
            has_hooks: !head.compose.backup().hooks.is_empty(),
            has_secrets: !head.env_sample.secrets().is_empty(),
            prepared,
            files,
            files_beside,
            added: None,
        }
    }

    /// Returns whether the commit under test is exactly a release.
    pub fn is_release(&self) -> bool {
        let head = &self.prepared.plan.head.commit;
        let tags = &self.prepared.source.tags;
        tags.iter().any(|t| t.annotated && t.version.is_some() && t.commit == *head)
    }

    /// Returns what its runs are like, so that only faults that can happen in them are drawn.
    pub fn shape(&self) -> Shape {
        let plan = &self.prepared.plan;
        let runs = |tier| plan.runs(tier);
        let compose = &self.prepared.states;
        Shape {
            recipe_faults: self.expected.is_pass(),
            process_faults: true,
            upgrade: runs(Tier::Upgrade),
            backup: runs(Tier::Backup),
            restore: runs(Tier::Restore),
            disaster: runs(Tier::Disaster),
            volumes: compose.head.iter().any(|s| !s.volumes.is_empty()),
            hooks: self.has_hooks,
            secrets: self.has_secrets,
            suite: self.prepared.suite.has_folder,
            beside: !plan.deps.is_empty(),
            provider: self.prepared.deps.iter().any(|dep| !dep.suite.provides.is_empty()),
            events: EVENTS,
            boot_limit: self.boot_limit,
            ok: self.prepared.suite_settings.health.ok.clone(),
        }
    }
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
#[error("the recipe `{recipe}` cannot be simulated")]
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
    /// Its compose files cannot be read.
    #[error(transparent)]
    Read(#[from] ReadRecipeError),
    /// Its files cannot be read.
    #[error(transparent)]
    Files(#[from] GitError),
}

/// Recipes whose ready probes are played, with the settings that ask for them: one with a route, and one without.
const PROBED: [(&str, &str); 2] = [
    (
        "published-port",
        "[[ready]]\ntcp = \"{domain}:24680\"\n[[ready]]\nhttp = \"https://{domain}/\"\n",
    ),
    ("unrouted", "[[ready]]\ntcp = \"{domain}:24681\"\nstable = 2\n"),
];

/// Recipes that are played to the disaster too, with the level that they reach, and what their names end with then.
const DESTROYED: [(&str, u8); 2] = [("custom-html", 5), ("postgres-page", 3)];
const AFTER_LOSS: &str = "+disaster";

/// A recipe that is played with another one that it needs, by settings that say so and nothing else.
const NEEDY: (&str, &str) =
    ("custom-html", "deps = [\"custom-html-tiny\"]\n[health]\nok = [200]\n");
const WITH_ANOTHER: &str = "+needs";

/// A recipe that is played with an identity provider by which people log in, and with no more of it than that.
const LOGGED_IN: (&str, &str) = ("custom-html", "deps = [\"keycloak\"]\n[health]\nok = [200]\n");
const WITH_LOGINS: &str = "+keycloak";

impl Library {
    /// Reads and plans every bundled recipe that can be simulated. Repositories are made and cloned in `dir`.
    ///
    /// # Errors
    /// One of them could not be read or planned.
    pub async fn load(dir: &Utf8Path, base: &BaseEnv) -> Result<Self, LoadError> {
        let mut sound = Vec::new();
        for (name, level) in [("custom-html", 5), ("custom-html-tiny", 5), ("ghost", 5)] {
            let expected = Expected::Pass { level };
            sound.push(Arc::new(load(name, name, Asked::usual(), expected, dir, base).await?));
        }
        for (name, settings) in PROBED {
            let expected = Expected::Pass { level: 3 };
            let asked = Asked { recipe_toml: Some(settings), ..Asked::usual() };
            sound.push(Arc::new(load(name, name, asked, expected, dir, base).await?));
        }
        for name in ["postgres-page", "first-labels"] {
            let expected = Expected::Pass { level: 3 };
            sound.push(Arc::new(load(name, name, Asked::usual(), expected, dir, base).await?));
        }
        for (name, level) in DESTROYED {
            let expected = Expected::Pass { level };
            let mut subject = load(name, name, Asked::all(), expected, dir, base).await?;
            subject.name.push_str(AFTER_LOSS);
            sound.push(Arc::new(subject));
        }
        let (name, settings) = NEEDY;
        let asked = Asked { recipe_toml: Some(settings), ..Asked::usual() };
        let expected = Expected::Pass { level: 5 };
        let mut subject = load(name, name, asked, expected, dir, base).await?;
        subject.name.push_str(WITH_ANOTHER);
        sound.push(Arc::new(subject));
        let (name, settings) = LOGGED_IN;
        let asked = Asked { recipe_toml: Some(settings), logins: true, ..Asked::usual() };
        let mut subject = load(name, name, asked, expected, dir, base).await?;
        subject.name.push_str(WITH_LOGINS);
        subject.added = Some(logins::suite);
        sound.push(Arc::new(subject));
        let mut broken = Vec::new();
        // Those of real apps are of the kind of others, and their suites take long to play at every event.
        for row in BROKEN.iter().filter(|row| row.engine != OnEngine::WithRealApps) {
            let expected = match row.ending {
                Ending::Fails { tier, check } => Expected::Fail { tier, check },
                Ending::NotVerified => Expected::NotVerified,
                Ending::Refused => continue,
            };
            let asked = if row.stages().is_some() { Asked::all() } else { Asked::usual() };
            let subject = load(row.recipe, row.run_as, asked, expected, dir, base).await?;
            broken.push(Arc::new(subject));
        }
        Ok(Self { sound, broken })
    }

    /// Returns the names of all recipes.
    pub fn names(&self) -> Vec<&str> {
        self.sound.iter().chain(&self.broken).map(|s| s.name.as_str()).collect()
    }

    /// Returns the recipe of a name.
    pub fn find(&self, name: &str) -> Option<Arc<Subject>> {
        self.sound.iter().chain(&self.broken).find(|s| s.name == name).cloned()
    }
}

/// What is asked of a recipe.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// The suite's settings, instead of its own.
    recipe_toml: Option<&'static str>,
    stages: &'static [Tier],
    /// Whether people log in by an identity provider.
    logins: bool,
}

impl Asked {
    const fn usual() -> Self {
        Self { recipe_toml: None, stages: &Tier::USUAL, logins: false }
    }

    const fn all() -> Self {
        Self { recipe_toml: None, stages: &Tier::ALL, logins: false }
    }
}

async fn load(
    name: &str,
    run_as: &str,
    asked: Asked,
    expected: Expected,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Subject, LoadError> {
    let read = async {
        let source = SourceKind::Bundled(Some(RecipeName::try_from(name.to_owned())?));
        let recipe = RecipeName::try_from(run_as.to_owned())?;
        let clones = dir.join("clones");
        read(
            recipe,
            source,
            asked,
            &clones.join(format!("{name}-{}{}", asked.stages.len(), with(asked))),
            (dir, base),
        )
        .await
    };
    let read = read.await.map_err(|why| LoadError { recipe: name.to_owned(), why })?;
    Ok(Subject::of(name, expected, read))
}

/// Returns what tells clones apart that are made for the same recipe.
const fn with(asked: Asked) -> &'static str {
    match asked.recipe_toml {
        Some(_) if asked.logins => "-logins",
        Some(_) => "-with",
        None => "",
    }
}

async fn read(
    recipe: RecipeName,
    source: SourceKind,
    asked: Asked,
    clone: &Utf8Path,
    (dir, base): (&Utf8Path, &BaseEnv),
) -> Result<(Prepared, Files, RecipeAt), WhyNot> {
    let mut suite = recipe_tests::describe(&recipe)?;
    if let Some(text) = asked.recipe_toml {
        suite.settings = Some(text.to_owned());
    }
    if asked.logins {
        let provider = RecipeName::try_from(logins::PROVIDER.to_owned())?;
        logins::describe(&mut suite, &provider);
    }
    let target = Target {
        recipe,
        source: Some(source),
        src: None,
        pr: None,
        reference: None,
        version: None,
        stages: asked.stages.to_vec(),
    };
    let given = Given {
        state_dir: Some(dir.join("state")),
        suffix: Some(SUFFIX.to_owned()),
        out: Some(dir.join("runs")),
        ..Given::default()
    };
    let settings = Settings::resolve(given, base, None)?;
    let run = RunId::try_from("simulated".to_owned()).expect("lower-case letters are a run id");
    let suites = recipe_tests::suites_with(&target.recipe, suite);
    let prepared = prepare(&target, &settings, &run, clone, &suites, base).await?;
    let repository = &prepared.source.repository;
    let files = (prepared.files().await?, prepared.files_beside().await?);
    let env = prepared.suite_settings.env.fill(&Coordinates::of(&prepared.plan.app.domain));
    let head = repository.read_recipe(&prepared.source.head, &env).await?;
    Ok((prepared, files, head))
}
