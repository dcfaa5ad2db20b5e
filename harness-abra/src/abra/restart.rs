//! `abra app restart`.

use std::time::Duration;

use harness_core::name::Domain;

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Scales every service of an app to nothing and back, one after another, and waits for each.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn restart(&self, domain: &Domain, limit: Duration) -> Result<(), AbraError> {
        let args = ["app", "restart", "--no-input", "--offline", "--all-services", domain.as_str()];
        self.run("app restart", &args, limit).await.map(drop)
    }
}
