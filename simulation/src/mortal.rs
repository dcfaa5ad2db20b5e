//! A platform in the hands of a process that may die, and whose clock may jump. Main type: [`Mortal`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8Path;
use harness_core::census::Census;
use harness_core::http::{Answer, HttpError};
use harness_core::lint::LintReport;
use harness_core::name::{RecipeName, ServiceName};
use harness_core::observation::Observation;
use harness_core::plan::Plan;
use harness_core::platform::{
    App, Attachment, ConnectError, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use harness_core::secret::Secret;
use harness_core::suite::StepsRan;
use harness_core::wait::Hint;
use jiff::{SignedDuration, Timestamp};

use crate::flaw::Flaw;
use crate::life::Life;

/// The host's clock: it may jump, and what is dated later is dated by the new time.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostClock {
    jump: Arc<Mutex<Option<(Timestamp, SignedDuration)>>>,
}

impl HostClock {
    /// Moves the clock at a moment of the platform's own time.
    pub(crate) fn jump(&self, at: Timestamp, by: SignedDuration) {
        *self.jump.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, by));
    }

    fn shown(&self, true_time: Timestamp) -> Timestamp {
        match *self.jump.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((at, by)) if true_time >= at => true_time.saturating_add(by).unwrap_or(true_time),
            Some(_) | None => true_time,
        }
    }

    fn show(&self, observation: &mut Observation) {
        observation.at = self.shown(observation.at);
        for service in &mut observation.services {
            if let Some(started) = service.update.as_mut().and_then(|u| u.started.as_mut()) {
                *started = self.shown(*started);
            }
            for task in &mut service.tasks {
                task.created = self.shown(task.created);
                task.since = self.shown(task.since);
            }
        }
    }
}

/// A platform in the hands of a process.
#[derive(Debug)]
pub(crate) struct Mortal<'a, P> {
    pub(crate) life: Life,
    pub(crate) clock: HostClock,
    pub(crate) platform: &'a P,
    pub(crate) flaw: Option<Flaw>,
    /// The commit that was last asked for.
    pub(crate) asked: Mutex<String>,
    pub(crate) plan: &'a Plan,
    /// What was seen last of each app before the one under test was made.
    pub(crate) seen: Mutex<BTreeMap<RecipeName, Observation>>,
}

impl<P> Mortal<'_, P> {
    /// Does something on the process's behalf, as it understands it.
    async fn act<V>(
        &self,
        act: impl Future<Output = Result<V, OpError>> + Send,
    ) -> Result<V, OpError> {
        let done = self.life.act(act).await;
        match self.flaw {
            Some(flaw) => flaw.blame(done),
            None => done,
        }
    }

    /// Returns what a dependency was like before the app was made, to a harness that never looks again.
    fn as_it_was(&self, app: &App) -> Option<Observation> {
        let known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let is_late = known.contains_key(&self.plan.app.recipe) && *app != self.plan.app;
        known.get(&app.recipe).filter(|_| is_late).cloned()
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }
}

impl<P: Platform> Platform for Mortal<'_, P> {
    fn facts(&self) -> PlatformFacts {
        self.platform.facts()
    }

    fn now(&self) -> Timestamp {
        self.clock.shown(self.platform.now())
    }

    fn hint(&self) -> &Hint {
        self.platform.hint()
    }

    fn attachment(&self) -> Attachment {
        self.platform.attachment()
    }

    fn secrets(&self) -> Vec<Secret> {
        if self.is(Flaw::NoSecrets) {
            return Vec::new();
        }
        self.platform.secrets()
    }

    async fn census(&self) -> Result<Census, OpError> {
        self.act(self.platform.census()).await
    }

    async fn lint(&self, app: &App, at: &Revision, limit: Duration) -> Result<LintReport, OpError> {
        self.act(self.platform.lint(app, at, limit)).await
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> Result<(), OpError> {
        self.act(self.platform.create(app, at, env, limit)).await
    }

    async fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> Result<(), OpError> {
        self.act(self.platform.insert_secrets(app, secrets, limit)).await
    }

    async fn install_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        self.act(self.platform.install_steps(app, script, given, limit)).await
    }

    async fn place(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> Result<(), OpError> {
        self.act(self.platform.place(app, at, env)).await
    }

    async fn pull(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.act(self.platform.pull(app, limit)).await
    }

    async fn deploy(&self, app: &App, at: &Revision, limit: Duration) -> Result<(), OpError> {
        if self.is(Flaw::DeploysTwice) && *app != self.plan.app {
            self.act(self.platform.deploy(app, at, limit)).await?;
        }
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = at.commit.short().to_owned();
        self.act(self.platform.deploy(app, at, limit)).await
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        if let Some(seen) = self.as_it_was(app) {
            return Ok(seen);
        }
        let mut seen = self.act(self.platform.observe(app)).await;
        if let (true, Ok(observation)) = (self.is(Flaw::TrustsTheLost), &seen) {
            let mut known = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(app.recipe.clone(), observation.clone());
        }
        if let Ok(observation) = &mut seen {
            self.clock.show(observation);
            if self.is(Flaw::AnyCommit) {
                let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
                pretend(observation, app, &asked);
            }
        }
        seen
    }

    async fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        self.act(self.platform.logs(app, service, lines)).await
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        self.act(self.platform.prune(app, service)).await
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        if self.as_it_was(app).is_some() {
            return Ok(Answer {
                status: 200,
                headers: Vec::new(),
                body: Vec::new(),
                certificate: None,
            });
        }
        self.life.act(self.platform.get(app, path, limit)).await
    }

    async fn connect(&self, app: &App, port: u16, limit: Duration) -> Result<(), ConnectError> {
        self.life.act(self.platform.connect(app, port, limit)).await
    }

    async fn back_up(
        &self,
        app: &App,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Snapshot, OpError> {
        self.act(self.platform.back_up(app, into, limit)).await
    }

    async fn restore(
        &self,
        app: &App,
        snapshot: &Snapshot,
        limit: Duration,
    ) -> Result<(), OpError> {
        self.act(self.platform.restore(app, snapshot, limit)).await
    }

    async fn restart(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.act(self.platform.restart(app, limit)).await
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        if self.is(Flaw::SweepsUnderTheCarpet) {
            return Ok(());
        }
        self.act(self.platform.undeploy(app, limit)).await
    }

    async fn remove_volumes(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.act(self.platform.remove_volumes(app, limit)).await
    }

    async fn remove_data(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        if self.is(Flaw::SweepsUnderTheCarpet) {
            return Ok(Vec::new());
        }
        self.act(self.platform.remove_data(app, limit)).await
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.act(self.platform.forget(app)).await
    }
}

/// Shows the commit that was asked for, whatever runs.
fn pretend(observation: &mut Observation, app: &App, asked: &str) {
    let stack = &app.stack;
    for service in observation.services.iter_mut().filter(|s| s.name.as_str() == "app") {
        service.labels.insert(format!("coop-cloud.{stack}.chaos"), "true".to_owned());
        service.labels.insert(format!("coop-cloud.{stack}.chaos-version"), asked.to_owned());
    }
}
