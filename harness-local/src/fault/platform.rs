//! The seam's verbs on a server on which things go wrong.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::cause::CauseClass;
use harness_core::census::Census;
use harness_core::http::{Answer, HttpError};
use harness_core::lint::LintReport;
use harness_core::name::ServiceName;
use harness_core::observation::Observation;
use harness_core::platform::{
    App, Attachment, ConnectError, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use harness_core::secret::Secret;
use harness_core::suite::StepsRan;
use harness_core::wait::Hint;
use jiff::Timestamp;

use super::faulty::{Faulty, Goes, UNANSWERED};
use super::script::Call;
use crate::embedded::Reach;

/// How long placing files and removing a service may take.
const CLONE: Duration = Duration::from_secs(60);
const PRUNE: Duration = Duration::from_secs(60);

/// How long reading a service's logs may take.
const LOGS: Duration = Duration::from_secs(3);

impl<R: Reach> Faulty<R> {
    /// Does a call's work as well as it goes.
    async fn call<V>(
        &self,
        call: Call,
        app: Option<&App>,
        limit: Duration,
        work: impl AsyncFnOnce() -> Result<V, OpError>,
    ) -> Result<V, OpError> {
        let error = |class, text: String| Err(OpError::new(call.word(), class, text));
        let goes = self.enter(call, app).await?;
        let works = match goes {
            Goes::On => return work().await,
            Goes::Hangs { works } | Goes::Fails { works } => works,
            Goes::Refused => true,
            Goes::Unusable(state) => {
                let text = format!("the repository of the backup agent {state}");
                return error(CauseClass::Host, text);
            }
        };
        if works {
            drop(work().await);
        }
        match goes {
            Goes::Hangs { .. } => {
                self.shared().pass(limit).await;
                let class = if call.is_command() { CauseClass::Harness } else { CauseClass::Host };
                error(class, format!("it ran past its limit of {limit:?} and was ended"))
            }
            Goes::Refused => {
                let text = "a secret's name must be 64 characters or fewer";
                error(CauseClass::Recipe, text.to_owned())
            }
            Goes::On | Goes::Fails { .. } | Goes::Unusable(_) => {
                error(CauseClass::Host, "no space left on device".to_owned())
            }
        }
    }
}

impl<R: Reach> Platform for Faulty<R> {
    fn facts(&self) -> PlatformFacts {
        let mut facts = self.inner.facts();
        // Nobody may take such a run for one of the recipe as it is.
        facts.host_quirks.extend(self.faults().iter().map(|f| format!("on purpose: {f}")));
        facts
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    fn hint(&self) -> &Hint {
        self.inner.hint()
    }

    fn attachment(&self) -> Attachment {
        self.inner.attachment()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.inner.secrets()
    }

    async fn census(&self) -> Result<Census, OpError> {
        self.call(Call::Census, None, UNANSWERED, async || self.inner.census().await).await
    }

    async fn lint(&self, app: &App, at: &Revision, limit: Duration) -> Result<LintReport, OpError> {
        let work = async || self.inner.lint(app, at, limit).await;
        self.call(Call::Lint, Some(app), limit, work).await
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> Result<(), OpError> {
        let work = async || self.inner.create(app, at, env, limit).await;
        self.call(Call::Create, Some(app), limit, work).await
    }

    async fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> Result<(), OpError> {
        let work = async || self.inner.insert_secrets(app, secrets, limit).await;
        // A part of the making, which fails as that does.
        self.call(Call::Create, Some(app), limit, work).await
    }

    async fn install_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        let work = async || self.inner.install_steps(app, script, given, limit).await;
        self.call(Call::InstallSteps, Some(app), limit, work).await
    }

    async fn place(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> Result<(), OpError> {
        let work = async || {
            let really = self.really(at);
            self.inner.place(app, &really, env).await
        };
        self.call(Call::Place, Some(app), CLONE, work).await
    }

    async fn pull(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        let work = async || self.inner.pull(app, limit).await;
        let pulled = self.call(Call::Pull, Some(app), limit, work).await;
        self.shared().with(|w| w.trouble().images_from(None));
        pulled
    }

    async fn deploy(&self, app: &App, at: &Revision, limit: Duration) -> Result<(), OpError> {
        let work = async || {
            let placed = self.placed(at);
            let done = self.inner.deploy(app, &placed, limit).await;
            if done.is_ok() {
                self.note_deployed(&placed.commit);
            }
            done
        };
        self.call(Call::Deploy, Some(app), limit, work).await
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        let work = async || self.inner.observe(app).await;
        self.call(Call::Observe, Some(app), UNANSWERED, work).await
    }

    async fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        let work = async || self.inner.logs(app, service, lines).await;
        self.call(Call::Logs, Some(app), LOGS, work).await
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        let work = async || self.inner.prune(app, service).await;
        self.call(Call::Prune, Some(app), PRUNE, work).await
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        let url = format!("https://{}{path}", app.domain);
        let refused = |e: OpError| HttpError::Connect { url: url.clone(), reason: e.to_string() };
        match self.enter(Call::Get, Some(app)).await.map_err(refused)? {
            Goes::On | Goes::Refused | Goes::Unusable(_) => self.inner.get(app, path, limit).await,
            Goes::Hangs { .. } => {
                self.shared().pass(limit).await;
                Err(HttpError::TimedOut { url, limit })
            }
            Goes::Fails { .. } => {
                Err(HttpError::Connect { url, reason: "connection refused".to_owned() })
            }
        }
    }

    async fn connect(&self, app: &App, port: u16, limit: Duration) -> Result<(), ConnectError> {
        let unreachable = |e: OpError| ConnectError::Unreachable { port, reason: e.cause.evidence };
        match self.enter(Call::Connect, Some(app)).await.map_err(unreachable)? {
            Goes::On | Goes::Refused | Goes::Unusable(_) => {
                self.inner.connect(app, port, limit).await
            }
            Goes::Hangs { .. } => {
                self.shared().pass(limit).await;
                Err(ConnectError::TimedOut { port, limit })
            }
            Goes::Fails { .. } => {
                Err(ConnectError::Unreachable { port, reason: "network is unreachable".to_owned() })
            }
        }
    }

    async fn back_up(
        &self,
        app: &App,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Snapshot, OpError> {
        let work = async || self.inner.back_up(app, into, limit).await;
        self.call(Call::BackUp, Some(app), limit, work).await
    }

    async fn restore(
        &self,
        app: &App,
        snapshot: &Snapshot,
        limit: Duration,
    ) -> Result<(), OpError> {
        let work = async || self.inner.restore(app, snapshot, limit).await;
        self.call(Call::Restore, Some(app), limit, work).await
    }

    async fn restart(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let work = async || self.inner.restart(app, limit).await;
        self.call(Call::Restart, Some(app), limit, work).await
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let work = async || self.inner.undeploy(app, limit).await;
        self.call(Call::Undeploy, Some(app), limit, work).await
    }

    async fn remove_volumes(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        let work = async || self.inner.remove_volumes(app, limit).await;
        self.call(Call::RemoveVolumes, Some(app), limit, work).await
    }

    async fn remove_data(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        let work = async || self.inner.remove_data(app, limit).await;
        self.call(Call::RemoveData, Some(app), limit, work).await
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.call(Call::Forget, Some(app), UNANSWERED, async || self.inner.forget(app).await).await
    }
}
