//! The clients of one file: one for each of the app's hosts, with its own cookies. Main type: [`Clients`].

use std::collections::BTreeMap;

use harness_core::http::Client;
use harness_core::name::Domain;

use crate::check::Failure;
use crate::ctx::Ctx;

/// The clients that one file made so far.
pub(super) struct Clients<'a> {
    ctx: &'a Ctx,
    made: BTreeMap<Domain, Client>,
}

impl<'a> Clients<'a> {
    /// Returns no client yet: a file begins without cookies.
    pub(super) const fn new(ctx: &'a Ctx) -> Self {
        Self { ctx, made: BTreeMap::new() }
    }

    /// Returns the client of a host.
    pub(super) fn of(&mut self, host: &Domain) -> Result<Client, Failure> {
        if let Some(client) = self.made.get(host) {
            return Ok(client.clone());
        }
        let client = self.ctx.fresh_http(host)?;
        self.made.insert(host.clone(), client.clone());
        Ok(client)
    }
}
