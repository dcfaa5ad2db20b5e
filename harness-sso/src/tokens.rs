//! What a provider gives for a grant. Main type: [`Tokens`].

use std::time::Duration;

use harness_core::secret::Secret;
use serde::Deserialize;

/// Tokens of one session.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// What opens APIs.
    pub access: Secret,
    /// Who logged in; only with the scope `openid`.
    pub id: Option<Secret>,
    /// What gives new tokens; none for client credentials.
    pub refresh: Option<Secret>,
    /// How long the access token lives from when it was given.
    pub lives: Duration,
}

#[derive(Deserialize)]
struct Wire {
    access_token: String,
    id_token: Option<String>,
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: u64,
}

/// Reads the body of a token endpoint's success; none if it is something else.
pub(crate) fn parse_tokens(body: &[u8]) -> Option<Tokens> {
    let wire: Wire = serde_json::from_slice(body).ok()?;
    Some(Tokens {
        access: Secret::new(wire.access_token),
        id: wire.id_token.map(Secret::new),
        refresh: wire.refresh_token.map(Secret::new),
        lives: Duration::from_secs(wire.expires_in),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_and_never_shown() {
        let body = br#"{"access_token":"hunter22","expires_in":60,"refresh_token":"hunter23"}"#;
        let tokens = parse_tokens(body).unwrap();
        assert_eq!(tokens.access.expose(), "hunter22");
        assert_eq!((tokens.lives.as_secs(), tokens.id.is_none()), (60, true));
        assert!(!format!("{tokens:?}").contains("hunter"));
        assert!(parse_tokens(br#"{"error":"invalid_grant"}"#).is_none());
    }
}
