//! One invocation: command line in, words on the screen, exit code out.

use camino::Utf8PathBuf;
use clap::Parser;
use harness_core::chain::Chain;
use harness_core::process::BaseEnv;

use super::cli::{
    AppCommand, BackupCommand, Cli, Command, Global, RecipeCommand, SecretCommand, ServerCommand,
    VolumeCommand,
};
use super::fatal::Fatal;
use super::layout::AbraDir;
use super::screen::Screen;
use super::verbs;
use crate::engine::Docker;

/// What `abra --version` prints: the version that is played, and that it is played.
pub const VERSION: &str = "abra version 0.13.0-beta-stand-in";

/// What an invocation finds around it, read once by `main`.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `$ABRA_DIR`, or `~/.abra`.
    pub dir: AbraDir,
    /// The environment of children.
    pub base: BaseEnv,
    /// The engine of the server `default`.
    pub docker_host: String,
    /// The working folder: downloads go there.
    pub cwd: Utf8PathBuf,
    /// Whether standard input is a terminal.
    pub has_terminal: bool,
    /// Whether tables are printed without a terminal (`ABRA_CI=1`).
    pub is_ci: bool,
}

/// One invocation under way.
#[derive(Debug)]
pub struct Abra {
    /// What it found around it.
    pub settings: Settings,
    /// Flags that every command takes.
    pub global: Global,
    /// Where its words go.
    pub screen: Screen,
}

/// Runs a command line (program name first) and returns the exit code: 0, or 1 after a `FATA` line.
pub async fn run(settings: Settings, argv: &[String], mut screen: Screen) -> u8 {
    let cli = match Cli::try_parse_from(argv) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            screen.line(error.render());
            return 0;
        }
        Err(error) => {
            let text = error.render().to_string();
            screen.fatal(text.lines().next().unwrap_or_default().trim_start_matches("error: "));
            return 1;
        }
    };
    if cli.version {
        screen.line(VERSION);
        return 0;
    }
    let Some(command) = cli.command else {
        screen.fatal("no command given: try abra --help");
        return 1;
    };
    screen.debug = cli.global.debug;
    screen.log_to_stderr = cli.global.debug || command.machine();
    screen.tables = settings.has_terminal || settings.is_ci;
    let mut abra = Abra { settings, global: cli.global, screen };
    match abra.command(&command).await {
        Ok(()) => 0,
        Err(fatal) => {
            abra.screen.fatal(Chain(&fatal));
            1
        }
    }
}

impl Abra {
    /// Connects to the engine.
    pub(super) async fn engine(&self) -> Result<Docker, Fatal> {
        Ok(Docker::connect(&self.settings.docker_host, &self.settings.base).await?)
    }

    /// Asks whether to go on; under `--no-input` the answer is yes.
    pub(super) fn proceed(&mut self, what: &'static str) -> Result<(), Fatal> {
        if self.global.no_input {
            return Ok(());
        }
        self.screen.line("proceed? [y/N]");
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        let agreed = read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes");
        if agreed { Ok(()) } else { Err(Fatal::Cancelled(what)) }
    }

    async fn command(&mut self, command: &Command) -> Result<(), Fatal> {
        match command {
            Command::App(command) => self.app(command).await,
            Command::Recipe(RecipeCommand::Fetch(args)) => verbs::recipe_fetch(self, args).await,
            Command::Recipe(RecipeCommand::Versions(args)) => verbs::recipe_versions(self, args),
            Command::Recipe(RecipeCommand::Lint(args)) => verbs::lint(self, args).await,
            Command::Recipe(RecipeCommand::List(args)) => verbs::recipe_list(self, args),
            Command::Server(ServerCommand::Ls(args)) => verbs::server_ls(self, args),
            Command::Server(ServerCommand::Add(args)) => verbs::server_add(self, args),
        }
    }

    async fn app(&mut self, command: &AppCommand) -> Result<(), Fatal> {
        match command {
            AppCommand::New(args) => verbs::new(self, args).await,
            AppCommand::Ls(args) => verbs::ls(self, args).await,
            AppCommand::Ps(args) => verbs::ps(self, args).await,
            AppCommand::Deploy(args) => verbs::deploy(self, args).await,
            AppCommand::Undeploy(args) => verbs::undeploy(self, args).await,
            AppCommand::Remove(args) => verbs::remove(self, args).await,
            AppCommand::Logs(args) => verbs::logs(self, args).await,
            AppCommand::Run(args) => verbs::run(self, args).await,
            AppCommand::Cmd(args) => verbs::cmd(self, args).await,
            AppCommand::Services(args) => verbs::services(self, args).await,
            AppCommand::Check(args) => verbs::check(self, args).await,
            AppCommand::Upgrade(args) => verbs::upgrade(self, args).await,
            AppCommand::Rollback(args) => verbs::rollback(self, args).await,
            AppCommand::Restart(args) => verbs::restart(self, args).await,
            AppCommand::Secret(SecretCommand::Generate(args)) => {
                verbs::secret_generate(self, args).await
            }
            AppCommand::Secret(SecretCommand::Insert(args)) => {
                verbs::secret_insert(self, args).await
            }
            AppCommand::Secret(SecretCommand::Rm(args)) => verbs::secret_rm(self, args).await,
            AppCommand::Secret(SecretCommand::Ls(args)) => verbs::secret_ls(self, args).await,
            AppCommand::Volume(VolumeCommand::Ls(args)) => verbs::volume_ls(self, args).await,
            AppCommand::Volume(VolumeCommand::Rm(args)) => verbs::volume_rm(self, args).await,
            AppCommand::Backup(BackupCommand::Create(args)) => {
                verbs::backup_create(self, args).await
            }
            AppCommand::Backup(BackupCommand::Snapshots(args)) => {
                verbs::backup_snapshots(self, args).await
            }
            AppCommand::Backup(BackupCommand::List(args)) => verbs::backup_list(self, args).await,
            AppCommand::Backup(BackupCommand::Download(args)) => {
                verbs::backup_download(self, args).await
            }
            AppCommand::Restore(args) => verbs::restore(self, args).await,
        }
    }
}
