//! Where a navigation led. Pure: main functions [`landed`], [`network_error`].

use harness_core::http::{Answer, router_page};
use serde::Deserialize;

/// What the browser shows after a navigation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Shown {
    /// The status of the answer that the page is made of; 0 where there was none.
    pub(super) status: u16,
    /// The page's address, as the browser has it.
    pub(super) url: String,
    /// How its text begins.
    pub(super) text: String,
}

/// What a navigation led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Landing {
    /// A page.
    Page,
    /// Not ready: it may come.
    NotYet(String),
    /// The app said no.
    Refused,
    /// The browser has no page, for a reason that stays.
    NoPage(String),
}

/// The script that says what is shown.
pub(super) const SHOWN: &str = "
    const entry = performance.getEntriesByType('navigation')[0];
    return {
        status: entry ? entry.responseStatus || 0 : 0,
        url: location.href,
        text: document.body ? document.body.innerText.trim().slice(0, 200) : '',
    };";

/// Where Chromium's own pages about errors are.
const ERROR_PAGE: &str = "chrome-error://";

/// Errors of the network that pass while an app starts: the router has no app to lead to yet, or it restarts.
const PASSING: [&str; 6] = [
    "ERR_CONNECTION_REFUSED",
    "ERR_CONNECTION_RESET",
    "ERR_CONNECTION_CLOSED",
    "ERR_EMPTY_RESPONSE",
    "ERR_SOCKET_NOT_CONNECTED",
    "ERR_NETWORK_CHANGED",
];

/// Decides where a navigation led that brought something to show.
pub(super) fn landed(shown: &Shown) -> Landing {
    let Shown { status, url, text } = shown;
    let answer = Answer {
        status: *status,
        headers: Vec::new(),
        body: text.as_bytes().to_vec(),
        certificate: None,
    };
    if *status >= 500 || router_page(&answer).is_some() {
        return Landing::NotYet(format!("status {status}, {text:?}"));
    }
    if *status >= 400 {
        return Landing::Refused;
    }
    if url.starts_with(ERROR_PAGE) {
        let named = text.split_whitespace().find(|word| word.starts_with("ERR_"));
        return named.map_or_else(
            || Landing::NoPage(format!("{text:?}")),
            |error| network_error(error).unwrap_or_else(|| Landing::NoPage(error.to_owned())),
        );
    }
    Landing::Page
}

/// Decides what an error of the network means, if the text names one.
pub(super) fn network_error(text: &str) -> Option<Landing> {
    let from = text.find("ERR_")?;
    let name: String =
        text[from..].chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
    let named = format!("net::{name}");
    Some(if name == "ERR_NAME_NOT_RESOLVED" {
        Landing::NoPage(format!("{named}: it leads to another host, and a run asks its app alone"))
    } else if PASSING.contains(&name.as_str()) {
        Landing::NotYet(named)
    } else {
        Landing::NoPage(named)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(status: u16, url: &str, text: &str) -> Shown {
        Shown { status, url: url.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn only_what_is_not_ready_is_asked_again() {
        let own = "https://a.test/x";
        let error = "chrome-error://chromewebdata/";
        let looped =
            "This page isn’t working\n\nredirected you too many times.\n\nERR_TOO_MANY_REDIRECTS";
        for (status, url, text, expected) in [
            (200, own, "hello", "page"),
            // An app's own 404 is an answer, and the router's is none.
            (404, own, "404 not here", "refused"),
            (404, own, "404 page not found", "not yet"),
            (403, own, "", "refused"),
            (404, error, "This page can’t be found", "refused"),
            (500, own, "oops", "not yet"),
            (503, own, "no available server", "not yet"),
            // A page out of a cache or of a service worker has no status.
            (0, own, "hello", "page"),
            (0, error, looped, "no page"),
        ] {
            let landing = landed(&shown(status, url, text));
            let seen = match &landing {
                Landing::Page => "page",
                Landing::NotYet(_) => "not yet",
                Landing::Refused => "refused",
                Landing::NoPage(_) => "no page",
            };
            assert_eq!(seen, expected, "{status} {url} {text}: {landing:?}");
        }
    }

    #[test]
    fn a_router_that_restarts_passes_and_a_bad_certificate_stays() {
        let passing = network_error("unknown error: net::ERR_CONNECTION_REFUSED\n  (Session");
        assert_eq!(passing, Some(Landing::NotYet("net::ERR_CONNECTION_REFUSED".to_owned())));
        let stays = network_error("net::ERR_CERT_AUTHORITY_INVALID");
        assert_eq!(stays, Some(Landing::NoPage("net::ERR_CERT_AUTHORITY_INVALID".to_owned())));
        let Some(Landing::NoPage(foreign)) = network_error("net::ERR_NAME_NOT_RESOLVED") else {
            panic!("it leads nowhere");
        };
        assert!(foreign.contains("another host"), "{foreign}");
        assert_eq!(network_error("no such window"), None);
    }
}
