//! All that a run, a plan and a lint need to know before anything is made: the recipe at head and base, the suite,
//! the plan. Main type: [`Prepared`].

use camino::Utf8Path;
use harness_backup::{UnknownStore, stores};
use harness_core::lifecycle::{Limits, Needed, RecipeStates};
use harness_core::name::{
    Domain, InvalidDomain, InvalidSwarmName, RecipeName, RunId, StackName, swarm_name,
};
use harness_core::plan::{Brings, Input, Plan, PlannedDependency, decide};
use harness_core::platform::{App, Revision};
use harness_core::process::BaseEnv;
use harness_core::recipe::{AsPlaced, GitError, ReadRecipeError, RecipeAt, Repository};
use harness_core::repo_tests::{ReadRepoTestsError, RepoTests};
use harness_core::run_file::SuiteDescription;
use harness_core::suite::{
    Coordinates, InvalidLayer, InvalidPrevious, InvalidSettings, Laid, OVERLAY, Previous,
    Settings as SuiteSettings, check_overlay,
};
use harness_core::tier::Tier;
use harness_local::bundle;
use harness_local::embedded::RecipeFiles;
use thiserror::Error;

use crate::dependencies::{DependencyError, as_dependency, find};
use crate::settings::Settings;
use crate::source::{Source, SourceError, open};
use crate::target::{SourceKind, Target};
use crate::trials::{DescribeError, Suites};
use crate::warm;

/// What is known before anything is made.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The recipe's repository.
    pub source: Source,
    /// What the suite has.
    pub suite: SuiteDescription,
    /// The suite's settings.
    pub suite_settings: SuiteSettings,
    /// What will be done.
    pub plan: Plan,
    /// What the recipe's files say.
    pub states: RecipeStates,
    /// What the suite lays over them.
    pub laid: Laid,
    /// What is deployed before it, in the plan's order.
    pub deps: Vec<Self>,
    /// Its plan as one that is kept warm and attached to, where there is one.
    pub warm: Option<Plan>,
}

impl Prepared {
    /// Reads the recipe's files at every commit that a run places.
    ///
    /// # Errors
    /// Git cannot read them.
    pub async fn files(&self) -> Result<RecipeFiles, GitError> {
        let revisions = self.plan.base.iter().chain([&self.plan.head]);
        let commits: Vec<_> = revisions.map(|r| r.commit.clone()).collect();
        RecipeFiles::read(&self.source.repository, &commits).await
    }

    /// Reads the files of what is deployed before it, each with what is laid over them.
    ///
    /// # Errors
    /// Git cannot read them.
    pub async fn files_beside(&self) -> Result<Vec<(RecipeFiles, Laid)>, GitError> {
        let mut files = Vec::new();
        for dep in &self.deps {
            files.push((dep.files().await?, dep.laid.clone()));
        }
        Ok(files)
    }

    /// Returns its app, and the one of its recipe that is kept warm, where there is one.
    pub(crate) fn apps(&self) -> impl Iterator<Item = &App> {
        [&self.plan.app].into_iter().chain(self.warm.as_ref().map(|plan| &plan.app))
    }

    /// Returns the recipes that are deployed before it.
    pub fn beside(&self) -> Vec<RecipeName> {
        self.deps.iter().map(|dep| dep.plan.recipe.clone()).collect()
    }

    /// Returns what is deployed before it, with limits that its settings lead to.
    pub fn all_needed(&self, limits: impl Fn(&SuiteSettings) -> Limits) -> Vec<Needed<'_>> {
        self.deps.iter().map(|dep| dep.needed(limits(&dep.suite_settings))).collect()
    }

    /// Returns it as what another recipe needs.
    fn needed(&self, limits: Limits) -> Needed<'_> {
        Needed {
            plan: &self.plan,
            warm: self.warm.as_ref(),
            settings: &self.suite_settings,
            recipe: &self.states,
            limits,
            provides: !self.suite.provides.is_empty(),
        }
    }
}

/// Something is wrong with what was asked for, before anything was made.
#[derive(Debug, Error)]
pub enum PrepareError {
    /// The recipe could not be had.
    #[error(transparent)]
    Source(Box<SourceError>),
    /// The trials program could not be asked.
    #[error(transparent)]
    Describe(#[from] DescribeError),
    /// The suite's settings cannot be used.
    #[error(transparent)]
    Suite(#[from] InvalidSettings),
    /// The recipe's files cannot be read.
    #[error(transparent)]
    Read(Box<ReadRecipeError>),
    /// The recipe's own tests cannot be read.
    #[error(transparent)]
    RepoTests(Box<ReadRepoTestsError>),
    /// `[upgrade] base` names a release that does not exist.
    #[error(
        "`[upgrade] base` in the suite of `{recipe}` names {base}, and the recipe has no such release"
    )]
    NoSuchBase {
        /// The recipe.
        recipe: String,
        /// The release.
        base: String,
    },
    /// What the recipe needs cannot be had.
    #[error(transparent)]
    Dependency(#[from] DependencyError),
    /// The suite's settings name stores that the recipe does not have.
    #[error("recipes/{recipe}/recipe.toml does not fit the recipe")]
    Stores {
        /// The recipe.
        recipe: String,
        /// What it does not have.
        source: UnknownStore,
    },
    /// One of the recipe cannot be kept warm.
    #[error("`{recipe}` cannot be kept warm: {why}")]
    NotWarm {
        /// The recipe.
        recipe: String,
        /// Why, and what to do.
        why: &'static str,
    },
    /// The repair of a base cannot be used.
    #[error(transparent)]
    Previous(#[from] InvalidPrevious),
    /// A compose file of the suite cannot be laid over the recipe.
    #[error(transparent)]
    Layer(#[from] InvalidLayer),
    /// No server is known to make apps on.
    #[error(
        "there is no domain to make apps below: run `cargo xtask up` for a local test server, or give --suffix"
    )]
    NoSuffix,
    /// The suffix is no host name.
    #[error(transparent)]
    Suffix(#[from] InvalidDomain),
    /// The suffix makes names too long that would fit below a shorter one.
    #[error("the suffix `{suffix}` is too long for this recipe: give a shorter --suffix")]
    SuffixTooLong {
        /// The suffix.
        suffix: String,
        /// The name that would be too long.
        source: InvalidSwarmName,
    },
}

/// Asks for the suite, looks everything up and decides the plan. Nothing is made but a clone in `dir`, and one for each
/// dependency beside it.
///
/// # Errors
/// Something is wrong with what was asked for: one error that says what.
pub async fn prepare<S: Suites>(
    target: &Target,
    settings: &Settings,
    run: &RunId,
    dir: &Utf8Path,
    suites: &S,
    base: &BaseEnv,
) -> Result<Prepared, PrepareError> {
    let suite = async { suites.describe(&target.recipe).await.map_err(PrepareError::from) };
    let source = opened(target, settings, dir, base);
    let (suite, source) = tokio::try_join!(suite, source)?;
    let suite_settings = match &suite.settings {
        Some(text) => SuiteSettings::parse(&target.recipe, text)?,
        None => SuiteSettings::default(),
    };
    let found = find(&target.recipe, &suite, &suite_settings, suites).await?;
    let app = app(target, settings, run, &source)?;
    let mut deps = Vec::new();
    for found in found {
        let (name, needed) = (found.recipe.clone(), found.settings.deps.clone());
        let target = install_of(&name);
        let dir = dir.with_file_name(format!("source-{name}"));
        let source = opened(&target, settings, &dir, base).await?;
        let suffix = settings.suffix.value.as_deref().ok_or(PrepareError::NoSuffix)?;
        let domain = Domain::for_run(&name, &format!("{}|{}", app.domain, source.head), suffix)?;
        let app = App { recipe: name, stack: StackName::from(&domain), domain, run: run.clone() };
        let before = deps.iter().filter(|dep: &&Prepared| needed.contains(&dep.plan.recipe));
        let before: Vec<_> = before.cloned().collect();
        let parts = Parts { app, suite: found.suite, suite_settings: found.settings, source };
        deps.push(decided(&target, settings, parts, before).await?);
    }
    decided(target, settings, Parts { app, suite, suite_settings, source }, deps).await
}

/// Does the same for one that is kept warm: its installation as a dependency, at a domain of its own.
///
/// # Errors
/// Something is wrong with what was asked for: one error that says what.
pub async fn prepare_warm<S: Suites>(
    recipe: &RecipeName,
    settings: &Settings,
    dir: &Utf8Path,
    suites: &S,
    base: &BaseEnv,
) -> Result<Prepared, PrepareError> {
    let not_warm = |why| PrepareError::NotWarm { recipe: recipe.to_string(), why };
    let suite = suites.describe(recipe).await?;
    if !suite.can_be_warm {
        return Err(not_warm(
            "its suite does not say how what it provides is taken back (`Suite::warm`); `keycloak` can be",
        ));
    }
    let suite_settings = match &suite.settings {
        Some(text) => as_dependency(SuiteSettings::parse(recipe, text)?),
        None => SuiteSettings::default(),
    };
    if !suite_settings.deps.is_empty() {
        return Err(not_warm(
            "it needs other recipes itself; take them out of `[as-dependency] deps`",
        ));
    }
    let suffix = settings.suffix.value.as_deref().ok_or(PrepareError::NoSuffix)?;
    let domain = warm::domain(recipe, suffix)?;
    let (stack, run) = (StackName::from(&domain), warm::run_id(recipe));
    let app = App { recipe: recipe.clone(), stack, domain, run };
    let target = install_of(recipe);
    let source = opened(&target, settings, dir, base).await?;
    decided(&target, settings, Parts { app, suite, suite_settings, source }, Vec::new()).await
}

/// Returns what is asked for of a dependency: that it is installed, as its users would get it.
pub(crate) fn install_of(recipe: &RecipeName) -> Target {
    let is_bundled = bundle::names().contains(recipe);
    Target {
        recipe: recipe.clone(),
        source: (!is_bundled).then_some(SourceKind::Catalogue),
        src: None,
        pr: None,
        reference: None,
        version: None,
        stages: vec![Tier::Install],
    }
}

async fn opened(
    target: &Target,
    settings: &Settings,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<Source, PrepareError> {
    open(target, settings, dir, base).await.map_err(|e| PrepareError::Source(Box::new(e)))
}

/// What was found of a recipe.
struct Parts {
    app: App,
    suite: SuiteDescription,
    suite_settings: SuiteSettings,
    source: Source,
}

/// Returns a dependency as the plan of the recipe that needs it names it.
fn planned(suite: &SuiteDescription, dep: &Prepared) -> PlannedDependency {
    let recipe = &dep.plan.recipe;
    let needing = suite.needs.iter().filter(|(_, needed)| needed.contains(recipe));
    PlannedDependency {
        app: dep.plan.app.clone(),
        warm: None,
        head: dep.plan.head.clone(),
        needs: dep.suite_settings.deps.clone(),
        checks: needing.map(|(check, _)| check.clone()).collect(),
    }
}

async fn decided(
    target: &Target,
    settings: &Settings,
    parts: Parts,
    deps: Vec<Prepared>,
) -> Result<Prepared, PrepareError> {
    let Parts { app, mut suite, suite_settings, source } = parts;
    // From git's objects, before anything can change a checkout.
    let repo_tests = source.repository.repo_tests(&source.head, suite.is_approved).await;
    let repo_tests = repo_tests.map_err(|e| PrepareError::RepoTests(Box::new(e)))?;
    // What the repository of an approved recipe brings for an op takes the place of the suite's.
    suite.install_steps = repo_tests.install_steps.clone().or(suite.install_steps);
    has_base(target, &suite_settings, &source)?;
    let mut at = Coordinates::of(&app.domain);
    let known = deps.iter().map(|dep| (dep.plan.recipe.clone(), dep.plan.app.domain.clone()));
    at.dependencies.extend(known);
    let (env, of_head) = (suite_settings.env.fill(&at), suite_settings.upgrade.env.fill(&at));
    let repository = &source.repository;
    let of_new_app = [env.clone(), of_head.clone()].concat();
    let at_head = repository.read_recipe(&source.head, &of_new_app).await.map_err(unreadable)?;
    // A release is what its tag says, also when its label was forgotten.
    let tagged = source
        .tags
        .iter()
        .filter(|t| t.commit == source.head)
        .filter_map(|t| t.version.clone())
        .max();
    let head = Revision {
        commit: source.head.clone(),
        version: tagged.or_else(|| at_head.version.clone()),
    };
    fits(&app, settings, &at_head)?;
    let releases: Vec<_> =
        source.tags.iter().filter_map(|t| Some((t.version.clone()?, t.commit.clone()))).collect();
    let checks = checks(&suite, &repo_tests);
    let folder = format!("recipes/{}/previous", target.recipe);
    let (version, overlay) = (suite.previous_version.as_deref(), suite.previous_overlay.as_deref());
    let previous = Previous::parse(&folder, version, overlay)?;
    let brings = Brings {
        overlay: suite.overlay.is_some(),
        install_steps: suite.install_steps.is_some(),
        previous: previous.as_ref(),
    };
    let planned: Vec<_> = deps.iter().map(|dep| planned(&suite, dep)).collect();
    let mut plan = decide(&Input {
        recipe: &target.recipe,
        brings,
        run: &app.run,
        app: &app,
        settings: &suite_settings,
        stages: &target.stages,
        head: &head,
        releases: &releases,
        default_branch: Some(&source.default_branch),
        backup_labels: at_head.compose.backup().enabled,
        checks: &checks,
        has_suite: suite.has_folder,
        source: source.kind,
        pr: target.pr,
        deps: &planned,
    });
    plan.customization.extend(repo_tests.lines());
    let laid = laid(target, &suite, &plan, previous.as_ref(), (repository, &env), &at_head).await?;
    let at_base = match &plan.base {
        Some(base) => {
            let laid = laid.at(&base.commit);
            let placed = AsPlaced { live: None, extra_env: &env, laid: &laid };
            Some(repository.read_recipe_as(&base.commit, &placed).await.map_err(unreadable)?)
        }
        None => None,
    };
    let extra_env = if at_base.is_some() { of_head } else { of_new_app };
    let placed = AsPlaced {
        live: at_base.as_ref().map(|base| &base.env),
        extra_env: &extra_env,
        laid: &laid.at(&source.head),
    };
    // Where it cannot be placed for the app that base made, the upgrade is what finds that out.
    let upgraded = repository.read_recipe_as(&source.head, &placed).await.unwrap_or(at_head);
    let mut states = RecipeStates::new(at_base.as_ref(), &upgraded);
    states.repo_tests = repo_tests;
    add_stores(&mut states, target, &suite_settings, (at_base.as_ref(), &upgraded))?;
    states.install_steps.clone_from(&suite.install_steps);
    Ok(Prepared { source, suite, suite_settings, plan, states, laid, deps, warm: None })
}

fn add_stores(
    states: &mut RecipeStates,
    target: &Target,
    settings: &SuiteSettings,
    (base, head): (Option<&RecipeAt>, &RecipeAt),
) -> Result<(), PrepareError> {
    let found = stores(base.map(|base| &base.compose), &head.compose, settings);
    let found = found
        .map_err(|source| PrepareError::Stores { recipe: target.recipe.to_string(), source })?;
    (states.base_stores, states.head_stores) = (found.base.stores, found.head.stores);
    states.unrecognized = found.head.unrecognized;
    Ok(())
}

/// Returns every check: the floor's, the suite's where the repository does not replace it, and the repository's.
fn checks(suite: &SuiteDescription, repo_tests: &RepoTests) -> Vec<String> {
    let is_replaced = |check: &&String| {
        let tier = check.split("::").next().and_then(|tier| tier.parse().ok());
        suite.own_checks.contains(check) && tier.is_some_and(|tier| repo_tests.replaces_suite(tier))
    };
    suite.checks.iter().filter(|c| !is_replaced(c)).cloned().chain(repo_tests.checks()).collect()
}

fn has_base(target: &Target, suite: &SuiteSettings, source: &Source) -> Result<(), PrepareError> {
    let recipe = target.recipe.to_string();
    match &suite.upgrade.base {
        Some(base) if source.tags.iter().all(|t| t.version.as_ref() != Some(base)) => {
            Err(PrepareError::NoSuchBase { recipe, base: base.to_string() })
        }
        Some(_) | None => Ok(()),
    }
}

/// Returns the compose files that the suite lays over the recipe's, and checks them against what they are laid over.
async fn laid(
    target: &Target,
    suite: &SuiteDescription,
    plan: &Plan,
    previous: Option<&Previous>,
    (repository, env): (&Repository, &[(String, String)]),
    at_head: &RecipeAt,
) -> Result<Laid, PrepareError> {
    let mut laid = Laid { everywhere: suite.overlay.clone(), repair: None };
    let file = format!("recipes/{}/{OVERLAY}", target.recipe);
    let everywhere = laid.everywhere.as_deref();
    everywhere.map_or(Ok(()), |text| check_overlay(&file, text, &at_head.compose))?;
    let version = plan.base.as_ref().and_then(|base| base.version.as_ref());
    let repair = previous.filter(|previous| previous.is_for(version));
    let Some(base) = plan.base.as_ref().filter(|_| everywhere.is_some() || repair.is_some()) else {
        return Ok(laid);
    };
    let at_base = repository.read_recipe(&base.commit, env).await.map_err(unreadable)?;
    everywhere.map_or(Ok(()), |text| check_overlay(&file, text, &at_base.compose))?;
    if let Some(previous) = repair {
        previous.check(&at_base.compose)?;
        laid.repair = Some((base.commit.clone(), previous.overlay.clone()));
    }
    Ok(laid)
}

fn unreadable(error: ReadRecipeError) -> PrepareError {
    PrepareError::Read(Box::new(error))
}

fn app(
    target: &Target,
    settings: &Settings,
    run: &RunId,
    source: &Source,
) -> Result<App, PrepareError> {
    let suffix = settings.suffix.value.as_deref().ok_or(PrepareError::NoSuffix)?;
    let pr = target.pr.map(|n| n.to_string()).unwrap_or_default();
    let domain = Domain::for_run(&target.recipe, &format!("{pr}|{}", source.head), suffix)?;
    Ok(App {
        recipe: target.recipe.clone(),
        stack: StackName::from(&domain),
        domain,
        run: run.clone(),
    })
}

/// The shortest suffix that one could have: with it, a name that is still too long is the recipe's fault.
const SHORTEST_SUFFIX: &str = "a.io";

fn fits(app: &App, settings: &Settings, head: &RecipeAt) -> Result<(), PrepareError> {
    let Some(suffix) = settings.suffix.value.as_deref() else { return Ok(()) };
    let label = app.domain.as_str().split('.').next().unwrap_or_default();
    let Ok(short) = Domain::try_from(format!("{label}.{SHORTEST_SUFFIX}")) else { return Ok(()) };
    let short = StackName::from(&short);
    for secret in head.env_sample.secrets() {
        if let Err(source) = swarm_name(&app.stack, &secret.name, &secret.version)
            && swarm_name(&short, &secret.name, &secret.version).is_ok()
        {
            return Err(PrepareError::SuffixTooLong { suffix: suffix.to_owned(), source });
        }
    }
    Ok(())
}
