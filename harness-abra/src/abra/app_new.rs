//! `abra app new`.

use std::time::Duration;

use harness_core::name::{Domain, RecipeName};

use super::driver::Abra;
use super::error::AbraError;

impl Abra {
    /// Makes an app's env file from the sample of the checkout as it is; chaos keeps abra from moving the checkout.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started; one that is there already is an error.
    pub async fn app_new(
        &self,
        recipe: &RecipeName,
        domain: &Domain,
        server: &str,
        limit: Duration,
    ) -> Result<(), AbraError> {
        let args = [
            "app",
            "new",
            "--no-input",
            "--offline",
            "--chaos",
            "--server",
            server,
            "--domain",
            domain.as_str(),
            recipe.as_str(),
        ];
        self.run("app new", &args, limit).await.map(drop)
    }
}
