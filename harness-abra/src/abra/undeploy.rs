//! `abra app undeploy`.

use std::time::Duration;

use harness_core::name::Domain;

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Undeploys an app. Volumes and secrets stay. One that is not deployed is fine.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn undeploy(&self, domain: &Domain, limit: Duration) -> Result<(), AbraError> {
        let args = ["app", "undeploy", "--no-input", "--offline", domain.as_str()];
        match self.run("app undeploy", &args, limit).await {
            Ok(_) => Ok(()),
            Err(error) if error.says("not deployed") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
