//! Why a provider does not give a token, by meaning: statuses changed between versions, and one error word stands for
//! several things. Main item: [`Refusal`].

use std::fmt;

use serde_json::Value;

/// What a provider means by refusing a grant.
///
/// From observed answers of Keycloak 26.5.6 and 26.7.3: a wrong password is 401 in the one and 400 in the other, with
/// the same words; the status of an unfinished or a disabled account is that of a wrong password in the newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The user or the password is wrong. A provider says the same of both.
    WrongPassword,
    /// The account is disabled.
    AccountDisabled,
    /// The account lacks something: a part of its profile (email, first or last name), or a password of its own in
    /// place of a temporary one. The user's record does not show it.
    AccountUnfinished,
    /// The client's secret is wrong or missing.
    WrongSecret,
    /// There is no such client.
    UnknownClient,
    /// The client may not do this: direct grants are off, say.
    NotAllowed,
    /// A scope that the client or the provider does not know.
    UnknownScope,
    /// The session is over, or the refresh token has ended or was used up.
    SessionEnded,
    /// The code was used, has ended, or is none.
    CodeSpent,
    /// The redirect URI is not the one that the code was given for.
    OtherRedirect,
    /// The verifier does not belong to the challenge, or is missing.
    WrongVerifier,
    /// The kind of grant is none that the provider knows, or the request is incomplete.
    BadRequest,
    /// There is no such realm.
    NoRealm,
    /// Something else, as the provider says it.
    Other {
        /// The status.
        status: u16,
        /// The error's word.
        error: String,
        /// What is said to it.
        description: String,
    },
}

/// Reads what a provider means by an answer that is no success.
pub fn parse_refusal(status: u16, body: &[u8]) -> Refusal {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let (error, description) = (text("error"), text("error_description"));
    let says = |words: &[&str]| words.iter().any(|word| has(description, word));
    match error {
        "invalid_grant" if says(&["invalid user credentials"]) => Refusal::WrongPassword,
        "invalid_grant" if says(&["account disabled"]) => Refusal::AccountDisabled,
        "invalid_grant" if says(&["not fully set up"]) => Refusal::AccountUnfinished,
        "invalid_grant" if says(&["pkce", "code verifier"]) => Refusal::WrongVerifier,
        "invalid_grant" if says(&["redirect_uri"]) => Refusal::OtherRedirect,
        "invalid_grant"
            if says(&["session", "refresh token", "token is not active", "stale token"]) =>
        {
            Refusal::SessionEnded
        }
        "invalid_grant" if says(&["code"]) => Refusal::CodeSpent,
        "unauthorized_client" if says(&["client credentials", "client secret"]) => {
            Refusal::WrongSecret
        }
        "unauthorized_client" if says(&["not allowed", "not enabled"]) => Refusal::NotAllowed,
        "invalid_client" => Refusal::UnknownClient,
        "invalid_scope" => Refusal::UnknownScope,
        "invalid_request" | "unsupported_grant_type" => Refusal::BadRequest,
        "Realm does not exist" => Refusal::NoRealm,
        _ => {
            Refusal::Other { status, error: error.to_owned(), description: description.to_owned() }
        }
    }
}

fn has(text: &str, words: &str) -> bool {
    text.to_ascii_lowercase().contains(words)
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::WrongPassword => "the user or the password is wrong",
            Self::AccountDisabled => "the account is disabled",
            Self::AccountUnfinished => {
                "the account is not fully set up: it needs an email, a first and a last name, and a password that is not temporary"
            }
            Self::WrongSecret => "the client's secret is wrong or missing",
            Self::UnknownClient => "there is no such client",
            Self::NotAllowed => "the client may not use this grant",
            Self::UnknownScope => "a scope is not known",
            Self::SessionEnded => "the session is over",
            Self::CodeSpent => "the code was used, has ended, or is none",
            Self::OtherRedirect => "the redirect URI is not the one that the code was given for",
            Self::WrongVerifier => "the code's verifier is wrong or missing",
            Self::BadRequest => "the provider knows no such grant, or the request is incomplete",
            Self::NoRealm => "there is no such realm",
            Self::Other { status, error, description } => {
                return write!(f, "status {status}: {error}: {description}");
            }
        };
        f.write_str(text)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn refusal(status: u16, error: &str, description: &str) -> Refusal {
        let body = serde_json::json!({"error": error, "error_description": description});
        parse_refusal(status, body.to_string().as_bytes())
    }

    /// Each as seen with 26.7.3 and with 26.5.6.
    #[rstest]
    #[case(400, 401, "invalid_grant", "Invalid user credentials", Refusal::WrongPassword)]
    #[case(
        401,
        401,
        "unauthorized_client",
        "Invalid client or Invalid client credentials",
        Refusal::WrongSecret
    )]
    #[case(
        401,
        401,
        "invalid_client",
        "Invalid client or Invalid client credentials",
        Refusal::UnknownClient
    )]
    #[case(
        400,
        400,
        "unauthorized_client",
        "Client not allowed for direct access grants",
        Refusal::NotAllowed
    )]
    #[case(400, 400, "invalid_request", "Missing form parameter: grant_type", Refusal::BadRequest)]
    #[case(400, 400, "unsupported_grant_type", "Unsupported grant_type", Refusal::BadRequest)]
    #[case(400, 400, "invalid_scope", "Invalid scopes: nosuch", Refusal::UnknownScope)]
    #[case(400, 400, "invalid_grant", "Account is not fully set up", Refusal::AccountUnfinished)]
    #[case(400, 400, "invalid_grant", "Account disabled", Refusal::AccountDisabled)]
    #[case(400, 400, "invalid_grant", "Session not active", Refusal::SessionEnded)]
    #[case(400, 400, "invalid_grant", "Invalid refresh token", Refusal::SessionEnded)]
    #[case(
        400,
        400,
        "invalid_grant",
        "Session doesn't have required client",
        Refusal::SessionEnded
    )]
    #[case(400, 400, "invalid_grant", "Code not valid", Refusal::CodeSpent)]
    #[case(400, 400, "invalid_grant", "Incorrect redirect_uri", Refusal::OtherRedirect)]
    #[case(400, 400, "invalid_grant", "PKCE code verifier not specified", Refusal::WrongVerifier)]
    #[case(
        400,
        400,
        "invalid_grant",
        "PKCE verification failed: Code mismatch",
        Refusal::WrongVerifier
    )]
    fn both_versions_mean_the_same(
        #[case] newer: u16,
        #[case] older: u16,
        #[case] error: &str,
        #[case] description: &str,
        #[case] meant: Refusal,
    ) {
        assert_eq!(refusal(newer, error, description), meant);
        assert_eq!(refusal(older, error, description), meant);
    }

    #[test]
    fn what_is_not_known_is_repeated() {
        let other = refusal(400, "invalid_grant", "The moon is full");
        assert_eq!(other.to_string(), "status 400: invalid_grant: The moon is full");
        let none = parse_refusal(503, b"<html>");
        assert_eq!(
            none,
            Refusal::Other { status: 503, error: String::new(), description: String::new() }
        );
        assert_eq!(parse_refusal(404, br#"{"error":"Realm does not exist"}"#), Refusal::NoRealm);
    }
}
