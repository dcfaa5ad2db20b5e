//! The document in which a provider says where everything is, and who it is. Main types: [`Issuer`], [`Discovery`].

use std::fmt;
use std::time::Duration;

use harness_core::http::{Client, HttpError};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::Url;

use crate::seen::seen;

/// Where an issuer's document lies.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// Who signs tokens: an address, compared as text, character by character.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer(String);

/// The text is no issuer. It is not repeated: it may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "the text is no issuer: expected `http(s)://host[:port][/path]` without credentials, query, fragment, and slash at its end"
)]
pub struct InvalidIssuer;

impl TryFrom<String> for Issuer {
    type Error = InvalidIssuer;

    fn try_from(text: String) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(&text).ok();
        let fits = url.is_some_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.has_host()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if fits && !text.ends_with('/') { Ok(Self(text)) } else { Err(InvalidIssuer) }
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.0
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Issuer {
    /// Returns the issuer that a realm of the Keycloak at a client's address has to be.
    pub fn of_realm(client: &Client, realm: &str) -> Self {
        Self(format!("{}/realms/{realm}", client.base()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn url(&self) -> Option<Url> {
        Url::parse(&self.0).ok()
    }
}

/// What a provider says of itself, as far as it is used here.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Discovery {
    /// Who it says that it is.
    pub issuer: String,
    /// Where people log in.
    pub authorization_endpoint: Url,
    /// Where tokens are given.
    pub token_endpoint: Url,
    /// Where its keys are.
    pub jwks_uri: Url,
    /// Where it says whose token it is.
    pub userinfo_endpoint: Option<Url>,
    /// Where sessions end.
    pub end_session_endpoint: Option<Url>,
    /// What may come of a login.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// What id tokens are signed with.
    #[serde(default)]
    pub id_token_signing_alg_values_supported: Vec<String>,
}

/// What a discovery document gets wrong.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WrongDiscovery {
    /// It is somebody else's.
    #[error("expected the issuer `{expected}`, seen `{seen}`")]
    Issuer {
        /// Whose it should be.
        expected: Issuer,
        /// Whose it says to be.
        seen: String,
    },
    /// An endpoint is elsewhere: tokens and passwords would go there.
    #[error("expected `{endpoint}` to be at {expected}, seen {seen}")]
    Elsewhere {
        /// Which.
        endpoint: &'static str,
        /// Scheme, host and port of the issuer.
        expected: String,
        /// Those of the endpoint.
        seen: String,
    },
    /// It lacks what a login needs.
    #[error("expected `{list}` to have `{expected}`, seen {seen:?}")]
    Lacks {
        /// Which list.
        list: &'static str,
        /// What should be in it.
        expected: &'static str,
        /// What is.
        seen: Vec<String>,
    },
}

/// A provider could not be discovered.
#[derive(Debug, Error)]
pub enum DiscoverError {
    /// There was no answer.
    #[error("the discovery document of {issuer} could not be read")]
    Http {
        /// Whose.
        issuer: Issuer,
        /// What happened.
        source: HttpError,
    },
    /// The answer is no discovery document.
    #[error("expected the discovery document of {issuer}, seen {seen}")]
    Unreadable {
        /// Whose.
        issuer: Issuer,
        /// What came.
        seen: String,
    },
    /// The document is wrong.
    #[error("the discovery document of {issuer} is wrong")]
    Wrong {
        /// Whose it should be.
        issuer: Issuer,
        /// What is wrong with it.
        source: WrongDiscovery,
    },
}

/// Decides whether a document is the issuer's own, keeps to its host, and offers what a login needs.
///
/// # Errors
/// It does not; the first thing that is wrong.
pub fn check_discovery(found: &Discovery, expected: &Issuer) -> Result<(), WrongDiscovery> {
    if found.issuer != expected.0 {
        return Err(WrongDiscovery::Issuer {
            expected: expected.clone(),
            seen: found.issuer.clone(),
        });
    }
    let own = expected.url().map(|url| origin(&url)).unwrap_or_default();
    let endpoints = [
        ("authorization_endpoint", Some(&found.authorization_endpoint)),
        ("token_endpoint", Some(&found.token_endpoint)),
        ("jwks_uri", Some(&found.jwks_uri)),
        ("userinfo_endpoint", found.userinfo_endpoint.as_ref()),
        ("end_session_endpoint", found.end_session_endpoint.as_ref()),
    ];
    for (endpoint, url) in endpoints {
        let seen = url.map(origin);
        if let Some(seen) = seen.filter(|seen| *seen != own) {
            return Err(WrongDiscovery::Elsewhere { endpoint, expected: own, seen });
        }
    }
    let lists = [
        ("response_types_supported", "code", &found.response_types_supported),
        (
            "id_token_signing_alg_values_supported",
            "RS256",
            &found.id_token_signing_alg_values_supported,
        ),
    ];
    for (list, expected, seen) in lists {
        if !seen.iter().any(|value| value == expected) {
            return Err(WrongDiscovery::Lacks { list, expected, seen: seen.clone() });
        }
    }
    Ok(())
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Reads the issuer's document and checks it. The client decides the way, the issuer what must be said there.
///
/// # Errors
/// There is no such document, or [`check_discovery`] finds it wrong.
pub async fn discover(
    client: &Client,
    issuer: &Issuer,
    limit: Duration,
) -> Result<Discovery, DiscoverError> {
    let path = issuer.url().map(|url| url.path().trim_end_matches('/').to_owned());
    let path = format!("{}{WELL_KNOWN}", path.unwrap_or_default());
    let answer = client.from_root().get(&path, limit).await;
    let answer = answer.map_err(|source| DiscoverError::Http { issuer: issuer.clone(), source })?;
    let unreadable = || DiscoverError::Unreadable { issuer: issuer.clone(), seen: seen(&answer) };
    if answer.status != 200 {
        return Err(unreadable());
    }
    let found: Discovery = serde_json::from_slice(&answer.body).map_err(|_| unreadable())?;
    check_discovery(&found, issuer)
        .map_err(|source| DiscoverError::Wrong { issuer: issuer.clone(), source })?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;

    fn issuer() -> Issuer {
        Issuer::try_from("https://kc.ccci.test/realms/r".to_owned()).unwrap()
    }

    fn found(change: impl Fn(&mut Value)) -> Discovery {
        let at =
            |path: &str| format!("https://kc.ccci.test/realms/r/protocol/openid-connect/{path}");
        let mut value = json!({
            "issuer": issuer(), "authorization_endpoint": at("auth"), "token_endpoint": at("token"),
            "jwks_uri": at("certs"), "userinfo_endpoint": at("userinfo"),
            "end_session_endpoint": at("logout"), "response_types_supported": ["code", "none"],
            "id_token_signing_alg_values_supported": ["PS256", "RS256"],
        });
        change(&mut value);
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_issuers_own_document_is_right() {
        assert_eq!(check_discovery(&found(|_| {}), &issuer()), Ok(()));
    }

    #[rstest]
    #[case("http://kc.ccci.test/realms/r")]
    #[case("https://kc.ccci.test/realms/r/")]
    #[case("https://kc.ccci.test/realms/R")]
    #[case("https://kc.ccci.test:443/realms/r")]
    fn an_issuer_that_is_nearly_the_same_is_another(#[case] seen: &str) {
        let wrong = check_discovery(&found(|v| v["issuer"] = json!(seen)), &issuer()).unwrap_err();
        assert_eq!(wrong, WrongDiscovery::Issuer { expected: issuer(), seen: seen.to_owned() });
    }

    #[rstest]
    #[case("authorization_endpoint", "https://elsewhere.test/auth")]
    #[case("token_endpoint", "http://kc.ccci.test/token")]
    #[case("jwks_uri", "https://kc.ccci.test:8443/certs")]
    #[case("userinfo_endpoint", "https://elsewhere.test/")]
    #[case("end_session_endpoint", "https://elsewhere.test/")]
    fn an_endpoint_elsewhere_is_named(#[case] endpoint: &str, #[case] url: &str) {
        let wrong = check_discovery(&found(|v| v[endpoint] = json!(url)), &issuer()).unwrap_err();
        assert!(
            wrong.to_string().starts_with(&format!("expected `{endpoint}` to be at ")),
            "{wrong}"
        );
    }

    #[rstest]
    #[case("response_types_supported")]
    #[case("id_token_signing_alg_values_supported")]
    fn what_a_login_needs_is_missed(#[case] list: &str) {
        let wrong = check_discovery(&found(|v| v[list] = json!(["none"])), &issuer()).unwrap_err();
        assert!(matches!(wrong, WrongDiscovery::Lacks { .. }), "{wrong}");
    }

    #[test]
    fn near_misses_of_an_issuer_are_refused() {
        for text in [
            "",
            "kc.test",
            "ftp://kc.test",
            "https://kc.test/",
            "https://kc.test?a",
            "https://a:b@kc.test",
        ] {
            assert!(Issuer::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
