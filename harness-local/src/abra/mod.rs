//! What abra means: which commit is checked out, how `.env` is written back, labels, lint, secrets, texts, tables.
//!
//! A stand-in for abra 0.13.0-beta, written from a description of its behavior and always labeled as a stand-in.
//! Main types: [`Abra`] (one invocation) and [`cli::Cli`] (its command line); [`run`] joins them.

mod app;
mod checkout;
pub mod cli;
mod converge;
mod fatal;
mod layout;
pub mod lint;
mod run;
mod screen;
pub(crate) mod secrets;
pub(crate) mod stamp;
mod table;
mod verbs;
mod version;

pub(crate) use app::from_sample;
pub use app::{App, AppError};
pub use checkout::CheckoutError;
pub use converge::{Convergence, judge};
pub use fatal::Fatal;
pub use layout::{AbraDir, LayoutError};
pub use run::{Abra, Settings, VERSION, run};
pub use screen::{NoTerminal, Screen};
pub use secrets::{AppSecret, SecretsError};
pub use verbs::{BackupError, DeployError, NewError, RunError, VolumeError};
pub use version::ChooseError;
