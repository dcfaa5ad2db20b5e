//! The platform itself. Main type: [`Embedded`].

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::census::{Census, Item, Kind};
use harness_core::http::{Answer, Client, HttpError, Route};
use harness_core::lint::LintReport;
use harness_core::name::{Domain, ServiceName, StackName};
use harness_core::observation::Observation;
use harness_core::platform::{
    App, Attachment, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use harness_core::recipe::Compose;
use harness_core::secret::Secret;
use harness_core::wait::Hint;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::apps::Apps;
use super::clock::Clock;
use super::settings::{EmbeddedSettings, StartError};
use super::shared::Shared;
use super::{control, serve};
use crate::app::StandIns;
use crate::router::certificates::{Certificates, default_certificate};
use crate::router::tls::server_config;
use crate::world::World;

/// A Co-op Cloud server simulated in this process. It ends when it is dropped.
#[derive(Debug)]
pub struct Embedded {
    pub(super) settings: EmbeddedSettings,
    pub(super) shared: Arc<Shared>,
    apps: Mutex<Apps>,
    clients: Mutex<std::collections::HashMap<Domain, Client>>,
    https: SocketAddr,
    control: SocketAddr,
    token: String,
    ca: Utf8PathBuf,
    _tasks: JoinSet<()>,
}

impl Embedded {
    /// Starts a simulated server on which nothing is but the router's network.
    ///
    /// # Errors
    /// Loopback, the folder or certificates cannot be had, or the suite's overlay is not to be used.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self, StartError> {
        check_overlay(settings.suite_overlay.as_deref())?;
        let now = Timestamp::now();
        let mut world = World::new(settings.seed, now, Arc::new(StandIns));
        world.create_network("proxy");
        let token = world.random().hex(32);
        let shared = Arc::new(Shared::new(world, Clock::begin(now, settings.speed)));
        let ca = settings.dir.join("ca.pem");
        let certificates = Certificates::generate(&settings.suffix, now)?;
        let written = std::fs::create_dir_all(&settings.dir)
            .and_then(|()| std::fs::write(&ca, &certificates.ca));
        written.map_err(io(format!("write {ca}")))?;
        let tls =
            server_config(&settings.suffix, &certificates.server, &default_certificate(now)?)?;
        let (https_listener, https) = listen().await?;
        let (control_listener, control) = listen().await?;
        let mut tasks = JoinSet::new();
        let driven = Arc::clone(&shared);
        tasks.spawn(async move { driven.drive().await });
        tasks.spawn(serve::serve(https_listener, Arc::new(tls), Arc::clone(&shared)));
        tasks.spawn(control::serve(control_listener, token.clone(), Arc::clone(&shared)));
        let (apps, clients) = (Mutex::default(), Mutex::default());
        Ok(Self { settings, shared, apps, clients, https, control, token, ca, _tasks: tasks })
    }

    pub(super) fn apps(&self) -> MutexGuard<'_, Apps> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, app: &App) -> Result<Client, HttpError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&app.domain) {
            return Ok(client.clone());
        }
        let route = Route { https: self.https, ca: Some(self.ca.clone()) };
        let made = Client::for_app(&app.domain, &route).map_err(|error| HttpError::Tls {
            url: format!("https://{}", app.domain),
            reason: harness_core::chain::Chain(&error).to_string(),
        })?;
        clients.insert(app.domain.clone(), made.clone());
        Ok(made)
    }
}

async fn listen() -> Result<(TcpListener, SocketAddr), StartError> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.map_err(io("listen on loopback".to_owned()))?;
    let address = listener.local_addr().map_err(io("listen on loopback".to_owned()))?;
    Ok((listener, address))
}

fn io(what: String) -> impl FnOnce(std::io::Error) -> StartError {
    move |source| StartError::Io { what, source }
}

fn check_overlay(text: Option<&str>) -> Result<(), StartError> {
    let Some(text) = text else { return Ok(()) };
    let compose = Compose::parse("compose.ccci.yml", text)?;
    match compose.services.iter().find(|s| s.image.is_some()) {
        Some(service) => Err(StartError::PinsImage { service: service.name.to_string() }),
        None => Ok(()),
    }
}

impl Platform for Embedded {
    fn facts(&self) -> PlatformFacts {
        let parts = ["engine", "abra", "backup bot", "router", "app images"];
        PlatformFacts {
            name: "embedded".to_owned(),
            abra: "simulated".to_owned(),
            abra_is_stand_in: true,
            engine: "in memory".to_owned(),
            host_quirks: Vec::new(),
            stand_ins: parts.map(str::to_owned).to_vec(),
        }
    }

    /// The clock on the wall: a run takes as long as it takes, however fast the simulated server lives.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn hint(&self) -> &Hint {
        &self.shared.hint
    }

    fn attachment(&self) -> Attachment {
        Attachment::Embedded {
            control: self.control,
            token: self.token.clone(),
            https: self.https,
            ca: self.ca.clone(),
        }
    }

    fn secrets(&self) -> Vec<Secret> {
        self.apps().secrets.clone()
    }

    async fn census(&self) -> Result<Census, OpError> {
        let mut census = self.shared.with(|w| w.census());
        for domain in self.apps().known.keys() {
            let stack = Some(StackName::from(domain).to_string());
            census.items.insert(Item { kind: Kind::AppEnv, name: domain.to_string(), stack });
        }
        Ok(census)
    }

    async fn lint(&self, app: &App, at: &Revision, _: Duration) -> Result<LintReport, OpError> {
        self.lint_at(app, at).await
    }

    async fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        _: Duration,
    ) -> Result<(), OpError> {
        self.make(app, at, env).await
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

    async fn deploy(&self, app: &App, at: &Revision, _: Duration) -> Result<(), OpError> {
        self.put_up(app, at).await
    }

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        Ok(self.shared.with(|w| w.observe(&app.stack)))
    }

    async fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> Result<Vec<String>, OpError> {
        Ok(self.shared.with(|w| w.logs(&app.stack, service, lines)))
    }

    async fn prune(&self, app: &App, service: &ServiceName) -> Result<(), OpError> {
        self.shared.with(|w| w.remove_service(&app.stack, service));
        Ok(())
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        self.client(app)?.get(path, limit).await
    }

    async fn back_up(&self, app: &App, into: &Utf8Path, _: Duration) -> Result<Snapshot, OpError> {
        self.make_backup(app, into)
    }

    async fn restore(&self, app: &App, snapshot: &Snapshot, _: Duration) -> Result<(), OpError> {
        self.put_back(app, snapshot)
    }

    async fn undeploy(&self, app: &App, limit: Duration) -> Result<(), OpError> {
        self.take_down(app, limit).await
    }

    async fn remove_data(&self, app: &App, _: Duration) -> Result<Vec<String>, OpError> {
        self.take_away(app)
    }

    async fn forget(&self, app: &App) -> Result<(), OpError> {
        self.apps().known.remove(&app.domain);
        Ok(())
    }
}
