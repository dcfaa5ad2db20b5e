//! Why a page could not be had, opened or used. Main type: [`PageError`].

use std::time::Duration;

use harness_core::browser::how_to_install;
use harness_core::cause::CauseClass;
use thiserror::Error;

/// What ChromeDriver says when the browser itself, or one of its processes, has ended: no app can do that to it.
const ENDED: [&str; 5] = [
    "tab crashed",
    "chrome not reachable",
    "not connected to DevTools",
    "invalid session id",
    "session deleted",
];

/// Why a page could not be had, opened or used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The app is in this process, where no browser can go.
    #[error(
        "a browser page needs an app that answers over the network, and this one does not; a check that can do without asks `ctx.without_page()` first and skips with the reason"
    )]
    NoNetwork,
    /// A picture of the page could not be written.
    #[error("failed to write {path}: {reason}")]
    NotKept {
        /// Where to.
        path: camino::Utf8PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The browser is not installed.
    #[error(
        "expected a browser to look at the app's pages with; `{program}` is not installed: run `cargo xtask up`, or `{}`",
        how_to_install()
    )]
    Missing {
        /// What is missing.
        program: &'static str,
    },
    /// The browser could not be started.
    #[error("failed to start the browser: {0}")]
    Start(String),
    /// The path cannot be asked for.
    #[error("expected a path that begins with `/`, of the app's own domain; seen: {0:?}")]
    NoPath(String),
    /// The app said no: nothing that passes by waiting.
    #[error("expected a page at {url}; seen: status {status}, {text:?}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// How the page begins.
        text: String,
    },
    /// The browser got no page, for a reason that does not pass by waiting.
    #[error("expected a page at {url}; the browser says {reason}")]
    NoPage {
        /// What was asked for.
        url: String,
        /// Chromium's name of the error.
        reason: String,
    },
    /// The app was not ready in time.
    #[error("expected a page at {url} within {limit:?}; last seen: {last}")]
    NotReady {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: Duration,
        /// What was last seen.
        last: String,
    },
    /// An element did not come, or a script did not hold.
    #[error("expected {wanted} to be {what} within {limit:?} on {url}; seen: {seen}")]
    NotThere {
        /// Which.
        wanted: String,
        /// What it was to be, such as "visible".
        what: &'static str,
        /// The limit.
        limit: Duration,
        /// The page.
        url: String,
        /// What there was.
        seen: String,
    },
    /// A step took too long.
    #[error("expected the browser to {what} within {limit:?}")]
    TimedOut {
        /// The step.
        what: String,
        /// The limit.
        limit: Duration,
    },
    /// The browser could not do what it was told.
    #[error("expected the browser to {what}; it says: {reason}")]
    Browser {
        /// The step.
        what: String,
        /// What it says.
        reason: String,
        /// Whether what it was told makes no sense: a selector or a script.
        is_suites: bool,
    },
}

impl PageError {
    /// Returns whose doing it is.
    pub(crate) fn cause(&self) -> CauseClass {
        match self {
            Self::NoNetwork => CauseClass::Harness,
            Self::Missing { .. } | Self::Start(_) | Self::NotKept { .. } => CauseClass::Host,
            Self::NoPath(_) | Self::Browser { is_suites: true, .. } => CauseClass::Suite,
            Self::NoPage { reason, .. } if reason.contains("ERR_CERT") => CauseClass::Recipe,
            // The router is the host's: nothing of the app is asked when nobody listens there.
            Self::NotReady { last, .. } if last.contains("ERR_CONNECTION_REFUSED") => {
                CauseClass::Host
            }
            Self::Browser { reason, .. } if ENDED.iter().any(|e| reason.contains(e)) => {
                CauseClass::Host
            }
            Self::Refused { .. }
            | Self::NoPage { .. }
            | Self::NotReady { .. }
            | Self::NotThere { .. }
            | Self::TimedOut { .. }
            | Self::Browser { is_suites: false, .. } => CauseClass::App,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_names_whose_doing_it_is() {
        let url = || "https://a.test/".to_owned();
        let no_page = |reason: &str| PageError::NoPage { url: url(), reason: reason.to_owned() };
        let limit = Duration::from_secs(1);
        let not_ready =
            |last: &str| PageError::NotReady { url: url(), limit, last: last.to_owned() };
        let says = |reason: &str, is_suites| PageError::Browser {
            what: "click `p`".to_owned(),
            reason: reason.to_owned(),
            is_suites,
        };
        let browser = |is_suites| says("no", is_suites);
        for (error, cause) in [
            (PageError::Missing { program: "chromium" }, CauseClass::Host),
            (no_page("net::ERR_CERT_DATE_INVALID"), CauseClass::Recipe),
            (no_page("net::ERR_TOO_MANY_REDIRECTS"), CauseClass::App),
            (not_ready("net::ERR_CONNECTION_REFUSED"), CauseClass::Host),
            (not_ready("status 503"), CauseClass::App),
            (browser(true), CauseClass::Suite),
            (browser(false), CauseClass::App),
            (says("tab crashed (Session info: chrome=120)", false), CauseClass::Host),
            (says("disconnected: not connected to DevTools", false), CauseClass::Host),
        ] {
            assert_eq!(error.cause(), cause, "{error}");
        }
    }

    #[test]
    fn a_missing_browser_says_how_to_get_it() {
        let text = PageError::Missing { program: "chromedriver" }.to_string();
        assert!(text.contains("`cargo xtask up`") && text.contains("chromium-driver"), "{text}");
    }
}
