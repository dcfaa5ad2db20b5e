//! The seam between the lifecycle and where apps run. Main items: [`Platform`], [`OpError`].

use std::time::Duration;

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::cause::{Cause, CauseClass};
use crate::census::Census;
use crate::http::{Answer, HttpError};
use crate::lint::LintReport;
use crate::name::{Commit, Domain, RecipeName, RunId, ServiceName, StackName, Version};
use crate::observation::Observation;
use crate::secret::Secret;
use crate::suite::StepsRan;
use crate::wait::Hint;

/// The label of a router that plays the public internet for the containers of its engine: it names the network on
/// which it answers HTTPS on port 443.
pub const ROUTER_LABEL: &str = "cc-ci.router";

/// A deployed recipe, or one about to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct App {
    /// The recipe.
    pub recipe: RecipeName,
    /// Its host name, and its name on the platform.
    pub domain: Domain,
    /// Its stack.
    pub stack: StackName,
    /// The run that it belongs to.
    pub run: RunId,
}

/// A state of a recipe: a commit, and the release that it is or says to be.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Revision {
    /// The commit.
    pub commit: Commit,
    /// The version that its compose file names, or its tag.
    pub version: Option<Version>,
}

/// What a platform says about itself, for the results.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct PlatformFacts {
    /// `swarm` or `embedded`.
    pub name: String,
    /// What `abra --version` printed.
    pub abra: String,
    /// Whether that abra is our stand-in.
    pub abra_is_stand_in: bool,
    /// The engine's version.
    pub engine: String,
    /// What the harness works around on this host, each with what it does about it.
    pub host_quirks: Vec<String>,
    /// Which other parts are our stand-ins.
    pub stand_ins: Vec<String>,
}

/// What a trials process needs to reach the app on the platform.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "platform", rename_all = "kebab-case")]
pub enum Attachment {
    /// A Docker Engine in Swarm mode.
    Swarm {
        /// The engine's address, as in `DOCKER_HOST`.
        docker_host: String,
        /// Where the router answers HTTPS.
        https: std::net::SocketAddr,
        /// The certificate authority that signs the router's certificates, in PEM; none: the system's.
        ca: Option<Utf8PathBuf>,
    },
    /// A server simulated in the runner's process.
    Embedded {
        /// Where its control port is.
        control: std::net::SocketAddr,
        /// What every call there carries.
        token: String,
        /// Where its router answers HTTPS.
        https: std::net::SocketAddr,
        /// The certificate authority that signs its certificates, in PEM.
        ca: Utf8PathBuf,
        /// When its time began, by the clock on the wall and by its own.
        began: Timestamp,
        /// How many seconds pass there in one.
        speed: u32,
    },
    /// A server simulated in the same process, in virtual time: there is no address.
    InProcess,
    /// Nothing to reach: for measuring the harness itself.
    Instant,
}

/// What a backup made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Snapshot {
    /// Its id.
    pub id: String,
    /// When it was made, as far as the tool says.
    pub time: Option<Timestamp>,
    /// When the backup was asked for.
    #[serde(default)]
    pub began: Option<Timestamp>,
    /// The host that it names as its own, as far as the tool says.
    #[serde(default)]
    pub host: Option<String>,
    /// What the tool filed it under: the app's stack.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Every path in it, as the tool lists them.
    pub paths: Vec<String>,
    /// Its content: a `.tar.gz`.
    pub archive: Option<Utf8PathBuf>,
    /// Lines in which the backup's own log names an error of a hook.
    pub hook_errors: Vec<String>,
}

/// An operation of a platform that did not succeed.
#[derive(Debug, Error)]
#[error("failed to {op}")]
pub struct OpError {
    /// What was attempted, as it fits after "failed to".
    pub op: String,
    /// Whose fault it is, with the evidence.
    pub cause: Cause,
    /// What happened below.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl OpError {
    /// Returns an error with its cause and nothing below it.
    pub fn new(op: impl Into<String>, class: CauseClass, evidence: impl Into<String>) -> Self {
        Self { op: op.into(), cause: Cause::new(class, evidence), source: None }
    }

    /// Returns an error with its cause and what happened below it.
    pub fn from_source(
        op: impl Into<String>,
        class: CauseClass,
        source: impl std::error::Error + Send + Sync + 'static,
    ) -> Self {
        let evidence = crate::chain::Chain(&source).to_string();
        Self { op: op.into(), cause: Cause::new(class, evidence), source: Some(Box::new(source)) }
    }
}

/// A port of an app did not accept a connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// No service of what is placed publishes the port.
    #[error(
        "no service publishes TCP port {port}, and what is published is {published}: publish it, or ask the probe only `when-compose-file` names the file that does"
    )]
    NotPublished {
        /// The port.
        port: u16,
        /// The ports that are.
        published: String,
    },
    /// Nothing listens, or it closed the connection at once.
    #[error("nothing holds a connection to port {port}: {reason}")]
    Refused {
        /// The port.
        port: u16,
        /// What was seen.
        reason: String,
    },
    /// There was no connection in time.
    #[error("no connection to port {port} within {limit:?}")]
    TimedOut {
        /// The port.
        port: u16,
        /// The limit.
        limit: Duration,
    },
    /// The host or its engine cannot be asked.
    #[error("port {port} could not be tried: {reason}")]
    Unreachable {
        /// The port.
        port: u16,
        /// Why.
        reason: String,
    },
}

impl ConnectError {
    /// Returns the error of a port that is not among those that are published.
    pub fn not_published(port: u16, published: &[u16]) -> Self {
        let shown: Vec<String> = published.iter().map(ToString::to_string).collect();
        let published = if shown.is_empty() { "nothing".to_owned() } else { shown.join(", ") };
        Self::NotPublished { port, published }
    }
}

/// Where apps run. What the lifecycle needs and no more; every call carries its limit, and every error its cause.
///
/// Methods that remove things succeed when there is nothing to remove.
pub trait Platform: Send + Sync {
    /// Returns what the platform says about itself.
    fn facts(&self) -> PlatformFacts;

    /// Returns the platform's clock.
    fn now(&self) -> Timestamp;

    /// Returns what says "look again" when something changed.
    fn hint(&self) -> &Hint;

    /// Returns what a trials process needs to reach apps here.
    fn attachment(&self) -> Attachment;

    /// Returns the secrets that were generated for the app, so that they can be kept out of every artefact.
    fn secrets(&self) -> Vec<Secret>;

    /// Lists everything that exists.
    fn census(&self) -> impl Future<Output = Result<Census, OpError>> + Send;

    /// Runs the recipe's lint at a commit, away from anything that the run changes.
    fn lint(
        &self,
        app: &App,
        at: &Revision,
        limit: Duration,
    ) -> impl Future<Output = Result<LintReport, OpError>> + Send;

    /// Makes the app: its env file with these variables set, its secrets. Nothing runs yet.
    fn create(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Puts secrets in that the recipe leaves to whoever deploys it, by their names in its compose files, for an app
    /// that was made and does not run yet. No error holds a value.
    fn insert_secrets(
        &self,
        app: &App,
        secrets: &[(String, Secret)],
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Runs the suite's `install_steps.sh` for an app that was made and does not run yet. What it changes in the app's
    /// env file is what is deployed. `given` is what it is told besides: variables by name.
    fn install_steps(
        &self,
        app: &App,
        script: &str,
        given: &[(String, String)],
        limit: Duration,
    ) -> impl Future<Output = Result<StepsRan, OpError>> + Send;

    /// Puts the recipe's files at a revision in place, with what the host needs laid over, and sets more variables.
    fn place(
        &self,
        app: &App,
        at: &Revision,
        env: &[(String, String)],
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Pulls the images that the placed revision asks for and the engine lacks; returns those that it pulled.
    fn pull(
        &self,
        app: &App,
        limit: Duration,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send;

    /// Deploys the placed revision, without waiting for it to converge.
    fn deploy(
        &self,
        app: &App,
        at: &Revision,
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Reads the app's services and tasks.
    fn observe(&self, app: &App) -> impl Future<Output = Result<Observation, OpError>> + Send;

    /// Returns the last lines that a service's tasks logged, also those of tasks that ended.
    fn logs(
        &self,
        app: &App,
        service: &ServiceName,
        lines: usize,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send;

    /// Removes a service that the placed revision no longer defines.
    fn prune(
        &self,
        app: &App,
        service: &ServiceName,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Asks the app for a path through the router. No redirect is followed.
    fn get(
        &self,
        app: &App,
        path: &str,
        limit: Duration,
    ) -> impl Future<Output = Result<Answer, HttpError>> + Send;

    /// Connects by TCP to a port that the app publishes, as a client outside would, and hangs up.
    fn connect(
        &self,
        app: &App,
        port: u16,
        limit: Duration,
    ) -> impl Future<Output = Result<(), ConnectError>> + Send;

    /// Backs the app up once and returns what was made. `into` is where the content may be laid for reading.
    fn back_up(
        &self,
        app: &App,
        into: &camino::Utf8Path,
        limit: Duration,
    ) -> impl Future<Output = Result<Snapshot, OpError>> + Send;

    /// Restores the app once from a snapshot.
    fn restore(
        &self,
        app: &App,
        snapshot: &Snapshot,
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Stops every service of the app that keeps a number of tasks and starts it anew, one after another.
    fn restart(
        &self,
        app: &App,
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Stops the app and removes its services, tasks, containers and networks, and waits until they are gone.
    fn undeploy(
        &self,
        app: &App,
        limit: Duration,
    ) -> impl Future<Output = Result<(), OpError>> + Send;

    /// Removes the volumes of an app that is undeployed, and nothing else of what it kept; returns those that it removed.
    /// An error means that one may be left.
    fn remove_volumes(
        &self,
        app: &App,
        limit: Duration,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send;

    /// Removes what the app kept: volumes, secrets, configs, and containers of no stack that hold its volumes.
    /// Returns those containers, named: they are a fault of the recipe.
    fn remove_data(
        &self,
        app: &App,
        limit: Duration,
    ) -> impl Future<Output = Result<Vec<String>, OpError>> + Send;

    /// Removes the app's env file and its files in the run's private folder.
    fn forget(&self, app: &App) -> impl Future<Output = Result<(), OpError>> + Send;
}
