//! Everything that ends an invocation with `FATA` and exit code 1.

use thiserror::Error;

use super::app::AppError;
use super::checkout::CheckoutError;
use super::layout::LayoutError;
use super::lint::LintError;
use super::screen::NoTerminal;
use super::secrets::SecretsError;
use super::verbs::{BackupError, DeployError, NewError, RunError, VolumeError};
use super::version::ChooseError;
use crate::engine::EngineError;

/// Why an invocation ended with `FATA`.
#[derive(Debug, Error)]
pub enum Fatal {
    /// The command line makes no sense.
    #[error("{0}")]
    Usage(String),
    /// A prompt was refused, or nobody was there to answer it.
    #[error("{0} cancelled")]
    Cancelled(&'static str),
    /// There is no such app.
    #[error(transparent)]
    App(#[from] AppError),
    /// The recipe's checkout is not as it has to be.
    #[error(transparent)]
    Checkout(Box<CheckoutError>),
    /// No version can be chosen.
    #[error(transparent)]
    Choose(#[from] ChooseError),
    /// The recipe cannot be linted, or an error rule failed before a deploy.
    #[error(transparent)]
    Lint(Box<LintError>),
    /// The app cannot be deployed, or did not come up.
    #[error(transparent)]
    Deploy(Box<DeployError>),
    /// A new app cannot be made.
    #[error(transparent)]
    New(#[from] NewError),
    /// A secret cannot be had.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// A volume cannot be removed.
    #[error(transparent)]
    Volume(#[from] VolumeError),
    /// A command in a container failed.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A backup or restore failed.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A table was wanted without a terminal.
    #[error(transparent)]
    Terminal(#[from] NoTerminal),
    /// abra's folder cannot be read.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The engine refused or did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

impl From<harness_core::name::InvalidSwarmName> for Fatal {
    fn from(error: harness_core::name::InvalidSwarmName) -> Self {
        Self::Secrets(SecretsError::Name(error))
    }
}

/// The large errors are boxed: every command returns a [`Fatal`].
macro_rules! boxed {
    ($($variant:ident($error:ident)),+) => {
        $(impl From<$error> for Fatal {
            fn from(error: $error) -> Self {
                Self::$variant(Box::new(error))
            }
        })+
    };
}
boxed!(Checkout(CheckoutError), Lint(LintError), Deploy(DeployError));
