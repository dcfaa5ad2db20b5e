//! abra's command line. Main type: [`Cli`].

mod app;
mod backup;
mod recipe;

pub use app::{
    AppCommand, CmdArgs, DeployArgs, DomainArgs, ListArgs, LogsArgs, MachineDomainArgs, MoveArgs,
    NewArgs, RemoveArgs, RestartArgs, RunArgs, SecretCommand, SecretGenerateArgs, SecretInsertArgs,
    SecretRemoveArgs, UndeployArgs, VolumeCommand, VolumeRemoveArgs,
};
pub use backup::{
    BackupCommand, BackupCreateArgs, BackupDownloadArgs, BackupListArgs, BackupSnapshotsArgs,
    RestoreArgs,
};
pub use recipe::{
    RecipeCommand, RecipeFetchArgs, RecipeLintArgs, RecipeListArgs, RecipeVersionsArgs,
    ServerAddArgs, ServerCommand, ServerListArgs,
};

use clap::{Args, Parser, Subcommand};

/// The Co-op Cloud command-line utility belt (a stand-in for tests).
#[derive(Clone, Debug, Parser)]
#[command(name = "abra", disable_version_flag = true, disable_help_subcommand = true)]
pub struct Cli {
    /// Flags that every command takes.
    #[command(flatten)]
    pub global: Global,
    /// Show the version.
    #[arg(short, long)]
    pub version: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Global {
    /// Show DEBU lines.
    #[arg(short, long, global = true)]
    pub debug: bool,
    /// Answer prompts with their default.
    #[arg(short, long, global = true)]
    pub no_input: bool,
    /// Prefer what is already here over the network.
    #[arg(short, long, global = true)]
    pub offline: bool,
}

/// The groups of commands.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Manage apps.
    #[command(subcommand, visible_alias = "a")]
    App(Box<AppCommand>),
    /// Manage recipes.
    #[command(subcommand, visible_alias = "r")]
    Recipe(RecipeCommand),
    /// Manage servers.
    #[command(subcommand, visible_alias = "s")]
    Server(ServerCommand),
}

impl Command {
    /// Returns whether it was asked for machine output, which sends log lines to standard error.
    pub fn machine(&self) -> bool {
        match self {
            Self::App(app) => app.machine(),
            Self::Recipe(RecipeCommand::Versions(args)) => args.machine,
            Self::Recipe(RecipeCommand::List(args)) => args.machine,
            Self::Recipe(RecipeCommand::Fetch(_) | RecipeCommand::Lint(_)) => false,
            Self::Server(ServerCommand::Ls(args)) => args.machine,
            Self::Server(ServerCommand::Add(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn flags_stand_anywhere() {
        for line in [
            "abra app deploy a.example.com --chaos --no-input -c -D",
            "abra -n app deploy -C --no-converge-checks a.example.com --no-domain-checks",
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert!(cli.global.no_input);
            let Some(Command::App(app)) = cli.command else { panic!("{line}") };
            let AppCommand::Deploy(args) = *app else { panic!("{line}") };
            assert!(args.chaos && args.no_converge_checks && args.no_domain_checks, "{line}");
            assert_eq!(args.domain, "a.example.com");
        }
    }

    #[test]
    fn what_follows_two_dashes_belongs_to_the_inner_command() {
        let cli =
            Cli::try_parse_from("abra app run a.b app --no-tty -- sh -c -n".split(' ')).unwrap();
        assert!(!cli.global.no_input);
        let Some(Command::App(app)) = cli.command else { panic!("no app command") };
        let AppCommand::Run(args) = *app else { panic!("not run") };
        assert_eq!(args.argv, ["sh", "-c", "-n"]);
    }

    #[test]
    fn unknown_flags_are_refused() {
        assert!(Cli::try_parse_from("abra app deploy a.b --frobnicate".split(' ')).is_err());
        assert!(Cli::try_parse_from("abra app frobnicate".split(' ')).is_err());
    }
}
