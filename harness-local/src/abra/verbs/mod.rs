//! The commands, one file per concern. Each is a thin shell over the pure parts beside this folder.

mod backup;
mod deploy;
mod inspect;
mod lint;
mod list;
mod moves;
mod new;
mod prepare;
mod recipe;
mod remove;
mod rollout;
mod run;
mod secret;
mod server;
mod volume;

pub(super) use backup::{backup_create, backup_download, backup_list, backup_snapshots, restore};
pub(super) use deploy::{deploy, undeploy};
pub(super) use inspect::{check, logs, ps, services};
pub(super) use lint::lint;
pub(super) use list::ls;
pub(super) use moves::{rollback, upgrade};
pub(super) use new::new;
pub(super) use recipe::{recipe_fetch, recipe_list, recipe_versions};
pub(super) use remove::remove;
pub(super) use run::{cmd, restart, run};
pub(super) use secret::{secret_generate, secret_insert, secret_ls, secret_rm};
pub(super) use server::{server_add, server_ls};
pub(super) use volume::{volume_ls, volume_rm};

pub use backup::BackupError;
pub use new::NewError;
pub use rollout::DeployError;
pub use run::RunError;
pub use volume::VolumeError;
