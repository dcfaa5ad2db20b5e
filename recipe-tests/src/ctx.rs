//! What a seed or check has in its hands. Main type: [`Ctx`].

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};
use std::time::Duration;

use harness_backup::{Executed, Reach as _};
use harness_core::cause::CauseClass;
use harness_core::chain::Chain;
use harness_core::http::{Answer, Client, Route};
use harness_core::ledger::LedgerEntry;
use harness_core::name::{Domain, ServiceName};
use harness_core::platform::{App, Attachment, Revision};
use harness_core::run_file::{Consumer, RunFile, TrialLine};
use harness_core::secret::Secret;
use harness_core::store::{StoreSeen, Unprotected};
use harness_local::embedded;
use harness_local::world::Random;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::Access;
use crate::check::{Check, Failure};
use crate::floor::Archive;
use crate::notes::Notes;
use crate::page::Browser;
use crate::provider::Provider;
use crate::stream::{ConnectError, Place, Stream, TlsTrust};
use crate::within;

/// How long one HTTP request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(10);

/// The app under test and the ways to it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Ctx {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    run: Arc<RunFile>,
    notes: Arc<Notes>,
    access: Access,
    client: OnceLock<Client>,
    archive: OnceLock<Archive>,
    browser: Browser,
    /// Set on a server in this process, where the same seed gives the same run.
    within: Option<Within>,
}

/// What trials on a server in this process have of it.
#[derive(Clone, Debug)]
pub(crate) struct Within {
    /// The way to the app.
    pub(crate) attached: embedded::Attached,
    /// What everything random is made of.
    pub(crate) random: Arc<Mutex<Random>>,
}

impl Within {
    /// Returns the same for another app on the server.
    pub(crate) fn of(&self, app: &App) -> Self {
        Self { attached: self.attached.of(app), random: Arc::clone(&self.random) }
    }
}

impl Ctx {
    /// Returns the context of a run. Nothing is connected yet.
    pub(crate) fn new(run: Arc<RunFile>, notes: Arc<Notes>) -> Self {
        let access = Access::to(&run.app, &run.attachment);
        Self::with(run, notes, access, None)
    }

    /// Returns the context of a run on a server in this process.
    pub(crate) fn within(run: Arc<RunFile>, notes: Arc<Notes>, within: Within) -> Self {
        Self::with(run, notes, Access::within(&within.attached), Some(within))
    }

    fn with(run: Arc<RunFile>, notes: Arc<Notes>, access: Access, within: Option<Within>) -> Self {
        let (client, archive) = (OnceLock::new(), OnceLock::new());
        let browser = Browser::default();
        Self { inner: Arc::new(Inner { run, notes, access, client, archive, browser, within }) }
    }

    /// Returns the app.
    pub fn app(&self) -> &App {
        &self.inner.run.app
    }

    /// Returns the app's host name.
    pub fn domain(&self) -> &Domain {
        &self.inner.run.app.domain
    }

    /// Returns the commit under test.
    pub fn head(&self) -> &Revision {
        &self.inner.run.head
    }

    /// Returns what was deployed before it, if there was something.
    pub fn base(&self) -> Option<&Revision> {
        self.inner.run.base.as_ref()
    }

    /// Returns all that the runner says about the run.
    pub fn run(&self) -> &RunFile {
        &self.inner.run
    }

    /// Returns the app that this one was deployed for; none: it is the one under test.
    pub fn consumer(&self) -> Option<&Consumer> {
        self.inner.run.consumer.as_ref()
    }

    /// Returns a dependency of the app. A seed or a check that asks for it says so with
    /// [`Suite::needs`](crate::Suite::needs).
    ///
    /// # Errors
    /// There is none of this name among `deps`, or it is not there.
    pub fn dependency(&self, recipe: &str) -> Result<Provider, Failure> {
        let found = self.inner.run.deps.iter().find(|(name, _)| name.as_str() == recipe);
        let Some((_, dependency)) = found else {
            let text = format!("`{recipe}` is not among `deps` in recipe.toml: add it there");
            return Err(Failure::error(CauseClass::Suite, text));
        };
        match &dependency.trouble {
            Some(cause) => Err(Failure::error(cause.class, cause.evidence.clone())),
            None => {
                let client = self.fresh_http(&dependency.app.domain)?;
                Ok(Provider::new(dependency.clone(), client))
            }
        }
    }

    /// Asks the app for a path once, with a limit of 10 s. No redirect is followed.
    ///
    /// # Errors
    /// There was no whole answer. Any status is an answer.
    pub async fn get(&self, path: &str) -> Result<Answer, Failure> {
        Ok(self.http()?.get(path, REQUEST_LIMIT).await?)
    }

    /// Returns the HTTP client that this phase's seeds or checks share, cookies included. For sessions, bodies and
    /// headers there is [`Ctx::visitor`].
    ///
    /// # Errors
    /// The client cannot be set up.
    pub fn http(&self) -> Result<Client, Failure> {
        if let Some(client) = self.inner.client.get() {
            return Ok(client.clone());
        }
        let client = self.fresh_http(self.domain())?;
        Ok(self.inner.client.get_or_init(|| client).clone())
    }

    /// Returns a client of its own, without cookies, for the app's domain or another host that is the app's.
    pub(crate) fn fresh_http(&self, host: &Domain) -> Result<Client, Failure> {
        match &self.inner.within {
            Some(within) => Ok(within::client(host, &within.attached)?),
            None => Ok(Client::for_app(host, &self.route()?)?),
        }
    }

    /// Connects to a TCP port that the app publishes on the host, with a limit of 10 s.
    ///
    /// # Errors
    /// Nothing takes connections there.
    pub async fn tcp(&self, port: u16) -> Result<Stream, ConnectError> {
        self.place(port).tcp().await
    }

    /// Connects to a TCP port that the app publishes on the host and agrees on TLS, with a limit of 10 s for each.
    ///
    /// # Errors
    /// Nothing takes connections there, or they do not lead to TLS with a certificate that is accepted.
    pub async fn tls(&self, port: u16, trust: TlsTrust) -> Result<Stream, ConnectError> {
        self.place(port).tls(trust).await
    }

    /// Returns whether the deployed revision publishes a TCP port on the host.
    pub fn publishes(&self, port: u16) -> bool {
        self.inner.run.services.iter().any(|service| service.ports.contains(&port))
    }

    fn place(&self, port: u16) -> Place<'_> {
        let attachment = &self.inner.run.attachment;
        Place { domain: self.domain(), attachment, access: &self.inner.access, port }
    }

    /// Returns a client that accepts any certificate: to look at the one that is shown, never to trust an answer.
    pub(crate) fn inspecting_http(&self) -> Result<Client, Failure> {
        match &self.inner.within {
            Some(within) => Ok(within::client(self.domain(), &within.attached)?),
            None => Ok(Client::for_inspection(self.domain(), &self.route()?)?),
        }
    }

    /// Returns where the router answers and whom to trust there.
    fn route(&self) -> Result<Route, Failure> {
        install_tls();
        match &self.inner.run.attachment {
            Attachment::Swarm { https, ca, .. } => Ok(Route { https: *https, ca: ca.clone() }),
            Attachment::Embedded { https, ca, .. } => {
                Ok(Route { https: *https, ca: Some(ca.clone()) })
            }
            Attachment::InProcess | Attachment::Instant => Err(Failure::error(
                CauseClass::Harness,
                "there is no app to reach from this process",
            )),
        }
    }

    /// Runs a command in a service's running container.
    ///
    /// # Errors
    /// There is no such service or container, or the command ended with something else than 0.
    pub async fn exec(&self, service: &str, argv: &[&str]) -> Result<Executed, Failure> {
        Ok(self.inner.access.exec(&self.service(service)?, argv).await?)
    }

    /// Reads a file of a service's running container. Needs no shell there.
    ///
    /// # Errors
    /// There is no such service, container or file.
    pub async fn read_file(&self, service: &str, path: &str) -> Result<Vec<u8>, Failure> {
        Ok(self.inner.access.read_file(&self.service(service)?, path).await?)
    }

    /// Writes a file of a service's running container, also over one that is there. Only for seeds.
    ///
    /// # Errors
    /// There is no such service or container, or the path cannot be written.
    pub async fn write_file(&self, service: &str, path: &str, content: &[u8]) -> Check {
        Ok(self.inner.access.write_file(&self.service(service)?, path, content).await?)
    }

    /// Removes a file of a service's running container. Only for seeds.
    ///
    /// # Errors
    /// There is no such service, container or file.
    pub async fn remove_file(&self, service: &str, path: &str) -> Check {
        Ok(self.inner.access.remove_file(&self.service(service)?, path).await?)
    }

    /// Returns what an earlier seed kept under a key.
    ///
    /// # Errors
    /// No seed kept it, or it kept something of another shape.
    pub fn fact<T: DeserializeOwned>(&self, key: &str) -> Result<T, Failure> {
        let Some(value) = self.inner.notes.fact(key) else {
            let known = self.inner.notes.keys().join(", ");
            let text = format!("no seed kept a fact `{key}`; there are: {known}");
            return Err(Failure::error(CauseClass::Suite, text));
        };
        serde_json::from_value(value).map_err(|e| {
            Failure::error(CauseClass::Suite, format!("the fact `{key}` has another shape: {e}"))
        })
    }

    /// Returns whether something was kept under a key.
    pub(crate) fn has_fact(&self, key: &str) -> bool {
        self.inner.notes.fact(key).is_some()
    }

    /// Keeps something under a key, for the checks of this tier and all later phases.
    ///
    /// # Errors
    /// It has no form in JSON, or cannot be handed to the runner.
    pub fn keep(&self, key: &str, value: &impl Serialize) -> Check {
        let value = serde_json::to_value(value).map_err(|e| {
            Failure::error(CauseClass::Suite, format!("the fact `{key}` has no form in JSON: {e}"))
        })?;
        let kept = self.inner.notes.keep(key, value);
        kept.map_err(|e| Failure::error(CauseClass::Harness, Chain(&e).to_string()))
    }

    /// Says what became of a marker. A later word about the same marker and event counts.
    ///
    /// # Errors
    /// The runner cannot be told.
    pub(crate) fn ledger(&self, entry: &LedgerEntry) -> Check {
        let kept = self.inner.notes.ledger(entry);
        kept.map_err(|e| Failure::error(CauseClass::Harness, Chain(&e).to_string()))
    }

    /// Tells the runner which stores the backup does not hold, and how large all of them are.
    pub(crate) fn audited(&self, found: Vec<Unprotected>, stores: Vec<StoreSeen>) -> Check {
        let told = self.inner.notes.append(TrialLine::Audit { found, stores });
        told.map_err(|e| Failure::error(CauseClass::Harness, Chain(&e).to_string()))
    }

    /// Wraps a value that must appear in no log and no artefact, and lets the runner know it.
    ///
    /// # Errors
    /// The runner cannot be told.
    pub fn secret(&self, value: impl Into<String>) -> Result<Secret, Failure> {
        let secret = Secret::new(value);
        let hidden = self.inner.notes.hide(&secret);
        hidden.map_err(|e| Failure::error(CauseClass::Harness, Chain(&e).to_string()))?;
        Ok(secret)
    }

    /// Returns a text that occurs nowhere else, beginning with a word.
    pub fn unique(&self, word: &str) -> String {
        let half = || match &self.inner.within {
            Some(within) => within.random.lock().unwrap_or_else(PoisonError::into_inner).next(),
            None => RandomState::new().build_hasher().finish(),
        };
        format!("{word}-{:016x}{:016x}", half(), half())
    }

    /// Returns the way to the app on a server in this process; none on any other.
    pub(crate) fn attached_within(&self) -> Option<embedded::Attached> {
        self.inner.within.as_ref().map(|within| within.attached.clone())
    }

    /// Returns whether the harness itself is being measured and there is no app.
    pub(crate) fn is_instant(&self) -> bool {
        matches!(self.inner.run.attachment, Attachment::Instant)
    }

    /// Returns whether the app and all around it is simulated.
    pub(crate) fn is_simulated(&self) -> bool {
        match self.inner.run.attachment {
            Attachment::Swarm { .. } => false,
            Attachment::Embedded { .. } | Attachment::InProcess | Attachment::Instant => true,
        }
    }

    /// Returns the way to the containers and files, with its own errors.
    pub(crate) fn access(&self) -> &Access {
        &self.inner.access
    }

    /// Returns the browser, which may not have been started.
    pub(crate) fn browser(&self) -> &Browser {
        &self.inner.browser
    }

    /// Returns a text without any secret that this process knows.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.inner.notes.scrub(text)
    }

    /// Returns the place for the archive of the backup, which is read once.
    pub(crate) fn archive(&self) -> &OnceLock<Archive> {
        &self.inner.archive
    }

    pub(crate) fn service(&self, name: &str) -> Result<ServiceName, Failure> {
        let known = &self.inner.run.services;
        if let Some(service) = known.iter().find(|s| s.name.as_str() == name) {
            return Ok(service.name.clone());
        }
        let names: Vec<_> = known.iter().map(|s| s.name.as_str()).collect();
        let text = format!("the recipe defines no service `{name}`; it has: {}", names.join(", "));
        Err(Failure::error(CauseClass::Suite, text))
    }
}

/// Sets the process's crypto provider, right before the first client is made: it costs too much for a process that
/// makes none.
pub(crate) fn install_tls() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        // An error says that one is set already, which is as good.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    });
}
