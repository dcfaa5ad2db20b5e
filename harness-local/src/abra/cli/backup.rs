//! Commands about backups.

use clap::{Args, Subcommand};

/// Commands about backups.
#[derive(Clone, Debug, Subcommand)]
pub enum BackupCommand {
    /// Create a snapshot.
    Create(BackupCreateArgs),
    /// List the snapshots.
    Snapshots(BackupSnapshotsArgs),
    /// List what a snapshot holds.
    #[command(visible_alias = "ls")]
    List(BackupListArgs),
    /// Download a snapshot as `backup.tar.gz` into the working folder.
    Download(BackupDownloadArgs),
}

/// Arguments of `app backup create`.
#[derive(Clone, Debug, Args)]
pub struct BackupCreateArgs {
    /// The app.
    pub domain: String,
    /// How often restic is tried again.
    #[arg(short, long, default_value = "1")]
    pub retries: String,
    /// Take the recipe as it is checked out.
    #[arg(short = 'C', long)]
    pub chaos: bool,
}

/// Arguments of `app backup snapshots`.
#[derive(Clone, Debug, Args)]
pub struct BackupSnapshotsArgs {
    /// The app.
    pub domain: String,
    /// Print JSON.
    #[arg(short, long)]
    pub machine: bool,
}

/// Arguments of `app backup list`.
#[derive(Clone, Debug, Args)]
pub struct BackupListArgs {
    /// The app.
    pub domain: String,
    /// The snapshot; the latest when not given.
    #[arg(short, long)]
    pub snapshot: Option<String>,
    /// Only below this path.
    #[arg(short, long)]
    pub path: Option<String>,
    /// Show all paths (always done by this stand-in).
    #[arg(short, long)]
    pub all: bool,
}

/// Arguments of `app backup download`.
#[derive(Clone, Debug, Args)]
pub struct BackupDownloadArgs {
    /// The app.
    pub domain: String,
    /// The snapshot; the latest when not given.
    #[arg(short, long)]
    pub snapshot: Option<String>,
    /// Only this path.
    #[arg(short, long)]
    pub path: Option<String>,
    /// Include secrets (this stand-in's snapshots hold none).
    #[arg(short = 'S', long)]
    pub secrets: bool,
    /// Include volumes (always done by this stand-in).
    #[arg(short = 'v', long)]
    pub volumes: bool,
}

/// Arguments of `app restore`.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// The app.
    pub domain: String,
    /// The snapshot; the latest when not given.
    #[arg(short, long)]
    pub snapshot: Option<String>,
    /// Restore below this folder in place of `/`.
    #[arg(short, long)]
    pub target: Option<String>,
    /// Only these volumes, separated by commas.
    #[arg(short = 'v', long)]
    pub volumes: Option<String>,
    /// Only these services, separated by commas (accepted and ignored by this stand-in).
    #[arg(short = 'c', long)]
    pub services: Option<String>,
    /// Run restore hooks (always done by this stand-in).
    #[arg(long)]
    pub hooks: bool,
}
