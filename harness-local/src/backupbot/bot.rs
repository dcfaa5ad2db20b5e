//! One call of the bot: which verb, for which stack, with which settings.

use camino::Utf8PathBuf;
use harness_core::chain::Chain;
use harness_core::name::{InvalidSwarmName, StackName};
use harness_core::process::BaseEnv;
use thiserror::Error;

use super::hooks::HookError;
use super::labels::{Plan, plan};
use super::log::Log;
use super::repository::{Repository, ResticError};
use super::{create, restore, show};
use crate::engine::{Docker, EngineError};

/// What a call was told, by its environment.
#[derive(Clone, Debug)]
pub struct BotSettings {
    /// `SERVICE`: the stack, or a domain whose dots become `_`.
    pub service: String,
    /// `SNAPSHOT`: a snapshot's id, or `latest`.
    pub snapshot: String,
    /// `TARGET`: where a restore goes, normally `/`.
    pub target: Utf8PathBuf,
    /// `INCLUDE_PATH`: only below this path.
    pub include_path: Option<String>,
    /// `VOLUMES`: only these volumes, without the stack.
    pub volumes: Vec<String>,
    /// `NO_COMMANDS`: whether hooks are left out.
    pub no_commands: bool,
    /// `RETRIES`: how often restic is tried; hooks run once.
    pub retries: u32,
    /// Where the engine is.
    pub docker_host: String,
    /// The environment of restic.
    pub base: BaseEnv,
    /// The repository.
    pub repository: Repository,
}

/// Why a call failed.
#[derive(Debug, Error)]
pub enum BotError {
    /// The command line makes no sense.
    #[error("expected create, restore, snapshots, ls or download, saw `{0}`")]
    Usage(String),
    /// No stack was named.
    #[error("SERVICE names no stack")]
    NoService(#[source] InvalidSwarmName),
    /// A restore needs the app to run.
    #[error("{0} is not deployed: deploy it before restoring")]
    NotDeployed(StackName),
    /// A hook could not be started.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// restic failed.
    #[error(transparent)]
    Restic(#[from] ResticError),
    /// The engine refused or did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An archive cannot be written.
    #[error("failed to write an archive")]
    Archive(#[source] std::io::Error),
}

/// A call under way.
pub(super) struct Bot<'a> {
    pub(super) settings: &'a BotSettings,
    pub(super) stack: StackName,
    pub(super) log: &'a mut Log,
}

/// Does what the arguments (without the program's name) say and returns the exit code: 0, or 1 after an error line.
pub async fn run(settings: &BotSettings, args: &[String], log: &mut Log) -> u8 {
    match call(settings, args, log).await {
        Ok(()) => 0,
        Err(error) => {
            log.error(Chain(&error));
            1
        }
    }
}

async fn call(settings: &BotSettings, args: &[String], log: &mut Log) -> Result<(), BotError> {
    let stack =
        StackName::try_from(settings.service.replace('.', "_")).map_err(BotError::NoService)?;
    let words: Vec<&str> = args.iter().map(String::as_str).filter(|word| *word != "--").collect();
    let bot = Bot { settings, stack, log };
    match words.as_slice() {
        ["create"] => create::create(bot).await,
        ["restore"] => restore::restore(bot).await,
        ["snapshots"] => show::snapshots(bot).await,
        ["ls"] => show::ls(bot).await,
        ["download"] => show::download(bot).await,
        other => Err(BotError::Usage(other.join(" "))),
    }
}

impl Bot<'_> {
    /// Connects to the engine and reads what the labels of the stack ask for; none when nothing is deployed.
    pub(super) async fn plan(&self) -> Result<(Docker, Option<Plan>), BotError> {
        let engine = Docker::connect(&self.settings.docker_host, &self.settings.base).await?;
        let services = engine.services(&self.stack).await?;
        let volumes = engine.volumes(&self.stack).await?;
        let plan = (!services.is_empty()).then(|| plan(self.stack.as_str(), &services, &volumes));
        Ok((engine, plan))
    }
}
