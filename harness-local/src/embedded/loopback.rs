//! Reaching the simulated server over loopback, in real time: apps answer HTTPS, trials are processes of their own.
//! Main type: [`Loopback`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::http::{Answer, Client, HttpError, Route};
use harness_core::name::Domain;
use harness_core::platform::{App, Attachment};
use harness_core::process::BaseEnv;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::clock::Clock;
use super::platform::Embedded;
use super::server::{Reach, Server};
use super::settings::{EmbeddedSettings, StartError};
use super::shared::Shared;
use super::{control, serve};
use crate::app::StandIns;
use crate::router::certificates::{Certificates, default_certificate};
use crate::router::tls::server_config;
use crate::world::World;

/// Addresses on loopback, and a certificate of the run's own.
#[derive(Debug)]
pub struct Loopback {
    clients: Mutex<HashMap<Domain, Client>>,
    https: SocketAddr,
    control: SocketAddr,
    token: String,
    ca: Utf8PathBuf,
    began: Timestamp,
    speed: u32,
    dir: Utf8PathBuf,
    base_env: BaseEnv,
    _tasks: JoinSet<()>,
}

impl Embedded<Loopback> {
    /// Starts a simulated server on which nothing is but the router's network. It ends when it is dropped.
    ///
    /// # Errors
    /// Loopback, the folder or certificates cannot be had.
    pub async fn start(settings: EmbeddedSettings) -> Result<Self, StartError> {
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
        let tls = Arc::new(tls);
        tasks.spawn(serve::serve(https_listener, Arc::clone(&tls), Arc::clone(&shared)));
        let controlled = control::serve(control_listener, token.clone(), tls, Arc::clone(&shared));
        tasks.spawn(controlled);
        let clients = Mutex::default();
        let (dir, base_env, speed) = (settings.dir, settings.base_env, settings.speed.max(1));
        let reach = Loopback {
            clients,
            https,
            control,
            token,
            ca,
            began: now,
            speed,
            dir,
            base_env,
            _tasks: tasks,
        };
        let recipes =
            std::iter::once((settings.files, settings.laid)).chain(settings.others).collect();
        Ok(Self { server: Server::new(settings.seed, recipes, shared), reach })
    }
}

impl Loopback {
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

impl Reach for Loopback {
    /// The clock on the wall: a run takes as long as it takes, however fast the simulated server lives.
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn attachment(&self) -> Attachment {
        Attachment::Embedded {
            control: self.control,
            token: self.token.clone(),
            https: self.https,
            ca: self.ca.clone(),
            began: self.began,
            speed: self.speed,
        }
    }

    async fn get(&self, app: &App, path: &str, limit: Duration) -> Result<Answer, HttpError> {
        self.client(app)?.get(path, limit).await
    }

    fn host(&self) -> Option<(&Utf8Path, &BaseEnv)> {
        Some((&self.dir, &self.base_env))
    }

    fn keep(&self, into: &Utf8Path, name: &str, content: Vec<u8>) -> std::io::Result<Utf8PathBuf> {
        std::fs::create_dir_all(into)?;
        let path = into.join(name);
        std::fs::write(&path, content)?;
        Ok(path)
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
