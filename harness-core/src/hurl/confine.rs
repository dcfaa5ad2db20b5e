//! Which URLs are the app's own: everything else is refused before anything is sent. Main items: [`own_url`],
//! [`OwnUrl`].

use thiserror::Error;
use url::{Host, Position, Url};

use super::template::Template;
use crate::name::Domain;

/// A URL of the app under test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnUrl {
    /// The host: the app's domain, one below it, or one that is made of it by a label in front.
    pub host: Domain,
    /// The path with its query, beginning with `/`.
    pub path: String,
}

impl OwnUrl {
    /// Returns the URL as text.
    pub fn text(&self) -> String {
        format!("https://{}{}", self.host, self.path)
    }
}

/// A URL that is not the app's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Foreign {
    /// It is no URL.
    #[error("`{0}` is no URL: expected one such as `{{{{base_url}}}}/path`")]
    NoUrl(String),
    /// Another scheme.
    #[error(
        "the URL `{0}` is refused: only `https:` URLs of the app are asked; write `{{{{base_url}}}}/path`"
    )]
    Scheme(String),
    /// Another host.
    #[error(
        "the URL `{url}` is refused: its host is not the app's `{domain}`, nor below it, nor `<label>-{domain}`"
    )]
    Host {
        /// The URL.
        url: String,
        /// The app's domain.
        domain: String,
    },
    /// A user, a password or a port.
    #[error(
        "the URL `{0}` is refused: expected no user and no port in it; users go into [BasicAuth]"
    )]
    Extra(String),
}

/// Returns a URL as one of the app's own, relative to another one if it is a redirect's.
///
/// # Errors
/// It is no URL, or it leads elsewhere.
pub fn own_url(text: &str, from: Option<&OwnUrl>, domain: &Domain) -> Result<OwnUrl, Foreign> {
    let parsed = match from.and_then(|f| Url::parse(&f.text()).ok()) {
        Some(base) => base.join(text),
        None => Url::parse(text),
    };
    let shown = || super::shown(text);
    let url = parsed.map_err(|_| Foreign::NoUrl(shown()))?;
    if url.scheme() != "https" {
        return Err(Foreign::Scheme(shown()));
    }
    if !url.username().is_empty() || url.password().is_some() || url.port().is_some() {
        return Err(Foreign::Extra(shown()));
    }
    let foreign = || Foreign::Host { url: shown(), domain: domain.to_string() };
    let host = match url.host() {
        Some(Host::Domain(name)) => Domain::try_from(name.to_owned()).map_err(|_| foreign())?,
        Some(Host::Ipv4(_) | Host::Ipv6(_)) | None => return Err(foreign()),
    };
    if !is_own(host.as_str(), domain.as_str()) {
        return Err(foreign());
    }
    Ok(OwnUrl { host, path: url[Position::BeforePath..Position::AfterQuery].to_owned() })
}

fn is_own(host: &str, domain: &str) -> bool {
    let Some(before) = host.strip_suffix(domain) else { return false };
    let label = before.strip_suffix('-').is_some_and(|l| !l.is_empty() && !l.contains('.'));
    before.is_empty() || before.ends_with('.') || label
}

/// Returns why a URL can never be the app's, whatever its variables hold.
pub(super) fn refusal_of_template(url: &Template) -> Option<String> {
    let beginning = url.beginning();
    let remedy = "write `{{base_url}}/path`";
    if url.parts.is_empty() {
        return Some(format!("expected a URL after the method: {remedy}"));
    }
    if beginning.is_empty() {
        return None;
    }
    let (scheme, rest) = match beginning.split_once(':') {
        Some((scheme, rest)) if !scheme.contains('/') => (scheme.to_ascii_lowercase(), rest),
        Some(_) | None => return Some(format!("expected a whole URL: {remedy}")),
    };
    if scheme != "https" {
        return Some(format!(
            "`{}:` URLs are refused: only the app under test is asked, by HTTPS; {remedy}",
            super::shown(&scheme)
        ));
    }
    let host = rest.trim_start_matches('/');
    let is_whole = url.as_literal().is_some() || host.contains(['/', '?', '\\']);
    is_whole
        .then(|| format!("the host is fixed, and the app has another one in each run: {remedy}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn domain() -> Domain {
        Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).unwrap()
    }

    #[rstest]
    #[case("https://cust-1a2b3c.ccci.test", "cust-1a2b3c.ccci.test", "/")]
    #[case("https://CUST-1a2b3c.ccci.test/a/../b?c=d#e", "cust-1a2b3c.ccci.test", "/b?c=d")]
    #[case("https://api.cust-1a2b3c.ccci.test/x", "api.cust-1a2b3c.ccci.test", "/x")]
    #[case("https://office-cust-1a2b3c.ccci.test:443/", "office-cust-1a2b3c.ccci.test", "/")]
    fn the_apps_own_hosts_are_asked(#[case] url: &str, #[case] host: &str, #[case] path: &str) {
        let own = own_url(url, None, &domain()).unwrap();
        assert_eq!((own.host.as_str(), own.path.as_str()), (host, path));
    }

    #[rstest]
    #[case("file:///etc/passwd")]
    #[case("http://cust-1a2b3c.ccci.test/")]
    #[case("ftp://cust-1a2b3c.ccci.test/")]
    #[case("https://example.org/")]
    #[case("https://evil.test/cust-1a2b3c.ccci.test")]
    #[case("https://evilcust-1a2b3c.ccci.test/")]
    #[case("https://a.b-cust-1a2b3c.ccci.test/")]
    #[case("https://-cust-1a2b3c.ccci.test/")]
    #[case("https://other-9f9f9f.ccci.test/")]
    #[case("https://ccci.test/")]
    #[case("https://cust-1a2b3c.ccci.test.evil.org/")]
    #[case("https://cust-1a2b3c.ccci.test@evil.org/")]
    #[case("https://user:pw@cust-1a2b3c.ccci.test/")]
    #[case("https://cust-1a2b3c.ccci.test:8443/")]
    #[case("https://cust-1a2b3c.ccci.test\\@evil.org/")]
    #[case("https://127.0.0.1/")]
    #[case("https://[::1]/")]
    #[case("//evil.org/")]
    #[case("/path")]
    #[case("")]
    fn everything_else_is_not(#[case] url: &str) {
        let own = own_url(url, None, &domain());
        // A backslash counts as a slash for every browser: what stands after it is a path, and stays with the app.
        if url.contains('\\') {
            assert_eq!(own.unwrap().path, "/@evil.org/");
        } else {
            assert!(own.is_err(), "{own:?}");
        }
    }

    #[test]
    fn a_redirect_is_read_from_where_it_stands_and_leads_nowhere_else() {
        let from = own_url("https://cust-1a2b3c.ccci.test/a/b", None, &domain()).unwrap();
        let to = |text| own_url(text, Some(&from), &domain());
        assert_eq!(to("c?d").unwrap().path, "/a/c?d");
        assert_eq!(to("/c").unwrap().path, "/c");
        for elsewhere in [
            "https://example.org/",
            "//example.org/c",
            "file:///etc/passwd",
            "http://cust-1a2b3c.ccci.test/",
        ] {
            assert!(to(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
