//! What signs the tokens of a provider of tests, right and wrong. Main type: [`Signer`].

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use harness_core::secret::Secret;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Keys that everybody has.
const KEYS: &str = include_str!("keys.txt");

/// A key pair that everybody has: it signs tokens of tests, and protects nothing.
#[derive(Debug)]
pub struct Signer {
    pair: RsaKeyPair,
    kid: String,
}

impl Signer {
    /// Returns how many there are.
    pub fn count() -> usize {
        lines().count()
    }

    /// Returns one of them; of a number that is too large, one of them again.
    ///
    /// # Panics
    /// Never: the keys are part of the program.
    pub fn number(number: usize) -> Self {
        let line = lines().cycle().nth(number % Self::count()).expect("there are keys");
        let der = BASE64_STANDARD.decode(line).expect("the key is base64");
        let pair = RsaKeyPair::from_pkcs8(&der).expect("the key is one of RSA");
        let digest = Sha256::digest(pair.public_key().as_ref());
        Self { kid: BASE64_URL_SAFE_NO_PAD.encode(digest), pair }
    }

    /// Returns the public key's id.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Returns the public key as a provider publishes it.
    pub fn public_key(&self) -> Value {
        let (n, e) = numbers(self.pair.public_key().as_ref());
        let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        json!({"kid": self.kid, "kty": "RSA", "alg": "RS256", "use": "sig", "n": text(n), "e": text(e)})
    }

    /// Signs claims as a provider does.
    ///
    /// # Panics
    /// Never: the key is long enough for any text.
    pub fn sign(&self, claims: &Value) -> Secret {
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.kid});
        self.seal(&header, claims, |text| {
            let mut signature = vec![0; self.pair.public_modulus_len()];
            let signed =
                self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
            signed.expect("any text can be signed");
            signature
        })
    }

    /// Makes a token that nobody signed.
    pub fn unsigned(&self, claims: &Value) -> Secret {
        self.seal(&json!({"alg": "none", "kid": self.kid}), claims, |_| Vec::new())
    }

    /// Makes a token with the public key as the secret of an HMAC, which everybody can do.
    pub fn with_public_secret(&self, claims: &Value) -> Secret {
        let header = json!({"alg": "HS256", "typ": "JWT", "kid": self.kid});
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.pair.public_key().as_ref());
        self.seal(&header, claims, |text| hmac::sign(&key, text).as_ref().to_vec())
    }

    /// Puts a token together: header, claims and what signs both.
    pub fn seal(
        &self,
        header: &Value,
        claims: &Value,
        sign: impl FnOnce(&[u8]) -> Vec<u8>,
    ) -> Secret {
        let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let signature = BASE64_URL_SAFE_NO_PAD.encode(sign(text.as_bytes()));
        Secret::new(format!("{text}.{signature}"))
    }
}

fn lines() -> impl Iterator<Item = &'static str> + Clone {
    KEYS.lines().filter(|line| !line.starts_with('#'))
}

/// Reads modulus and exponent out of an RSA public key in DER (RFC 8017, appendix A.1.1): a sequence of two numbers.
fn numbers(der: &[u8]) -> (&[u8], &[u8]) {
    let (sequence, _) = element(der);
    let (n, rest) = element(sequence);
    let (e, _) = element(rest);
    // A leading zero says that a number is not negative.
    (n.strip_prefix(&[0]).unwrap_or(n), e.strip_prefix(&[0]).unwrap_or(e))
}

/// Returns the content of the first element, and what follows it.
fn element(der: &[u8]) -> (&[u8], &[u8]) {
    let short = usize::from(der[1]);
    let (begin, length) = if short < 0x80 {
        (2, short)
    } else {
        let more = short - 0x80;
        let bytes = &der[2..2 + more];
        (2 + more, bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte)))
    };
    (&der[begin..begin + length], &der[begin + length..])
}
