//! The simulated router's answers, whichever way they leave, each with the certificate that goes with it.

use harness_core::http::{Answer, DEFAULT_CERTIFICATE};

use super::shared::Shared;
use crate::router::own_pages::{BAD_GATEWAY, HEADERS, NO_AVAILABLE_SERVER, NOT_FOUND, OwnPage};
use crate::world::{Request, Routed};

/// What stands for the certificate of a host that the router knows. Over loopback a real one is shown in its place.
const OWN_CERTIFICATE: &str = "SIMULATED CERTIFICATE OF THE HOST";

/// Takes a request through the router and returns what a client sees, as soon as a slow app has it.
pub(super) async fn answer(shared: &Shared, host: &str, asked: &Request) -> Answer {
    let delay = shared.with(|w| w.delay(host, asked));
    if !delay.is_zero() {
        shared.pass(delay).await;
    }
    match shared.with(|w| w.route(host, asked)) {
        // A router has a certificate for the hosts of its rules and shows its default one to all others.
        Routed::Unknown => own(NOT_FOUND, DEFAULT_CERTIFICATE),
        Routed::NoBackend => own(NO_AVAILABLE_SERVER, OWN_CERTIFICATE),
        Routed::Refused => own(BAD_GATEWAY, OWN_CERTIFICATE),
        Routed::Answered(answer) => {
            let body = if asked.method == "HEAD" { Vec::new() } else { answer.body };
            let certificate = Some(OWN_CERTIFICATE.as_bytes().to_vec());
            Answer { status: answer.status, headers: answer.headers, body, certificate }
        }
    }
}

fn own(page: OwnPage, certificate: &str) -> Answer {
    Answer {
        status: page.status,
        headers: HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: page.text.as_bytes().to_vec(),
        certificate: Some(certificate.as_bytes().to_vec()),
    }
}
