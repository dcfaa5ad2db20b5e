//! Dependencies: what is deployed before the app because it needs it, looked after as long as the app is judged, and
//! removed after it. Main type: [`Needed`].

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::event::{Happened, WaitedOn};
use crate::name::{RecipeName, ServiceName};
use crate::observation::{Observation, TaskState};
use crate::plan::{Plan, PlannedDependency};
use crate::platform::{App, Platform};
use crate::run_file::{Consumer, Dependency, Phase};
use crate::suite::{Coordinates, Settings};
use crate::tier::{Status, Tier};

use super::job::{Job, Limits, RecipeStates, State};
use super::tiers::{TierEnd, Trouble};
use super::trials::Trials;
use super::warm::judged;

/// What takes longer for an answer is of no use to an app: logging in takes a dozen of them.
const OF_USE_WITHIN: Duration = Duration::from_secs(2);

/// A recipe that is deployed because another one needs it: all that its installation takes.
#[derive(Clone, Debug)]
pub struct Needed<'a> {
    /// What will be done: the install tier.
    pub plan: &'a Plan,
    /// The same of the app that is kept warm, where there is one.
    pub warm: Option<&'a Plan>,
    /// Its suite's settings.
    pub settings: &'a Settings,
    /// What its files say.
    pub recipe: &'a RecipeStates,
    /// How long things may take with it.
    pub limits: Limits,
    /// Whether its suite provides something.
    pub provides: bool,
}

/// A dependency as it was when it had come up or not, and what of it ran then.
pub(super) type BroughtUp = (Dependency, Option<Observation>);

impl<'a, P: Platform, T: Trials> Job<'a, P, T> {
    /// Returns a phase's name, with the dependency that it is about.
    pub(super) fn named(&self, phase: &str) -> String {
        match self.consumer {
            Some(_) => format!("{}: {phase}", self.plan.recipe),
            None => phase.to_owned(),
        }
    }

    /// Returns what templates of settings are filled in from.
    pub(super) fn coordinates(&self, state: &State) -> Coordinates {
        let mut at = Coordinates::of(&self.plan.app.domain);
        for (recipe, dep) in &state.deps {
            at.dependencies.insert(recipe.clone(), dep.app.domain.clone());
            at.facts.insert(recipe.clone(), dep.texts());
        }
        at
    }

    /// Deploys the dependencies, each as soon as what it needs itself is there. One that does not come up ends nothing:
    /// what does not need it can still be judged.
    pub(super) async fn bring_up(&self, state: &mut State) {
        for wave in waves(&self.plan.deps) {
            let there = &*state;
            let made = join_all(wave.iter().map(|dep| Box::pin(self.bring_up_one(dep, there))));
            for (dep, (made, seen)) in wave.iter().zip(made.await) {
                let recipe = dep.app.recipe.clone();
                state.is_red |= made.trouble.is_some();
                self.say_seen(&recipe, &made);
                state.up.extend(seen.map(|seen| (recipe.clone(), seen)));
                state.deps.insert(recipe, made);
            }
        }
    }

    fn say_seen(&self, recipe: &RecipeName, dep: &Dependency) {
        let (recipe, warm, trouble) = (recipe.clone(), dep.warm, dep.trouble.clone());
        self.log.say(Happened::DependencySeen { recipe, warm, trouble });
    }

    async fn bring_up_one(&self, dep: &PlannedDependency, of_app: &State) -> BroughtUp {
        let recipe = &dep.app.recipe;
        if let Some(needed) = self.needed(recipe)
            && let Some(attached) = self.attach(needed, of_app).await
        {
            return attached;
        }
        let mut state = State::default();
        state.deps.extend(
            of_app
                .deps
                .iter()
                .filter(|(name, _)| dep.needs.contains(name))
                .map(|(n, d)| (n.clone(), d.clone())),
        );
        let is_missing = state.deps.values().find_map(|d| d.trouble.clone());
        let done = match (is_missing, self.needed(recipe)) {
            (Some(cause), _) => Err(cause),
            (None, None) => {
                let text = format!("nothing is known of the dependency {recipe}");
                Err(Cause::new(CauseClass::Harness, text))
            }
            (None, Some(needed)) => {
                let job = self.of(needed, needed.plan);
                job.installed(needed, &mut state).await.map_err(|t| blamed(recipe, &t))
            }
        };
        let (trouble, seen) = match done {
            Ok(seen) => (None, Some(seen)),
            Err(cause) => (Some(cause), None),
        };
        (Dependency { app: dep.app.clone(), warm: false, trouble, facts: state.facts }, seen)
    }

    fn needed(&self, recipe: &RecipeName) -> Option<&'a Needed<'a>> {
        self.deps.iter().find(|needed| needed.plan.recipe == *recipe)
    }

    /// Returns the job of a dependency, by its plan: to install it, or to attach to it.
    pub(super) fn of(&self, needed: &'a Needed<'a>, plan: &'a Plan) -> Self {
        Self {
            plan,
            settings: needed.settings,
            recipe: needed.recipe,
            platform: self.platform,
            trials: self.trials,
            log: self.log,
            limits: needed.limits.clone(),
            stop: self.stop.clone(),
            dir: self.dir.clone(),
            keep: self.keep,
            deps: &[],
            consumer: Some(Consumer {
                app: self.plan.app.clone(),
                redirects: self.settings.client.redirects.clone(),
            }),
        }
    }

    /// Installs the dependency and lets its suite make what the app needs of it; returns what runs then.
    async fn installed(
        &self,
        needed: &Needed<'_>,
        state: &mut State,
    ) -> Result<Observation, Trouble> {
        self.install(state).await?;
        self.provide(needed, state).await
    }

    /// Lets the suite of a dependency that is there make what the app needs of it; returns what runs then.
    pub(super) async fn provide(
        &self,
        needed: &Needed<'_>,
        state: &mut State,
    ) -> Result<Observation, Trouble> {
        if needed.provides {
            let ended = self.trials(Tier::Install, Phase::Provide, state).await;
            judged(ended).map_err(|cause| Trouble::new("provided", cause))?;
        }
        self.observe_once().await
    }

    /// Returns what a tier that failed is worth where a dependency is not there: nothing was proven of the recipe.
    pub(super) async fn excused(&self, end: TierEnd, state: &mut State) -> TierEnd {
        if end.status != Status::Fail || self.deps.is_empty() {
            return end;
        }
        self.look_after(state).await;
        match state.deps.values().find_map(|dep| dep.trouble.clone()) {
            Some(cause) => TierEnd {
                status: Status::Unver,
                reason: Some(cause.evidence.clone()),
                cause: Some(cause),
            },
            None => end,
        }
    }

    /// Looks whether every dependency that came up is still the one that did, and answers.
    async fn look_after(&self, state: &mut State) {
        for needed in self.deps {
            let recipe = &needed.plan.recipe;
            let (Some(seen), Some(dep)) = (state.up.get(recipe), state.deps.get_mut(recipe)) else {
                continue;
            };
            let plan = needed.warm.filter(|_| dep.warm).unwrap_or(needed.plan);
            let Some(why) = self.of(needed, plan).is_lost(seen).await else { continue };
            let text = format!("dependency {recipe} was lost meanwhile: {why}");
            dep.trouble = Some(Cause::new(CauseClass::Host, text));
            self.say_seen(recipe, dep);
            state.up.remove(recipe);
        }
    }

    async fn is_lost(&self, ran: &Observation) -> Option<String> {
        let looked = self.phase("look", None, WaitedOn::Platform, self.observe()).await;
        let now = match looked {
            Ok(now) => now,
            Err(error) => return Some(error.cause.evidence),
        };
        if let Some(service) = replaced(ran, &now) {
            return Some(format!("service `{service}` did not run all the time"));
        }
        let began = Instant::now();
        match self.is_answering().await {
            Ok(()) if began.elapsed() > OF_USE_WITHIN => {
                Some(format!("it took {:.1?} for an answer", began.elapsed()))
            }
            Ok(()) => None,
            Err(why) => Some(why),
        }
    }

    /// Removes the dependencies, last to first. One that is kept warm stays, without what it provided.
    pub(super) async fn tear_down_deps(&self, state: &State) {
        for dep in self.plan.deps.iter().rev() {
            let recipe = &dep.app.recipe;
            let Some(needed) = self.needed(recipe) else { continue };
            if let Some(warm) = needed.warm
                && state.attached.borrow().contains(recipe)
            {
                // On the heap, as a job within a job is nested deep.
                Box::pin(self.of(needed, warm).take_back()).await;
            }
            // Of a run that was stopped it may not be known yet that nothing was deployed.
            if !state.deps.get(recipe).is_some_and(|dep| dep.warm) {
                Box::pin(self.of(needed, needed.plan).tear_down()).await;
            }
        }
    }

    /// Returns every app of the run.
    pub(super) fn apps(&self) -> impl Iterator<Item = &App> {
        std::iter::once(&self.plan.app).chain(self.plan.deps.iter().map(|dep| &dep.app))
    }
}

/// Returns the dependencies in groups: each needs nothing but what is in the groups before it.
fn waves(deps: &[PlannedDependency]) -> Vec<Vec<&PlannedDependency>> {
    let mut waves = Vec::new();
    let mut there: BTreeSet<&RecipeName> = BTreeSet::new();
    let mut left: Vec<&PlannedDependency> = deps.iter().collect();
    while !left.is_empty() {
        let can = |dep: &&PlannedDependency| dep.needs.iter().all(|name| there.contains(name));
        let (mut wave, later): (Vec<_>, Vec<_>) = left.into_iter().partition(can);
        left = later;
        if wave.is_empty() {
            // The plan has no cycles; what needs something that is not planned is told so when it is brought up.
            wave = std::mem::take(&mut left);
        }
        there.extend(wave.iter().map(|dep| &dep.app.recipe));
        waves.push(wave);
    }
    waves
}

/// Returns whose fault it is that a dependency is not there: never the recipe's under test.
pub(super) fn blamed(recipe: &RecipeName, trouble: &Trouble) -> Cause {
    let class = match trouble.cause.class {
        kept @ (CauseClass::Registry | CauseClass::Harness) => kept,
        CauseClass::Recipe
        | CauseClass::App
        | CauseClass::Suite
        | CauseClass::Host
        | CauseClass::Flake => CauseClass::Host,
    };
    let evidence = &trouble.cause.evidence;
    Cause::new(class, format!("dependency {recipe} is not there: {}: {evidence}", trouble.check))
}

/// Returns the first service of which something that ran does not run any more.
fn replaced(ran: &Observation, now: &Observation) -> Option<ServiceName> {
    let running = |seen: &Observation, name: &ServiceName| -> BTreeSet<String> {
        let tasks = seen.service(name).map(|s| s.tasks.clone()).unwrap_or_default();
        let runs = tasks.into_iter().filter(|t| t.state == TaskState::Running && t.should_run);
        runs.map(|task| task.id).collect()
    };
    let gone = |name: &ServiceName| !running(ran, name).is_subset(&running(now, name));
    ran.services.iter().map(|service| &service.name).find(|name| gone(name)).cloned()
}
