//! The op of each tier, done once; a backup that is wrong again (`backup`).

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::converge::{Before, orphans};
use crate::event::{Happened, WaitedOn};
use crate::identity;
use crate::name::{RecipeName, Version};
use crate::observation::Observation;
use crate::platform::{Platform, Revision, Snapshot};
use crate::run_file::{Dependency, UpgradeFacts};
use crate::secret::Secret;
use crate::suite::Coordinates;
use crate::tier::Tier;

use super::bounded::bounded;
use super::hooked::{PassedOver, killed_meanwhile, passed_over};
use super::job::{Job, State};
use super::reach::Reach;
use super::tiers::{TierEnd, Trouble};
use super::trials::Trials;

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Does the tier's op, its seeds before it and its checks after it. The trouble says which step did not succeed.
    pub(super) async fn op(&self, tier: Tier, state: &mut State) -> Result<TierEnd, Trouble> {
        match tier {
            Tier::Install => self.install(state).await,
            Tier::Upgrade => self.upgrade(state).await,
            Tier::Restore => self.restore(state).await,
            Tier::Custom => self.seed(tier, state).await,
            Tier::Backup => return self.backup(state).await,
            Tier::Disaster => return self.disaster(state).await,
        }?;
        Ok(self.check(tier, state).await)
    }

    pub(super) async fn install(&self, state: &mut State) -> Result<(), Trouble> {
        let recipe = self.recipe;
        let (revision, services, labeled, reach) = match &self.plan.base {
            Some(base) => (base, &recipe.base, &recipe.base_label, &recipe.base_reach),
            None => (&self.plan.head, &recipe.head, &recipe.head_label, &recipe.head_reach),
        };
        state.services.clone_from(services);
        let of_base = self.plan.base.is_some();
        state.stores.clone_from(if of_base { &recipe.base_stores } else { &recipe.head_stores });
        self.can_be_seen(reach, state)?;
        let at = self.coordinates(state);
        let mut env = self.settings.env.fill(&at);
        if self.plan.base.is_none() {
            env.extend(self.settings.upgrade.env.fill(&at));
        }
        if self.consumer.is_none() {
            self.seed(Tier::Install, state).await?;
        }
        let create = self.platform.create(&self.plan.app, revision, &env, self.limits.command);
        let created = self.step(Tier::Install, "new app", "created", create).await;
        for secret in self.platform.secrets() {
            self.log.hide(&secret);
        }
        created?;
        self.insert_secrets(&at).await?;
        self.install_steps(state).await?;
        self.deploy(Tier::Install, revision, &[]).await?;
        self.log.say(Happened::DeployDone);
        let observation = self.ready_step(Tier::Install, state, &Before::nothing()).await?;
        self.is_deployed(Tier::Install, revision, labeled.as_ref(), &observation)
    }

    /// Makes sure that what runs is the revision that was deployed, by abra's own labels.
    pub(super) fn is_deployed(
        &self,
        tier: Tier,
        revision: &Revision,
        labeled: Option<&Version>,
        seen: &Observation,
    ) -> Result<(), Trouble> {
        let began = Instant::now();
        identity::names(&self.plan.app.stack, seen, revision).map_err(|wrong| {
            let text = format!("expected {}, seen {}", wrong.expected, wrong.seen);
            let class = wrong.class(labeled);
            Trouble::new("commit_deployed", Cause::new(class, text))
        })?;
        self.step_done(tier, "commit_deployed", began.elapsed());
        Ok(())
    }

    /// Puts in the secrets that the settings give: what a dependency provides was hidden when it was made, and any value
    /// is kept out of every artefact.
    async fn insert_secrets(&self, at: &Coordinates) -> Result<(), Trouble> {
        if self.settings.secrets.is_empty() {
            return Ok(());
        }
        let given = self.settings.secrets.fill(at).into_iter();
        let given: Vec<_> = given.map(|(name, value)| (name, Secret::new(value))).collect();
        given.iter().for_each(|(_, secret)| self.log.hide(secret));
        let insert = self.platform.insert_secrets(&self.plan.app, &given, self.limits.command);
        self.step(Tier::Install, "secrets", "secrets_inserted", Box::pin(insert)).await
    }

    /// Runs what the suite does between the app's making and its first deploy.
    async fn install_steps(&self, state: &State) -> Result<(), Trouble> {
        let Some(script) = &self.recipe.install_steps else { return Ok(()) };
        let limit = self.limits.deploy;
        let began = Instant::now();
        // On the heap: the compiler gives up on the size of futures that are nested deeper.
        let given = of_deps(state);
        let run = Box::pin(self.platform.install_steps(&self.plan.app, script, &given, limit));
        let run = bounded("run the install steps", limit, run);
        let ran = self.phase("install steps", Some(Tier::Install), WaitedOn::Suite, run).await;
        let ran = ran.map_err(|e| Trouble::from_op("install_steps", &e))?;
        ran.secrets.iter().for_each(|secret| self.log.hide(secret));
        if !ran.lines.is_empty() {
            let service = "install_steps".to_owned();
            self.log.say(Happened::LogsGathered { service, lines: ran.lines });
        }
        match ran.trouble {
            Some(cause) => Err(Trouble::new("install_steps", cause)),
            None => {
                self.step_done(Tier::Install, "install_steps", began.elapsed());
                Ok(())
            }
        }
    }

    async fn upgrade(&self, state: &mut State) -> Result<(), Trouble> {
        self.seed(Tier::Upgrade, state).await?;
        self.back_up_base(state).await?;
        let before = self.observe_once().await?;
        let was_routed = state.reach.routed;
        self.can_be_seen(&self.recipe.head_reach, state)?;
        if was_routed && !state.reach.routed {
            let text =
                "base has an HTTP route and head has none: no service of head has a router label";
            return Err(Trouble::new("answered", Cause::new(CauseClass::Recipe, text)));
        }
        state.services.clone_from(&self.recipe.head);
        state.stores.clone_from(&self.recipe.head_stores);
        let env = self.settings.upgrade.env.fill(&self.coordinates(state));
        self.deploy(Tier::Upgrade, &self.plan.head, &env).await?;
        let after =
            self.ready_step(Tier::Upgrade, state, &Before::from_observation(&before)).await?;
        let orphans = orphans(&after, &state.service_names());
        for orphan in &orphans {
            self.note(format!("service `{orphan}` is not in head any more and keeps running: abra does not prune; removing it"));
            let prune = self.platform.prune(&self.plan.app, orphan);
            self.step(Tier::Upgrade, "prune", "pruned", prune).await?;
        }
        let announced = self.settings.upgrade.drops.clone();
        state.upgrade = Some(UpgradeFacts { before, after, orphans, announced });
        Ok(())
    }

    async fn restore(&self, state: &mut State) -> Result<(), Trouble> {
        let snapshot = to_restore(state)?;
        // What the host killed meanwhile may still be booting.
        self.settled(Tier::Restore, state).await?;
        self.seed(Tier::Restore, state).await?;
        let ran = self.observe_once().await?;
        self.put_back(Tier::Restore, &snapshot).await?;
        let before = Before::from_observation(&ran);
        let runs = self.ready_step(Tier::Restore, state, &before).await?;
        match killed_meanwhile(&ran, &runs) {
            None => Ok(()),
            Some(service) => {
                let text = format!(
                    "service `{service}` was killed while the restore was made and started anew: whether one that goes on running shows what came back cannot be said"
                );
                Err(Trouble::new("restored", Cause::new(CauseClass::Host, text)))
            }
        }
    }

    /// Restores a snapshot into what runs.
    pub(super) async fn put_back(&self, tier: Tier, snapshot: &Snapshot) -> Result<(), Trouble> {
        let hooks = self.before_hooks().await?;
        let restore = self.platform.restore(&self.plan.app, snapshot, self.limits.backup);
        self.step(tier, "restore", "restored", restore).await?;
        if let Some(over) = self.passed_over(hooks).await? {
            return Err(Trouble::new("restored", over.cause()));
        }
        Ok(())
    }

    /// Takes note of how it can be seen that a revision serves, before it is deployed: where nothing would show it, no
    /// verdict on it is worth anything.
    fn can_be_seen(&self, reach: &Reach, state: &mut State) -> Result<(), Trouble> {
        state.reach.clone_from(reach);
        if let Some(missing) = reach.lacks(&self.settings.ready) {
            return Err(Trouble::new("can_be_seen", Cause::new(CauseClass::Suite, missing)));
        }
        if let Some(instead) = reach.instead(&self.settings.ready) {
            self.note(instead);
        }
        Ok(())
    }

    /// Waits until what is deployed has settled again, so that seeds find what they plant in or break.
    pub(super) async fn settled(&self, tier: Tier, state: &State) -> Result<(), Trouble> {
        let before = Before::from_observation(&self.observe_once().await?);
        self.ready(tier, state, &before).await.map(drop)
    }

    /// Looks at what runs before hooks do, if there are any.
    pub(super) async fn before_hooks(&self) -> Result<Option<Observation>, Trouble> {
        if self.recipe.hooked.is_empty() {
            return Ok(None);
        }
        self.observe_once().await.map(Some)
    }

    /// Returns the service with hooks that was not there all the time while a backup or a restore was made, if one was.
    pub(super) async fn passed_over(
        &self,
        before: Option<Observation>,
    ) -> Result<Option<PassedOver>, Trouble> {
        let Some(before) = before else { return Ok(None) };
        let after = self.observe_once().await?;
        Ok(passed_over(&self.recipe.hooked, &before, &after))
    }

    async fn deploy(
        &self,
        tier: Tier,
        revision: &Revision,
        env: &[(String, String)],
    ) -> Result<(), Trouble> {
        let app = &self.plan.app;
        self.step(tier, "place", "placed", self.platform.place(app, revision, env)).await?;
        let pulled = self
            .step(tier, "prepull", "images_present", self.platform.pull(app, self.limits.deploy))
            .await?;
        if !pulled.is_empty() {
            self.note(format!("pulled {}", pulled.join(", ")));
        }
        self.step(
            tier,
            "deploy",
            "deployed",
            self.platform.deploy(app, revision, self.limits.command),
        )
        .await
    }

    pub(super) async fn ready_step(
        &self,
        tier: Tier,
        state: &mut State,
        before: &Before,
    ) -> Result<Observation, Trouble> {
        let began = Instant::now();
        let observation = self.ready(tier, state, before).await?;
        state.note_ended(&observation);
        self.step_done(tier, "converged", began.elapsed());
        Ok(observation)
    }

    pub(super) async fn observe_once(&self) -> Result<Observation, Trouble> {
        self.observe().await.map_err(|e| Trouble::from_op("observed", &e))
    }

    pub(super) async fn step<V>(
        &self,
        tier: Tier,
        phase: &str,
        check: &'static str,
        work: impl Future<Output = Result<V, crate::platform::OpError>>,
    ) -> Result<V, Trouble> {
        let began = Instant::now();
        let done = self.phase(phase, Some(tier), WaitedOn::Platform, work).await;
        let value = done.map_err(|e| Trouble::from_op(check, &e))?;
        self.step_done(tier, check, began.elapsed());
        Ok(value)
    }
}

/// Returns what a script is told of the dependencies: variables by name.
fn of_deps(state: &State) -> Vec<(String, String)> {
    let of = |(recipe, dep): (&RecipeName, &Dependency)| {
        let prefix = recipe.as_str().to_uppercase().replace('-', "_");
        let domain = (format!("{prefix}_DOMAIN"), dep.app.domain.to_string());
        let facts = dep.texts().into_iter();
        let facts =
            facts.map(move |(key, value)| (format!("{prefix}_{}", key.to_uppercase()), value));
        std::iter::once(domain).chain(facts).collect::<Vec<_>>()
    };
    state.deps.iter().flat_map(of).collect()
}

/// Returns what is to be restored.
pub(super) fn to_restore(state: &State) -> Result<Snapshot, Trouble> {
    state.snapshot.clone().ok_or_else(|| {
        let cause = Cause::new(CauseClass::Harness, "there is no snapshot of this run to restore");
        Trouble::new("restored", cause)
    })
}
