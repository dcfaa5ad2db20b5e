//! The simulated router's answers, whichever way they leave.

use harness_core::http::Answer;

use super::shared::Shared;
use crate::router::own_pages::{BAD_GATEWAY, HEADERS, NO_AVAILABLE_SERVER, NOT_FOUND, OwnPage};
use crate::world::{Request, Routed};

/// Takes a request through the router and returns what a client sees.
pub(super) fn answer(shared: &Shared, host: &str, asked: &Request) -> Answer {
    match shared.with(|w| w.route(host, asked)) {
        Routed::Unknown => own(NOT_FOUND),
        Routed::NoBackend => own(NO_AVAILABLE_SERVER),
        Routed::Refused => own(BAD_GATEWAY),
        Routed::Answered(answer) => {
            let body = if asked.method == "HEAD" { Vec::new() } else { answer.body };
            Answer { status: answer.status, headers: answer.headers, body, certificate: None }
        }
    }
}

fn own(page: OwnPage) -> Answer {
    Answer {
        status: page.status,
        headers: HEADERS.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: page.text.as_bytes().to_vec(),
        certificate: None,
    }
}
