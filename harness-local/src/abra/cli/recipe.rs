//! Commands about recipes and servers.

use clap::{Args, Subcommand};

/// Commands about recipes.
#[derive(Clone, Debug, Subcommand)]
pub enum RecipeCommand {
    /// Clone recipes.
    Fetch(RecipeFetchArgs),
    /// List the published versions of a recipe.
    Versions(RecipeVersionsArgs),
    /// Lint a recipe.
    Lint(RecipeLintArgs),
    /// List the recipes of the catalogue.
    #[command(visible_alias = "ls")]
    List(RecipeListArgs),
}

/// Arguments of `recipe fetch`.
#[derive(Clone, Debug, Args)]
pub struct RecipeFetchArgs {
    /// The recipe.
    pub recipe: Option<String>,
    /// All recipes of the catalogue.
    #[arg(short, long)]
    pub all: bool,
    /// Clone again what is there.
    #[arg(short, long)]
    pub force: bool,
    /// Clone by ssh (not done by this stand-in).
    #[arg(short, long)]
    pub ssh: bool,
}

/// Arguments of `recipe versions`.
#[derive(Clone, Debug, Args)]
pub struct RecipeVersionsArgs {
    /// The recipe.
    pub recipe: String,
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
}

/// Arguments of `recipe lint`.
#[derive(Clone, Debug, Args)]
pub struct RecipeLintArgs {
    /// The recipe.
    pub recipe: String,
    /// Lint the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
    /// Only show error rules.
    #[arg(short, long)]
    pub error: bool,
}

/// Arguments of `recipe list`.
#[derive(Clone, Debug, Args)]
pub struct RecipeListArgs {
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
    /// Only recipes whose name holds this text.
    #[arg(short, long)]
    pub pattern: Option<String>,
}

/// Commands about servers.
#[derive(Clone, Debug, Subcommand)]
pub enum ServerCommand {
    /// List the servers.
    #[command(visible_alias = "list")]
    Ls(ServerListArgs),
    /// Add a server.
    Add(ServerAddArgs),
}

/// Arguments of `server ls`.
#[derive(Clone, Debug, Args)]
pub struct ServerListArgs {
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
}

/// Arguments of `server add`.
#[derive(Clone, Debug, Args)]
pub struct ServerAddArgs {
    /// The host.
    pub server: Option<String>,
    /// The engine on this machine.
    #[arg(short, long)]
    pub local: bool,
}
