//! Commands about apps.

use clap::{Args, Subcommand};

use super::backup::{BackupCommand, RestoreArgs};

/// Commands about apps.
#[derive(Clone, Debug, Subcommand)]
pub enum AppCommand {
    /// Create a new app.
    New(NewArgs),
    /// List all apps.
    #[command(visible_alias = "list")]
    Ls(ListArgs),
    /// Check an app's deployment.
    Ps(MachineDomainArgs),
    /// Deploy an app.
    Deploy(DeployArgs),
    /// Undeploy a deployed app.
    Undeploy(UndeployArgs),
    /// Remove an undeployed app with its secrets and volumes.
    #[command(visible_alias = "rm")]
    Remove(RemoveArgs),
    /// Follow an app's logs, for ever.
    Logs(LogsArgs),
    /// Run a command in a service's container.
    Run(RunArgs),
    /// Run a function of the recipe's abra.sh.
    #[command(visible_alias = "command")]
    Cmd(CmdArgs),
    /// List the services of a deployed app.
    Services(DomainArgs),
    /// Compare an app's settings with the sample.
    Check(DomainArgs),
    /// Deploy a newer version.
    Upgrade(MoveArgs),
    /// Deploy an older version.
    Rollback(MoveArgs),
    /// Restart services.
    Restart(RestartArgs),
    /// Manage secrets.
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Manage volumes.
    #[command(subcommand)]
    Volume(VolumeCommand),
    /// Manage backups.
    #[command(subcommand)]
    Backup(BackupCommand),
    /// Restore a backup.
    Restore(RestoreArgs),
}

impl AppCommand {
    /// Returns whether it was asked for machine output.
    pub fn machine(&self) -> bool {
        match self {
            Self::Ls(args) => args.machine,
            Self::Ps(args) => args.machine,
            Self::Secret(SecretCommand::Generate(args)) => args.machine,
            Self::Secret(SecretCommand::Ls(args)) => args.machine,
            Self::Backup(BackupCommand::Snapshots(args)) => args.machine,
            Self::New(_)
            | Self::Deploy(_)
            | Self::Undeploy(_)
            | Self::Remove(_)
            | Self::Logs(_)
            | Self::Run(_)
            | Self::Cmd(_)
            | Self::Services(_)
            | Self::Check(_)
            | Self::Upgrade(_)
            | Self::Rollback(_)
            | Self::Restart(_)
            | Self::Secret(SecretCommand::Insert(_) | SecretCommand::Rm(_))
            | Self::Volume(_)
            | Self::Backup(
                BackupCommand::Create(_) | BackupCommand::List(_) | BackupCommand::Download(_),
            )
            | Self::Restore(_) => false,
        }
    }
}

/// Arguments of `app new`.
#[derive(Clone, Debug, Args)]
pub struct NewArgs {
    /// The recipe.
    pub recipe: String,
    /// A tag or commit; the newest release when not given.
    pub version: Option<String>,
    /// The server.
    #[arg(short, long)]
    pub server: Option<String>,
    /// The domain.
    #[arg(short = 'D', long)]
    pub domain: Option<String>,
    /// Generate all secrets.
    #[arg(short = 'S', long)]
    pub secrets: bool,
    /// Store the secrets in a local pass store (not done by this stand-in).
    #[arg(short, long)]
    pub pass: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Arguments of `app ls`.
#[derive(Clone, Debug, Args)]
pub struct ListArgs {
    /// Ask the servers what is deployed.
    #[arg(short = 'S', long)]
    pub status: bool,
    /// Only this server.
    #[arg(short, long)]
    pub server: Option<String>,
    /// Only this recipe.
    #[arg(short, long)]
    pub recipe: Option<String>,
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
}

/// The arguments of commands that only need an app.
#[derive(Clone, Debug, Args)]
pub struct DomainArgs {
    /// The app.
    pub domain: String,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// The arguments of commands that need an app and can print JSON.
#[derive(Clone, Debug, Args)]
pub struct MachineDomainArgs {
    /// The app.
    pub domain: String,
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Arguments of `app deploy`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag of the command line")]
pub struct DeployArgs {
    /// The app.
    pub domain: String,
    /// A tag or commit.
    pub version: Option<String>,
    /// Deploy the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
    /// Deploy over what runs.
    #[arg(short, long)]
    pub force: bool,
    /// Do not compare the domain's address with the server's.
    #[arg(short = 'D', long)]
    pub no_domain_checks: bool,
    /// Return as soon as the stack is applied.
    #[arg(short = 'c', long)]
    pub no_converge_checks: bool,
    /// Deploy the newest release whatever the settings say.
    #[arg(short, long)]
    pub latest: bool,
}

/// Arguments of `app upgrade` and `app rollback`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per flag of the command line")]
pub struct MoveArgs {
    /// The app.
    pub domain: String,
    /// The version.
    pub version: Option<String>,
    /// Deploy although the version is the same.
    #[arg(short, long)]
    pub force: bool,
    /// Do not compare the domain's address with the server's.
    #[arg(short = 'D', long)]
    pub no_domain_checks: bool,
    /// Return as soon as the stack is applied.
    #[arg(short = 'c', long)]
    pub no_converge_checks: bool,
    /// Only print the release notes.
    #[arg(short, long)]
    pub releasenotes: bool,
}

/// Arguments of `app undeploy`.
#[derive(Clone, Debug, Args)]
pub struct UndeployArgs {
    /// The app.
    pub domain: String,
    /// Prune unused images and networks afterwards (not done by this stand-in).
    #[arg(short, long)]
    pub prune: bool,
}

/// Arguments of `app remove`.
#[derive(Clone, Debug, Args)]
pub struct RemoveArgs {
    /// The app.
    pub domain: String,
    /// Do not ask.
    #[arg(short, long)]
    pub force: bool,
}

/// Arguments of `app logs`.
#[derive(Clone, Debug, Args)]
pub struct LogsArgs {
    /// The app.
    pub domain: String,
    /// Only this service.
    pub service: Option<String>,
    /// Only standard error.
    #[arg(short = 's', long = "stdErr")]
    pub std_err: bool,
    /// Only lines since this time (seconds of the Unix epoch).
    #[arg(short = 'S', long)]
    pub since: Option<i32>,
}

/// Arguments of `app run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// The app.
    pub domain: String,
    /// The service.
    pub service: String,
    /// Do not ask for a terminal.
    #[arg(short = 't', long)]
    pub no_tty: bool,
    /// The user.
    #[arg(short, long)]
    pub user: Option<String>,
    /// The command.
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub argv: Vec<String>,
}

/// Arguments of `app cmd`: `<domain> <service> <function> [-- args]`, `<domain> <function> --local`, `list <domain>`.
#[derive(Clone, Debug, Args)]
pub struct CmdArgs {
    /// The app and what to run.
    #[arg(required = true)]
    pub words: Vec<String>,
    /// Run the function on this machine.
    #[arg(short, long)]
    pub local: bool,
    /// The user.
    #[arg(short, long)]
    pub user: Option<String>,
    /// Ask for a terminal.
    #[arg(short = 'T', long)]
    pub tty: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
    /// The function's arguments.
    #[arg(last = true)]
    pub args: Vec<String>,
}

/// Arguments of `app restart`.
#[derive(Clone, Debug, Args)]
pub struct RestartArgs {
    /// The app.
    pub domain: String,
    /// The service.
    pub service: Option<String>,
    /// All services.
    #[arg(short, long)]
    pub all_services: bool,
}

/// Commands about secrets.
#[derive(Clone, Debug, Subcommand)]
pub enum SecretCommand {
    /// Generate secrets.
    Generate(SecretGenerateArgs),
    /// Insert a secret.
    Insert(SecretInsertArgs),
    /// Remove secrets.
    #[command(visible_alias = "remove")]
    Rm(SecretRemoveArgs),
    /// List secrets.
    #[command(visible_alias = "list")]
    Ls(MachineDomainArgs),
}

/// Arguments of `app secret generate`.
#[derive(Clone, Debug, Args)]
pub struct SecretGenerateArgs {
    /// The app.
    pub domain: String,
    /// The secret.
    pub secret: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// All secrets.
    #[arg(short, long)]
    pub all: bool,
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
    /// Store the secrets in a local pass store (not done by this stand-in).
    #[arg(short, long)]
    pub pass: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Arguments of `app secret insert`.
#[derive(Clone, Debug, Args)]
pub struct SecretInsertArgs {
    /// The app.
    pub domain: String,
    /// The secret.
    pub secret: String,
    /// Its version.
    pub version: String,
    /// The value, or with --file the file that holds it.
    pub data: String,
    /// Read the value from a file.
    #[arg(short, long)]
    pub file: bool,
    /// Cut white space off both ends.
    #[arg(short, long)]
    pub trim: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Arguments of `app secret rm`.
#[derive(Clone, Debug, Args)]
pub struct SecretRemoveArgs {
    /// The app.
    pub domain: String,
    /// The secret.
    pub secret: Option<String>,
    /// All secrets.
    #[arg(short, long)]
    pub all: bool,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Commands about volumes.
#[derive(Clone, Debug, Subcommand)]
pub enum VolumeCommand {
    /// List an app's volumes.
    #[command(visible_alias = "list")]
    Ls(DomainArgs),
    /// Remove an app's volumes.
    #[command(visible_alias = "remove")]
    Rm(VolumeRemoveArgs),
}

/// Arguments of `app volume rm`.
#[derive(Clone, Debug, Args)]
pub struct VolumeRemoveArgs {
    /// The app.
    pub domain: String,
    /// Only this volume, without the stack.
    pub volume: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    pub force: bool,
}
