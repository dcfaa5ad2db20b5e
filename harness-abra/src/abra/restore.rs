//! `abra app restore`.

use std::time::Duration;

use harness_core::name::Domain;

use super::backup::parse_created;
use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Restores a snapshot into the running app, restore hooks included, and returns the lines of the log that name an
    /// error. A hook that fails is only logged: an exit code of 0 proves nothing.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn restore(
        &self,
        domain: &Domain,
        snapshot: &str,
        limit: Duration,
    ) -> Result<Vec<String>, AbraError> {
        let args = [
            "app",
            "restore",
            "--no-input",
            "--offline",
            "--hooks",
            "--snapshot",
            snapshot,
            domain.as_str(),
        ];
        let cmd = self.cmd(&args, limit);
        let output = self.run_in_terminal("app restore", &cmd).await?;
        Ok(parse_created(&output.stdout).errors)
    }
}
