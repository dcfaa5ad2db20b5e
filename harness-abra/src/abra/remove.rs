//! `abra app remove`.

use std::time::Duration;

use harness_core::name::Domain;

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Removes the secrets, the volumes and the env file of an app that is not deployed. No such app is fine.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn remove(&self, domain: &Domain, limit: Duration) -> Result<(), AbraError> {
        let args = ["app", "remove", "--no-input", "--offline", "--force", domain.as_str()];
        match self.run("app remove", &args, limit).await {
            Ok(_) => Ok(()),
            Err(error) if error.says("cannot find app") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
