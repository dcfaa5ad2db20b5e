//! A dependency of the app as seeds and checks have it. Main type: [`Provider`].

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::http::Client;
use harness_core::name::Domain;
use harness_core::run_file::Dependency;
use harness_core::secret::Secret;
use harness_sso::{Consent, Login};
use serde::de::DeserializeOwned;

use crate::check::Failure;

/// How long one request of a login may take: a first one makes an account.
const REQUEST: Duration = Duration::from_secs(30);

/// A dependency of the app that came up, with what its suite provides.
#[derive(Clone, Debug)]
pub struct Provider {
    dependency: Dependency,
    client: Client,
}

impl Provider {
    pub(crate) const fn new(dependency: Dependency, client: Client) -> Self {
        Self { dependency, client }
    }

    /// Returns an HTTP client for it, without cookies.
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns a login of somebody whom it has never seen, without consent to whatever it asks.
    ///
    /// # Errors
    /// The way to it cannot be set up anew.
    pub fn login(&self, user: &str, password: &Secret) -> Result<Login, Failure> {
        Ok(Login {
            provider: self.client.stranger()?,
            user: user.to_owned(),
            password: password.clone(),
            consent: Consent::Withheld,
            limit: REQUEST,
        })
    }

    /// Returns its host name.
    pub const fn domain(&self) -> &Domain {
        &self.dependency.app.domain
    }

    /// Returns what its suite provides under a key.
    ///
    /// # Errors
    /// It provides nothing under it, or something of another shape.
    pub fn fact<T: DeserializeOwned>(&self, key: &str) -> Result<T, Failure> {
        let recipe = &self.dependency.app.recipe;
        let facts = &self.dependency.facts;
        let Some(value) = facts.get(key) else {
            let known = facts.keys().cloned().collect::<Vec<_>>().join(", ");
            let text = format!("the suite of `{recipe}` provides no `{key}`; there are: {known}");
            return Err(Failure::error(CauseClass::Suite, text));
        };
        serde_json::from_value(value.clone()).map_err(|error| {
            let text = format!("`{key}` of `{recipe}` has another shape: {error}");
            Failure::error(CauseClass::Suite, text)
        })
    }
}
