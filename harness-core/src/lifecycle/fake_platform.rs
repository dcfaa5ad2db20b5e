//! The platform and the trials of the lifecycle's own tests: they do as they are told, and write down every call.
//! Main types: [`FakePlatform`], [`FakeTrials`], [`Act`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use camino::Utf8Path;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

use crate::cause::CauseClass;
use crate::census::Census;
use crate::converge::sample;
use crate::event::Stop;
use crate::http::{Answer, HttpError};
use crate::lint::{LintReport, LintStatus};
use crate::name::{Commit, Domain, ServiceName, StackName};
use crate::observation::{Observation, ServiceState, TaskState, Update, UpdatePhase};
use crate::platform::{
    App, Attachment, ConnectError, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use crate::run_file::{Phase, RunFile, TrialLine};
use crate::secret::Secret;
use crate::suite::StepsRan;
use crate::tier::{Status, Tier};
use crate::wait::Hint;

use super::fake::done;
use super::{StopSignal, Trials, TrialsEnded};

/// What a call does besides what it is for.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// It fails.
    Fail(CauseClass, &'static str),
    /// It takes this long.
    Take(Duration),
    /// It takes this long, then fails.
    TakeAndFail(Duration, CauseClass, &'static str),
    /// It never comes back.
    Hang,
    /// It panics with a text that is known at compile time.
    Panic(&'static str),
    /// It panics with a text that is made on the way.
    PanicWith(String),
    /// It tells the run to end and goes on.
    Stop(Stop),
    /// It tells the run to end and never comes back.
    StopAndHang(Stop),
}

/// What is shared by the platform and the trials: the acts, and what was called.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) began: Instant,
    pub(super) stop: StopSignal,
    pub(super) acts: BTreeMap<(String, usize), Act>,
    pub(super) calls: Mutex<Vec<(Duration, String)>>,
    pub(super) counts: Mutex<BTreeMap<String, usize>>,
}

impl Core {
    async fn called(&self, op: &str, detail: &str) -> Result<(), OpError> {
        let nth = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(op.to_owned()).or_default();
            *count += 1;
            *count
        };
        let text = format!("{op} {detail}").trim_end().to_owned();
        {
            let mut calls = self.calls.lock().unwrap();
            if calls.last().is_none_or(|(_, last)| *last != text) {
                calls.push((self.began.elapsed(), text));
            }
        }
        let act =
            self.acts.get(&(op.to_owned(), nth)).or_else(|| self.acts.get(&(op.to_owned(), 0)));
        match act.cloned() {
            None => Ok(()),
            Some(Act::Fail(class, text)) => Err(OpError::new(op, class, text)),
            Some(Act::Take(time)) => {
                pass(time).await;
                Ok(())
            }
            Some(Act::TakeAndFail(time, class, text)) => {
                pass(time).await;
                Err(OpError::new(op, class, text))
            }
            Some(Act::Hang) => std::future::pending().await,
            Some(Act::Panic(text)) => std::panic::panic_any(text),
            Some(Act::PanicWith(text)) => std::panic::panic_any(text),
            Some(Act::Stop(by)) => {
                self.stop.stop(by);
                Ok(())
            }
            Some(Act::StopAndHang(by)) => {
                self.stop.stop(by);
                std::future::pending().await
            }
        }
    }
}

/// Lets simulated time pass.
async fn pass(time: Duration) {
    drop(tokio::time::timeout(time, std::future::pending::<()>()).await);
}

pub(super) type Look = Box<dyn Fn(usize, &mut Observation) + Send + Sync>;
pub(super) type Ask = Box<dyn Fn(usize) -> Result<Answer, HttpError> + Send + Sync>;
pub(super) type Dial = Box<dyn Fn(usize, u16) -> Result<(), ConnectError> + Send + Sync>;

/// The platform: deploys succeed at once, unless it is told otherwise.
pub(super) struct FakePlatform {
    pub(super) core: Arc<Core>,
    pub(super) hint: Hint,
    pub(super) services: BTreeMap<Commit, Vec<&'static str>>,
    pub(super) running: Mutex<BTreeMap<(String, String), ServiceState>>,
    pub(super) look: Look,
    pub(super) ask: Ask,
    pub(super) dial: Dial,
    pub(super) steps: StepsRan,
    pub(super) domain: Domain,
    pub(super) pulls: Vec<String>,
    pub(super) holders: Vec<String>,
    pub(super) volumes: Vec<String>,
    pub(super) secrets: Vec<Secret>,
    pub(super) logs: Vec<String>,
    pub(super) censuses: Vec<Census>,
    pub(super) lint: LintStatus,
}

impl std::fmt::Debug for FakePlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FakePlatform")
    }
}

/// How the domain of an app begins that is kept warm.
pub(super) const WARM: &str = "warm-";

/// The trials: every planned check passes, unless they are told otherwise.
#[derive(Debug)]
pub(super) struct FakeTrials {
    pub(super) core: Arc<Core>,
    pub(super) ended: BTreeMap<(Tier, &'static str), Vec<TrialLine>>,
    pub(super) files: Mutex<Vec<(RunFile, Duration)>>,
}

pub(super) const fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Seed => "seed",
        Phase::Check => "check",
        Phase::Across => "across",
        Phase::Provide => "provide",
        Phase::Works => "works",
        Phase::TakeBack => "take back",
    }
}

impl Trials for FakeTrials {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        self.files.lock().unwrap().push((file.clone(), limit));
        let phase = word(file.phase);
        let done_by_default = match file.phase {
            Phase::Seed => Vec::new(),
            Phase::Check => vec![done("serves", Status::Pass, None)],
            Phase::Across => vec![done("older_backup", Status::Pass, None)],
            Phase::Provide => vec![done("provide", Status::Pass, None)],
            Phase::Works => vec![done("works", Status::Pass, None)],
            Phase::TakeBack => vec![done("take_back", Status::Pass, None)],
        };
        let lines = self.ended.get(&(file.tier, phase)).cloned().unwrap_or(done_by_default);
        let trouble = self.core.called(&format!("{phase} {}", file.tier), "").await;
        TrialsEnded { lines, trouble: trouble.err().map(|e| e.cause) }
    }
}

fn shown(revision: &Revision) -> String {
    revision.version.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn env_shown(env: &[(String, String)]) -> String {
    env.iter().map(|(k, v)| format!(" {k}={v}")).collect()
}

impl FakePlatform {
    /// Returns how a call about an app is written down: those about a dependency carry its name, and say whether it is
    /// kept warm.
    fn of(&self, app: &App, op: &str) -> String {
        match app.domain.as_str().starts_with(WARM) {
            _ if self.is_own(app) => op.to_owned(),
            true => format!("{WARM}{}.{op}", app.recipe),
            false => format!("{}.{op}", app.recipe),
        }
    }

    fn is_own(&self, app: &App) -> bool {
        app.stack == StackName::from(&self.domain)
    }

    /// Lets the services of an app run at a revision.
    pub(super) fn starts(&self, app: &App, at: &Revision) {
        let now = self.now();
        let mut running = self.running.lock().unwrap();
        for name in &self.services[&at.commit] {
            let mut service = sample::service(name, vec![sample::task(TaskState::Running, 0)]);
            service.spec = at.commit.short().to_owned();
            service.tasks[0].since = now;
            service.tasks[0].created = now;
            let label = format!("coop-cloud.{}.chaos-version", app.stack);
            service.labels.insert(label, at.commit.short().to_owned());
            let key = (app.stack.to_string(), (*name).to_owned());
            service.update = running.contains_key(&key).then(|| Update {
                phase: UpdatePhase::Completed,
                started: Some(now),
                message: "done".to_owned(),
            });
            running.insert(key, service);
        }
    }
}

impl Platform for FakePlatform {
    fn facts(&self) -> PlatformFacts {
        PlatformFacts {
            name: "fake".to_owned(),
            abra: "0".to_owned(),
            abra_is_stand_in: true,
            engine: "0".to_owned(),
            host_quirks: Vec::new(),
            stand_ins: Vec::new(),
        }
    }

    fn now(&self) -> Timestamp {
        sample::at(0) + SignedDuration::try_from(self.core.began.elapsed()).unwrap()
    }

    fn hint(&self) -> &Hint {
        &self.hint
    }

    fn attachment(&self) -> Attachment {
        Attachment::Instant
    }

    fn secrets(&self) -> Vec<Secret> {
        self.secrets.clone()
    }

    async fn census(&self) -> Result<Census, OpError> {
        self.core.called("census", "").await?;
        let nth = self.core.counts.lock().unwrap()["census"];
        Ok(self.censuses.get(nth - 1).or(self.censuses.last()).unwrap().clone())
    }

    async fn lint(&self, _: &App, at: &Revision, limit: Duration) -> Result<LintReport, OpError> {
        self.core.called("lint", &format!("{} {limit:?}", shown(at))).await?;
        Ok(LintReport {
            status: self.lint,
            rules_failed: Vec::new(),
            reason: None,
            text: String::new(),
        })
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> Result<(), OpError> {
        self.core
            .called(&self.of(app, "create"), &format!("{} {limit:?}{}", shown(at), env_shown(env)))
            .await
    }

    async fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> Result<(), OpError> {
        let shown = |(name, secret): &(String, Secret)| (name.clone(), secret.expose().to_owned());
        let secrets: Vec<_> = secrets.iter().map(shown).collect();
        let detail = format!("{limit:?}{}", env_shown(&secrets));
        self.core.called(&self.of(app, "insert_secrets"), &detail).await
    }

    async fn install_steps(
        &self,
        _: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        let detail = format!("{script} {limit:?}{}", env_shown(given));
        self.core.called("install_steps", &detail).await?;
        Ok(self.steps.clone())
    }

    async fn place(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> Result<(), OpError> {
        self.core.called(&self.of(app, "place"), &format!("{}{}", shown(at), env_shown(env))).await
    }

    async fn pull(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.core.called(&self.of(app, "pull"), &format!("{limit:?}")).await?;
        Ok(self.pulls.clone())
    }

    async fn deploy(&self, app: &App, at: &Revision, limit: Duration) -> Result<(), OpError> {
        self.core.called(&self.of(app, "deploy"), &format!("{} {limit:?}", shown(at))).await?;
        self.starts(app, at);
        Ok(())
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        let op = self.of(app, "observe");
        self.core.called(&op, "").await?;
        let nth = self.core.counts.lock().unwrap()[&op];
        let running = self.running.lock().unwrap();
        let own = running.iter().filter(|((stack, _), _)| *stack == app.stack.as_str());
        let services = own.map(|(_, service)| service.clone()).collect();
        let mut observation = Observation { at: self.now(), services };
        if self.is_own(app) {
            (self.look)(nth, &mut observation);
        }
        Ok(observation)
    }

    async fn logs(
        &self,
        app: &App,
        name: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        self.core.called(&self.of(app, "logs"), &format!("{name} {lines}")).await?;
        Ok(self.logs.clone())
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        self.core.called("prune", service.as_str()).await?;
        let key = (app.stack.to_string(), service.to_string());
        self.running.lock().unwrap().remove(&key);
        Ok(())
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        let op = self.of(app, "get");
        let host = if app.domain == self.domain {
            String::new()
        } else {
            format!("https://{}", app.domain)
        };
        let called = self.core.called(&op, &format!("{host}{path} {limit:?}")).await;
        let nth = self.core.counts.lock().unwrap()[&op];
        match called {
            Ok(()) if !self.is_own(app) => Ok(super::fake::answer(200, "")),
            Ok(()) => (self.ask)(nth),
            Err(error) => {
                Err(HttpError::Broken { url: path.to_owned(), reason: error.cause.evidence })
            }
        }
    }

    async fn connect(&self, _: &App, port: u16, limit: Duration) -> Result<(), ConnectError> {
        let called = self.core.called("connect", &format!("{port} {limit:?}")).await;
        let nth = self.core.counts.lock().unwrap()["connect"];
        match called {
            Ok(()) => (self.dial)(nth, port),
            Err(error) => Err(ConnectError::Unreachable { port, reason: error.cause.evidence }),
        }
    }

    async fn back_up(
        &self,
        _: &App,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Snapshot, OpError> {
        self.core.called("back_up", &format!("{into} {limit:?}")).await?;
        let id = match self.core.counts.lock().unwrap()["back_up"] {
            1 => "snap".to_owned(),
            nth => format!("snap-{nth}"),
        };
        Ok(Snapshot { id, ..Snapshot::default() })
    }

    async fn restore(&self, _: &App, from: &Snapshot, limit: Duration) -> Result<(), OpError> {
        self.core.called("restore", &format!("{} {limit:?}", from.id)).await
    }

    async fn restart(&self, _: &App, limit: Duration) -> Result<(), OpError> {
        self.core.called("restart", &format!("{limit:?}")).await
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.core.called(&self.of(app, "undeploy"), &format!("{limit:?}")).await
    }

    async fn remove_volumes(&self, _: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.core.called("remove_volumes", &format!("{limit:?}")).await?;
        Ok(self.volumes.clone())
    }

    async fn remove_data(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.core.called(&self.of(app, "remove_data"), &format!("{limit:?}")).await?;
        Ok(self.holders.clone())
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.core.called(&self.of(app, "forget"), "").await
    }
}
