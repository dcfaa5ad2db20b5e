//! The seam's verbs, each handed to the file that does it.

use std::time::Duration;

use camino::Utf8Path;
use harness_core::census::Census;
use harness_core::http::{Answer, Client, HttpError, Route};
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

use super::blame;
use super::connect::Swarm;
use crate::engine::Stacks;

impl Platform for Swarm {
    fn facts(&self) -> PlatformFacts {
        self.facts.clone()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn hint(&self) -> &Hint {
        self.watch.hint()
    }

    fn secrets(&self) -> Vec<Secret> {
        self.known().secrets.clone()
    }

    fn attachment(&self) -> Attachment {
        Attachment::Swarm {
            docker_host: self.settings.docker_host.clone(),
            https: self.settings.https,
            ca: self.settings.ca.clone(),
        }
    }

    async fn census(&self) -> Result<Census, OpError> {
        let mut stacks = Stacks::new();
        self.watch.minded().iter().for_each(|stack| stacks.add(stack));
        let servers = self.settings.abra_home.join("servers");
        let taken = self.engine.census(&servers, stacks).await;
        taken.map_err(blame::engine("count what exists"))
    }

    async fn lint(&self, app: &App, at: &Revision, limit: Duration) -> Result<LintReport, OpError> {
        self.lint_at(app, at, limit).await
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> Result<(), OpError> {
        self.make(app, at, env, limit).await
    }

    async fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> Result<(), OpError> {
        self.insert(app, secrets, limit).await
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
        self.put(app, at, env).await
    }

    async fn pull(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.pull_missing(app, limit).await
    }

    async fn deploy(&self, app: &App, at: &Revision, limit: Duration) -> Result<(), OpError> {
        self.put_up(app, at, limit).await
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        self.watch.mind(app.stack.as_str());
        let observed = self.engine.observe(&app.stack).await;
        observed.map_err(blame::engine("observe the stack"))
    }

    async fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        let read = self.engine.logs(&app.stack, service, lines).await;
        read.map_err(blame::engine("read a service's logs"))
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        let op = format!("remove service {service} of {}", app.domain);
        let limit = self.settings.limits.prune;
        let removed = self.engine.remove_service(&app.stack, service, limit).await;
        removed.map_err(blame::remove(&op))
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        let known = self.known().clients.get(&app.domain).cloned();
        let client = match known {
            Some(client) => client,
            None => {
                let made = self.client(app)?;
                self.known().clients.insert(app.domain.clone(), made.clone());
                made
            }
        };
        client.get(path, limit).await
    }

    async fn connect(&self, app: &App, port: u16, limit: Duration) -> Result<(), ConnectError> {
        self.try_port(app, port, limit).await
    }

    async fn back_up(
        &self,
        app: &App,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Snapshot, OpError> {
        self.make_backup(app, into, limit).await
    }

    async fn restore(
        &self,
        app: &App,
        snapshot: &Snapshot,
        limit: Duration,
    ) -> Result<(), OpError> {
        self.put_back(app, snapshot, limit).await
    }

    async fn restart(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        let op = blame::op("restart", &app.domain);
        match self.abra.restart(&app.domain, limit).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.blame(op, error).await),
        }
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.take_down(app, limit).await
    }

    async fn remove_volumes(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.take_volumes(app, limit).await
    }

    async fn remove_data(&self, app: &App, limit: Duration) -> Result<Vec<String>, OpError> {
        self.take_away(app, limit).await
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.forget_files(app)
    }
}

impl Swarm {
    fn client(&self, app: &App) -> Result<Client, HttpError> {
        let route = Route { https: self.settings.https, ca: self.settings.ca.clone() };
        Client::for_app(&app.domain, &route).map_err(|error| HttpError::Tls {
            url: format!("https://{}", app.domain),
            reason: harness_core::chain::Chain(&error).to_string(),
        })
    }
}
