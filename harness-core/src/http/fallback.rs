//! Recognises the router's own pages: an answer of the router is no answer of the app.

use super::Answer;

/// The body of Traefik's answer to a host that it does not know.
pub const ROUTER_404: &str = "404 page not found";

/// The common name of the certificate that Traefik shows when it has none for a host.
pub const DEFAULT_CERTIFICATE: &str = "TRAEFIK DEFAULT CERT";

/// A page that the router made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterPage {
    /// It knows no app by this host.
    UnknownHost,
    /// It knows the app, and no task of it can be reached.
    NoBackend,
}

/// Returns which page of the router this is, if it is one. As Traefik answers: `404 page not found` with status 404;
/// 502 `Bad Gateway` or 503 `no available server` when no task answers, all as plain text.
pub fn router_page(answer: &Answer) -> Option<RouterPage> {
    let body = answer.text();
    let body = body.trim();
    match answer.status {
        404 if body == ROUTER_404 => Some(RouterPage::UnknownHost),
        502 if body == "Bad Gateway" => Some(RouterPage::NoBackend),
        503 if body == "no available server" => Some(RouterPage::NoBackend),
        504 if body == "Gateway Timeout" => Some(RouterPage::NoBackend),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), certificate: None }
    }

    #[test]
    fn the_routers_404_is_not_the_apps() {
        assert_eq!(
            router_page(&answer(404, "404 page not found\n")),
            Some(RouterPage::UnknownHost)
        );
        assert_eq!(router_page(&answer(404, "<h1>404 Not Found</h1>")), None);
        assert_eq!(router_page(&answer(200, "404 page not found")), None);
        assert_eq!(router_page(&answer(502, "Bad Gateway")), Some(RouterPage::NoBackend));
    }
}
