//! What a process beside the runner uses to reach an app that is already there. Main type: [`Attached`].

use std::net::SocketAddr;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::http::{Client, ClientError, Route};
use harness_core::name::ServiceName;
use harness_core::observation::Observation;
use harness_core::platform::App;
use tokio::sync::OnceCell;

use crate::engine::{
    Engine, EngineError, ExecError, ExecOutput, FileError, Holder, Place, Seen, SeenFile,
};

/// How long a command in a container may take.
const EXEC: Duration = Duration::from_secs(60);

/// How long reading or writing a file may take.
const FILE: Duration = Duration::from_secs(20);

/// How long listing a folder may take.
const LISTING: Duration = Duration::from_secs(20);

/// A deployed app, reached over HTTP through the router and inside its containers. Making one does nothing: each
/// connection is made when it is first needed.
#[derive(Debug)]
pub struct Attached {
    docker_host: String,
    route: Route,
    app: App,
    engine: OnceCell<Engine>,
}

impl Attached {
    /// Describes an app on an engine.
    pub fn new(docker_host: &str, https: SocketAddr, ca: Option<Utf8PathBuf>, app: App) -> Self {
        let route = Route { https, ca };
        Self { docker_host: docker_host.to_owned(), route, app, engine: OnceCell::new() }
    }

    /// Returns the app.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Returns how the app is reached over HTTP.
    pub const fn route(&self) -> &Route {
        &self.route
    }

    /// Returns an HTTP client for the app, with cookies of its own.
    ///
    /// # Errors
    /// The certificate authority cannot be read, or TLS cannot be set up.
    pub fn client(&self) -> Result<Client, ClientError> {
        Client::for_app(&self.app.domain, &self.route)
    }

    /// Runs a command in the container of a service's newest running task. No shell is added.
    ///
    /// # Errors
    /// Nothing runs, the command did not end with 0 within 60 s, or the engine did not do it.
    pub async fn exec(
        &self,
        service: &ServiceName,
        argv: &[&str],
    ) -> Result<ExecOutput, ExecError> {
        self.engine().await?.exec(&self.app.stack, service, argv, EXEC).await
    }

    /// Reads a file in a service's container. No program is needed inside.
    ///
    /// # Errors
    /// Nothing runs, there is no such file, or the engine did not do it.
    pub async fn read_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
    ) -> Result<Vec<u8>, FileError> {
        self.engine().await?.read_file(self.place(service, path), FILE).await
    }

    /// Writes a file in a service's container, in place of one that is there. No program is needed inside.
    ///
    /// # Errors
    /// Nothing runs, there is no such folder, it cannot be written, or the engine did not do it.
    pub async fn write_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
        content: &[u8],
    ) -> Result<(), FileError> {
        self.engine().await?.write_file(self.place(service, path), content, FILE).await
    }

    /// Removes a file in a service's container. None to remove is fine.
    ///
    /// # Errors
    /// Nothing runs, or neither the container nor we can remove it.
    pub async fn remove_file(
        &self,
        service: &ServiceName,
        path: &Utf8Path,
    ) -> Result<(), FileError> {
        self.engine().await?.remove_file(self.place(service, path), FILE).await
    }

    /// Lists the plain files below a folder of a service's container. No program is needed inside.
    ///
    /// # Errors
    /// Nothing runs, there is no such folder, or the engine did not do it.
    pub async fn list_files(
        &self,
        service: &ServiceName,
        folder: &Utf8Path,
        seen: Seen,
    ) -> Result<Vec<SeenFile>, FileError> {
        self.engine().await?.list_files(self.place(service, folder), seen, LISTING).await
    }

    /// Reads the app's services and tasks.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn observe(&self) -> Result<Observation, EngineError> {
        self.engine().await?.observe(&self.app.stack).await
    }

    /// Returns the containers of no stack, or of another, that mount a volume of this app's stack.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn foreign_containers(&self) -> Result<Vec<Holder>, EngineError> {
        self.engine().await?.foreign_holders(&self.app.stack).await
    }

    fn place<'a>(&'a self, service: &'a ServiceName, path: &'a Utf8Path) -> Place<'a> {
        Place { stack: &self.app.stack, service, path }
    }

    async fn engine(&self) -> Result<&Engine, EngineError> {
        self.engine.get_or_try_init(|| Engine::connect(&self.docker_host)).await
    }
}
