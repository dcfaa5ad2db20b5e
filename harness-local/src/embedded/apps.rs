//! What the simulated server knows of its apps, as abra knows it by files. Main type: [`Apps`].

use std::collections::BTreeMap;

use harness_core::cause::CauseClass;
use harness_core::name::Domain;
use harness_core::platform::{App, OpError};
use harness_core::recipe::EnvFile;
use harness_core::secret::Secret;
use jiff::Timestamp;

use super::recipe::Checkout;

/// What is known of all apps.
#[derive(Debug, Default)]
pub(super) struct Apps {
    /// Apps with an env file.
    pub(super) known: BTreeMap<Domain, Known>,
    /// The secrets that were generated.
    pub(super) secrets: Vec<Secret>,
    /// What was backed up, by id.
    pub(super) snapshots: BTreeMap<String, Kept>,
}

/// An app with an env file.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) env: EnvFile,
    pub(super) checkout: Checkout,
}

/// What was backed up.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) time: Timestamp,
    /// Volume, path below its root, content.
    pub(super) files: Vec<(String, String, Vec<u8>)>,
}

impl Apps {
    /// Returns an app that must be there.
    pub(super) fn known(&self, app: &App, op: &str) -> Result<Known, OpError> {
        let known = self.known.get(&app.domain).cloned();
        known.ok_or_else(|| {
            let text = format!("there is no app {}: create it first", app.domain);
            OpError::new(op, CauseClass::Harness, text)
        })
    }
}
