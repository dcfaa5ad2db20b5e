//! The files of the folder.

use super::proposal::Proposal;
use super::{parity, settings, suite};

/// A file of a suite's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder.
    pub name: &'static str,
    /// What it holds.
    pub text: String,
}

/// Returns the files of a suite to begin with.
pub fn files(proposal: &Proposal) -> Vec<File> {
    vec![
        File { name: "recipe.toml", text: settings::text(proposal) },
        File { name: "suite.rs", text: suite::text(proposal) },
        File { name: "PARITY.md", text: parity::text(proposal) },
    ]
}
