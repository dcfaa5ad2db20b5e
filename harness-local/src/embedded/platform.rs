//! The platform itself. Main type: [`Embedded`].

use std::time::Duration;

use camino::Utf8Path;
use harness_core::census::{Census, Item, Kind};
use harness_core::http::{Answer, HttpError};
use harness_core::lint::LintReport;
use harness_core::name::{ServiceName, StackName};
use harness_core::observation::Observation;
use harness_core::platform::{
    App, Attachment, ConnectError, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use harness_core::secret::Secret;
use harness_core::suite::StepsRan;
use harness_core::wait::Hint;
use jiff::Timestamp;

use super::loopback::Loopback;
use super::server::{Reach, Server};

/// A Co-op Cloud server simulated in this process. It ends when it is dropped.
#[derive(Debug)]
pub struct Embedded<R = Loopback> {
    pub(crate) server: Server,
    pub(super) reach: R,
}

impl<R: Reach> Platform for Embedded<R> {
    fn facts(&self) -> PlatformFacts {
        let parts = ["engine", "abra", "backup bot", "router", "app images"];
        PlatformFacts {
            name: "embedded".to_owned(),
            abra: "simulated".to_owned(),
            abra_is_stand_in: true,
            engine: format!("in memory, seed {}", self.server.seed),
            host_quirks: Vec::new(),
            stand_ins: parts.map(str::to_owned).to_vec(),
        }
    }

    fn now(&self) -> Timestamp {
        self.reach.now()
    }

    fn hint(&self) -> &Hint {
        &self.server.shared.hint
    }

    fn attachment(&self) -> Attachment {
        self.reach.attachment()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.server.apps().secrets.clone()
    }

    async fn census(&self) -> Result<Census, OpError> {
        let mut census = self.server.shared.with(|w| w.census());
        for domain in self.server.apps().known.keys() {
            let stack = Some(StackName::from(domain).to_string());
            census.items.insert(Item { kind: Kind::AppEnv, name: domain.to_string(), stack });
        }
        Ok(census)
    }

    async fn lint(&self, app: &App, at: &Revision, _: Duration) -> Result<LintReport, OpError> {
        self.server.lint_at(app, at)
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        _: Duration,
    ) -> Result<(), OpError> {
        self.server.make(app, at, env)
    }

    async fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        _: Duration,
    ) -> Result<(), OpError> {
        self.server.insert(app, secrets)
    }

    async fn install_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> Result<StepsRan, OpError> {
        self.run_steps(app, script, given, limit).await
    }

    async fn place(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> Result<(), OpError> {
        self.server.put(app, at, env)
    }

    async fn pull(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.server.pull_missing(app, limit).await
    }

    async fn deploy(&self, app: &App, at: &Revision, _: Duration) -> Result<(), OpError> {
        self.server.put_up(app, at)
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        Ok(self.server.shared.with(|w| w.observe(&app.stack)))
    }

    async fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        Ok(self.server.shared.with(|w| w.logs(&app.stack, service, lines)))
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        self.server.shared.with(|w| {
            w.remove_service(&app.stack, service);
            w.hurry(&app.stack);
        });
        Ok(())
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        self.reach.get(app, path, limit).await
    }

    async fn connect(&self, app: &App, port: u16, _: Duration) -> Result<(), ConnectError> {
        self.server.try_port(app, port)
    }

    async fn back_up(&self, app: &App, into: &Utf8Path, _: Duration) -> Result<Snapshot, OpError> {
        let keep = |name: &str, content| self.reach.keep(into, name, content);
        self.server.make_backup(app, keep)
    }

    async fn restore(&self, app: &App, snapshot: &Snapshot, _: Duration) -> Result<(), OpError> {
        self.server.put_back(app, snapshot)
    }

    async fn restart(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.server.restart(app, limit).await
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.server.take_down(app, limit).await
    }

    async fn remove_volumes(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.server.take_volumes(app, limit).await
    }

    async fn remove_data(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.server.take_away(app, limit).await
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.server.apps().known.remove(&app.domain);
        Ok(())
    }
}
