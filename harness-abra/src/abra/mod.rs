//! The `abra` command line: one module per verb, each of arguments, a run and a pure reading of what came back.
//!
//! Main types: [`Abra`] (how it is started), [`AbraError`] (what it said and whose fault that is). Long flags only,
//! always `--no-input`, English, a neutral working folder and a private `ABRA_DIR`. Exit codes are not trusted where
//! abra.md says that they say nothing.

mod app_new;
mod backup;
mod classify;
mod deploy;
mod driver;
mod error;
mod lint;
mod lint_table;
mod remove;
mod restart;
mod restore;
mod secrets;
mod undeploy;
mod version;
mod volumes;

pub use backup::{Created, Listed, parse_created, parse_paths, parse_snapshots};
pub use classify::{classify, fatal_line};
pub use deploy::DeployAs;
pub use driver::Abra;
pub use error::AbraError;
pub use lint_table::parse_lint;
pub use secrets::parse_generated;
pub use version::{AbraVersion, LOWEST, VersionError, parse_version};

#[cfg(test)]
mod total_tests;
