//! The clients of one file: one for each of the app's hosts, with its own cookies. Main type: [`Clients`].

use std::collections::BTreeMap;

use harness_core::http::Client;
use harness_core::name::Domain;

use crate::check::Failure;

/// The clients that one file made so far.
pub(super) struct Clients<'a> {
    make: &'a dyn Fn(&Domain) -> Result<Client, Failure>,
    made: BTreeMap<Domain, Client>,
}

impl<'a> Clients<'a> {
    /// Returns no client yet: a file begins without cookies.
    pub(super) const fn new(make: &'a dyn Fn(&Domain) -> Result<Client, Failure>) -> Self {
        Self { make, made: BTreeMap::new() }
    }

    /// Returns the client of a host.
    pub(super) fn of(&mut self, host: &Domain) -> Result<Client, Failure> {
        if let Some(client) = self.made.get(host) {
            return Ok(client.clone());
        }
        let client = (self.make)(host)?;
        self.made.insert(host.clone(), client.clone());
        Ok(client)
    }
}
