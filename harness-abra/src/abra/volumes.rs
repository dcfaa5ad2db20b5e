//! `abra app volume rm`.

use std::time::Duration;

use harness_core::name::Domain;

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Removes all volumes of an app that is not deployed. None to remove is fine.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn remove_volumes(&self, domain: &Domain, limit: Duration) -> Result<(), AbraError> {
        let args = ["app", "volume", "rm", "--no-input", "--offline", "--force", domain.as_str()];
        match self.run("app volume rm", &args, limit).await {
            Ok(_) => Ok(()),
            Err(error) if error.says("no volumes") => Ok(()),
            Err(error) => Err(error),
        }
    }
}
