//! What a token claims, and whether it may. Each check is a pure function; the time is given. Main items: [`Claims`],
//! [`Expected`].

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Map, Value};
use thiserror::Error;

/// What a token whose signature is right claims.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(Map<String, Value>);

/// A claim is not as it has to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected `{claim}` to be {expected}, seen {seen}")]
pub struct WrongClaim {
    /// Which.
    pub claim: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub seen: String,
}

/// What is expected of a token. What is none is not looked at; issuer, times and subject always are.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// `iss`: who signed it.
    pub issuer: &'a str,
    /// `azp`: the client that it was given to.
    pub azp: Option<&'a str>,
    /// `aud`: one of those that it is for. Of Keycloak's access tokens that is `account` unless a mapper adds others;
    /// of id tokens it is the client.
    pub aud: Option<&'a str>,
    /// `typ` in the claims: Keycloak says `Bearer`, `ID` or `Refresh`.
    pub typ: Option<&'a str>,
    /// `nonce`: what the attempt made up; in the id token.
    pub nonce: Option<&'a str>,
    /// Whether it has to say whom it is about. Keycloak's tokens of `admin-cli` do not.
    pub subject: Subject<'a>,
    /// How far the other clock may be from this one.
    pub leeway: Duration,
}

/// What `sub` has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Anything that is not empty.
    Somebody,
    /// This one.
    This(&'a str),
    /// It is not looked at.
    Whoever,
}

/// How far clocks are usually apart at most.
pub const LEEWAY: Duration = Duration::from_secs(60);

impl<'a> Expected<'a> {
    /// Expects an access token that was given to a client.
    pub const fn access(issuer: &'a str, client: &'a str) -> Self {
        Self {
            issuer,
            azp: Some(client),
            aud: None,
            typ: Some("Bearer"),
            nonce: None,
            subject: Subject::Somebody,
            leeway: LEEWAY,
        }
    }

    /// Expects an id token for a client, of an attempt with this nonce, if it had one.
    pub const fn id(issuer: &'a str, client: &'a str, nonce: Option<&'a str>) -> Self {
        Self {
            issuer,
            azp: Some(client),
            aud: Some(client),
            typ: Some("ID"),
            nonce,
            subject: Subject::Somebody,
            leeway: LEEWAY,
        }
    }

    /// Expects what `admin-cli` gets: a lightweight token that says neither whose nor for whom.
    pub const fn admin(issuer: &'a str) -> Self {
        let mut expected = Self::access(issuer, "admin-cli");
        expected.subject = Subject::Whoever;
        expected
    }
}

/// Makes every check that is expected; returns all that is wrong.
pub fn check_claims(claims: &Claims, expected: &Expected<'_>, now: Timestamp) -> Vec<WrongClaim> {
    let leeway = expected.leeway;
    let mut results = vec![
        issuer(claims, expected.issuer),
        expiry(claims, now, leeway),
        not_before(claims, now, leeway),
        issued(claims, now, leeway),
        subject(claims, expected.subject),
    ];
    results.extend(expected.azp.map(|azp| authorized_party(claims, azp)));
    results.extend(expected.aud.map(|aud| audience(claims, aud)));
    results.extend(expected.typ.map(|typ| kind(claims, typ)));
    results.extend(expected.nonce.map(|value| nonce(claims, value)));
    results.into_iter().filter_map(Result::err).collect()
}

/// `iss` is the issuer, character by character.
///
/// # Errors
/// It is not.
pub fn issuer(claims: &Claims, expected: &str) -> Result<(), WrongClaim> {
    same(claims, "iss", expected)
}

/// `azp` is the client.
///
/// # Errors
/// It is not.
pub fn authorized_party(claims: &Claims, expected: &str) -> Result<(), WrongClaim> {
    same(claims, "azp", expected)
}

/// `typ` is the kind of token, whatever the header says.
///
/// # Errors
/// It is not.
pub fn kind(claims: &Claims, expected: &str) -> Result<(), WrongClaim> {
    same(claims, "typ", expected)
}

/// `aud` is the one, or a list with it.
///
/// # Errors
/// It is not.
pub fn audience(claims: &Claims, expected: &str) -> Result<(), WrongClaim> {
    let is_in = match claims.0.get("aud") {
        Some(Value::String(one)) => one == expected,
        Some(Value::Array(list)) => list.iter().any(|one| one.as_str() == Some(expected)),
        _ => false,
    };
    claims.judge(is_in, "aud", format!("or to hold `{expected}`"))
}

/// `nonce` is what the attempt made up. Neither is shown.
///
/// # Errors
/// It is not.
pub fn nonce(claims: &Claims, expected: &str) -> Result<(), WrongClaim> {
    let seen = claims.text("nonce");
    if seen == Some(expected) {
        return Ok(());
    }
    let seen = if seen.is_some() { "another one" } else { "nothing" };
    let expected = "what was sent with the login".to_owned();
    Err(WrongClaim { claim: "nonce", expected, seen: seen.to_owned() })
}

/// `sub` is whom the token is about.
///
/// # Errors
/// It is not.
pub fn subject(claims: &Claims, expected: Subject<'_>) -> Result<(), WrongClaim> {
    match expected {
        Subject::Whoever => Ok(()),
        Subject::This(who) => same(claims, "sub", who),
        Subject::Somebody => {
            let is_somebody = claims.text("sub").is_some_and(|sub| !sub.is_empty());
            claims.judge(is_somebody, "sub", "somebody".to_owned())
        }
    }
}

/// `exp` has not come yet, or not longer ago than the leeway.
///
/// # Errors
/// It has, or there is none.
pub fn expiry(claims: &Claims, now: Timestamp, leeway: Duration) -> Result<(), WrongClaim> {
    let until = claims.time("exp").map(|exp| exp.saturating_add(seconds(leeway)));
    let lives = until.is_some_and(|until| until > now.as_second());
    claims.judge(lives, "exp", format!("after {}, with {leeway:?} leeway", now.as_second()))
}

/// `nbf`, where there is one, has come, or comes within the leeway. Keycloak says 0 or nothing.
///
/// # Errors
/// It has not.
pub fn not_before(claims: &Claims, now: Timestamp, leeway: Duration) -> Result<(), WrongClaim> {
    let has_come = match claims.0.get("nbf") {
        None => true,
        Some(_) => claims.time("nbf").is_some_and(|nbf| nbf <= later(now, leeway)),
    };
    claims.judge(has_come, "nbf", format!("{} at most, with {leeway:?} leeway", now.as_second()))
}

/// `iat` has come, or comes within the leeway.
///
/// # Errors
/// It has not, or there is none.
pub fn issued(claims: &Claims, now: Timestamp, leeway: Duration) -> Result<(), WrongClaim> {
    let has_come = claims.time("iat").is_some_and(|iat| iat <= later(now, leeway));
    claims.judge(has_come, "iat", format!("{} at most, with {leeway:?} leeway", now.as_second()))
}

impl Claims {
    /// Wraps what a token says. Whether it is signed is another question.
    pub(crate) const fn new(fields: Map<String, Value>) -> Self {
        Self(fields)
    }

    /// Returns a claim that is a text.
    pub fn text(&self, claim: &str) -> Option<&str> {
        self.0.get(claim)?.as_str()
    }

    /// Returns a claim of whatever kind.
    pub fn get(&self, claim: &str) -> Option<&Value> {
        self.0.get(claim)
    }

    /// Returns a time in whole seconds since 1970. RFC 7519 allows fractions; they make no difference here.
    fn time(&self, claim: &str) -> Option<i64> {
        let value = self.0.get(claim)?;
        #[expect(clippy::cast_possible_truncation, reason = "a time beyond all bounds saturates")]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
    }

    fn judge(
        &self,
        is_right: bool,
        claim: &'static str,
        expected: String,
    ) -> Result<(), WrongClaim> {
        if is_right {
            return Ok(());
        }
        let seen = self.0.get(claim).map_or_else(|| "nothing".to_owned(), Value::to_string);
        Err(WrongClaim { claim, expected, seen })
    }
}

fn same(claims: &Claims, claim: &'static str, expected: &str) -> Result<(), WrongClaim> {
    claims.judge(claims.text(claim) == Some(expected), claim, format!("`{expected}`"))
}

fn later(now: Timestamp, leeway: Duration) -> i64 {
    now.as_second().saturating_add(seconds(leeway))
}

fn seconds(leeway: Duration) -> i64 {
    i64::try_from(leeway.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
