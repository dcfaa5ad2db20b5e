//! Tokens that say something and are signed (RFC 7519): read, and verified against a provider's keys. No error repeats
//! a token. Main item: [`verify`].

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use harness_core::secret::Secret;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::claims::Claims;
use crate::keys::{Algorithm, KeySet};

/// A token is none, or is signed by nobody whose keys these are.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum JwtError {
    /// It has not three parts.
    #[error("expected three parts with dots between them, seen {seen}")]
    Parts {
        /// How many it has.
        seen: usize,
    },
    /// A part is no base64url, or has padding.
    #[error(
        "expected the {part} in base64url without padding, seen other text of {length} characters"
    )]
    Encoding {
        /// Which part.
        part: &'static str,
        /// How long it is.
        length: usize,
    },
    /// A part is no JSON object.
    #[error("expected the {part} to be a JSON object, seen {length} bytes of something else")]
    Json {
        /// Which part.
        part: &'static str,
        /// How long it is.
        length: usize,
    },
    /// It is not signed by a private key: anybody who can check it could have made it.
    #[error("expected a signature by a private key ({known}), seen `alg` {seen}")]
    Algorithm {
        /// What is accepted.
        known: String,
        /// What it says.
        seen: String,
    },
    /// Its header demands something that is not known here.
    #[error("expected a header that demands nothing, seen `crit` {seen}")]
    Critical {
        /// What it demands.
        seen: String,
    },
    /// It does not say by which key it is signed.
    #[error("expected a `kid` in the header, seen none")]
    NoKeyId,
    /// It is signed by a key that the provider does not publish.
    #[error("expected a `kid` of the provider ({known}), seen `{seen}`")]
    UnknownKey {
        /// Those that it publishes.
        known: String,
        /// That of the token.
        seen: String,
    },
    /// The key is for something else.
    #[error("expected a key for {algorithm}, seen {seen}")]
    UnfitKey {
        /// What the token says that it is signed with.
        algorithm: String,
        /// What the key is.
        seen: String,
    },
    /// The signature is not the key's, or is of another text.
    #[error("expected a signature of the key `{kid}`, seen one that is not")]
    Signature {
        /// The key.
        kid: String,
    },
}

/// Verifies that a token is signed by one of the keys, and returns what it claims. The claims are not judged: that is
/// [`check_claims`](crate::claims::check_claims).
///
/// # Errors
/// It is no token, or not signed by one of the keys.
pub fn verify(token: &Secret, keys: &KeySet) -> Result<Claims, JwtError> {
    let read = read(token)?;
    let algorithm = Algorithm::named(&read.algorithm).ok_or_else(|| JwtError::Algorithm {
        known: Algorithm::names(),
        seen: read.algorithm.clone(),
    })?;
    if let Some(critical) = read.critical {
        return Err(JwtError::Critical { seen: critical });
    }
    let kid = read.kid.ok_or(JwtError::NoKeyId)?;
    let mut unfit = None;
    for key in keys.with_id(&kid) {
        match key.unfit(algorithm) {
            Some(why) => unfit = Some(why),
            None if key.signed(algorithm, read.signed.as_bytes(), &read.signature) => {
                return Ok(read.claims);
            }
            None => return Err(JwtError::Signature { kid: kid.clone() }),
        }
    }
    Err(match unfit {
        Some(seen) => JwtError::UnfitKey { algorithm: read.algorithm, seen },
        None => JwtError::UnknownKey { known: keys.ids().join(", "), seen: kid },
    })
}

/// Returns what a token claims, whoever signed it: nothing to go by where anybody could have made it.
///
/// # Errors
/// It is no token.
pub(crate) fn claimed(token: &Secret) -> Result<Claims, JwtError> {
    Ok(read(token)?.claims)
}

/// A token as it is written, believed by nobody.
struct Read<'a> {
    algorithm: String,
    kid: Option<String>,
    critical: Option<String>,
    claims: Claims,
    signed: &'a str,
    signature: Vec<u8>,
}

fn read(token: &Secret) -> Result<Read<'_>, JwtError> {
    let text = token.expose();
    let parts: Vec<&str> = text.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return Err(JwtError::Parts { seen: parts.len() });
    };
    let fields = object("header", header)?;
    let of = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(Read {
        algorithm: of("alg").unwrap_or_else(|| "nothing".to_owned()),
        kid: of("kid"),
        critical: fields.get("crit").map(Value::to_string),
        claims: Claims::new(object("claims", claims)?),
        signed: text.rsplit_once('.').map_or("", |(signed, _)| signed),
        signature: decoded("signature", signature)?,
    })
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, JwtError> {
    let bytes = decoded(part, text)?;
    serde_json::from_slice(&bytes).map_err(|_| JwtError::Json { part, length: bytes.len() })
}

fn decoded(part: &'static str, text: &str) -> Result<Vec<u8>, JwtError> {
    let length = text.chars().count();
    BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| JwtError::Encoding { part, length })
}

#[cfg(test)]
#[path = "jwt_tests.rs"]
mod tests;
