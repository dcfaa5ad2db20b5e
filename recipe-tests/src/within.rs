//! HTTP to an app on a server in this process: through the simulated router, without a socket. Main item: [`client`].

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use harness_core::http::{Answer, Asked, Client, ClientError, HttpError, Responder};
use harness_core::name::Domain;
use harness_local::embedded::Attached;
use harness_local::world::Request;

/// The simulated router as it answers for one app.
#[derive(Debug)]
struct Router {
    attached: Attached,
}

impl Responder for Router {
    fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
        let Asked { method, path, headers, body } = asked;
        let request = Request { method, path, headers, body };
        let elsewhere = || HttpError::Connect {
            url: format!("https://{}", self.attached.app().domain),
            reason: "the simulated server is in another process".to_owned(),
        };
        async move { self.attached.ask(&request).await.ok_or_else(elsewhere) }.boxed()
    }
}

/// Returns a client for an app on a server in this process.
pub(crate) fn client(domain: &Domain, attached: &Attached) -> Result<Client, ClientError> {
    Client::in_process(domain, Arc::new(Router { attached: attached.clone() }))
}
