//! The keys that a provider publishes, and the algorithms that they are for. Main type: [`KeySet`].

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use thiserror::Error;

/// Keys that sign tokens, as a provider publishes them (RFC 7517).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySet {
    keys: Vec<Key>,
}

/// The text is no set of keys.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected a set of keys, seen {seen}")]
pub struct NotKeySet {
    /// What is wrong with it.
    pub seen: String,
}

/// One published key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Key {
    kid: Option<String>,
    kty: String,
    alg: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// How a token is signed: by a private key, so that who can check it cannot make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    EdDsa,
}

/// Every algorithm by its name.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::Rs256),
    ("RS384", Algorithm::Rs384),
    ("RS512", Algorithm::Rs512),
    ("PS256", Algorithm::Ps256),
    ("PS384", Algorithm::Ps384),
    ("PS512", Algorithm::Ps512),
    ("ES256", Algorithm::Es256),
    ("ES384", Algorithm::Es384),
    ("EdDSA", Algorithm::EdDsa),
];

impl KeySet {
    /// Reads a set of keys. Keys of a kind that is not known here are kept, and verify nothing.
    ///
    /// # Errors
    /// The text is no set of keys, or the set is empty.
    pub fn parse(text: &[u8]) -> Result<Self, NotKeySet> {
        #[derive(Deserialize)]
        struct Wire {
            keys: Vec<Key>,
        }
        let wire: Wire =
            serde_json::from_slice(text).map_err(|e| NotKeySet { seen: e.to_string() })?;
        if wire.keys.is_empty() {
            return Err(NotKeySet { seen: "one without keys".to_owned() });
        }
        Ok(Self { keys: wire.keys })
    }

    /// Returns the ids of all keys.
    pub fn ids(&self) -> Vec<&str> {
        self.keys.iter().filter_map(|key| key.kid.as_deref()).collect()
    }

    pub(crate) fn with_id<'a>(&'a self, kid: &'a str) -> impl Iterator<Item = &'a Key> {
        self.keys.iter().filter(move |key| key.kid.as_deref() == Some(kid))
    }
}

impl Algorithm {
    pub(crate) fn named(name: &str) -> Option<Self> {
        ALGORITHMS.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    pub(crate) fn names() -> String {
        ALGORITHMS.map(|(name, _)| name).join(", ")
    }

    fn name(self) -> &'static str {
        ALGORITHMS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

impl Key {
    /// Returns why the key is not for an algorithm, if so.
    pub(crate) fn unfit(&self, algorithm: Algorithm) -> Option<String> {
        if let Some(purpose) = self.purpose.as_deref().filter(|purpose| *purpose != "sig") {
            return Some(format!("a key with the use `{purpose}`"));
        }
        let name = algorithm.name();
        if let Some(alg) = self.alg.as_deref().filter(|alg| *alg != name) {
            return Some(format!("a key for {alg}"));
        }
        let curve = self.crv.as_deref().unwrap_or_default();
        let fits = match algorithm {
            Algorithm::Es256 => self.kty == "EC" && curve == "P-256",
            Algorithm::Es384 => self.kty == "EC" && curve == "P-384",
            Algorithm::EdDsa => self.kty == "OKP" && curve == "Ed25519",
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => self.kty == "RSA",
        };
        let kind =
            if curve.is_empty() { self.kty.clone() } else { format!("{} {curve}", self.kty) };
        (!fits).then(|| format!("a key of the kind {kind}"))
    }

    /// Returns whether a signature is this key's.
    pub(crate) fn signed(&self, algorithm: Algorithm, text: &[u8], signature: &[u8]) -> bool {
        let rsa = |how: &'static RsaParameters| {
            let (Some(n), Some(e)) = (number(self.n.as_ref()), number(self.e.as_ref())) else {
                return false;
            };
            RsaPublicKeyComponents { n, e }.verify(how, text, signature).is_ok()
        };
        let point = |how: &'static dyn VerificationAlgorithm, key: Option<Vec<u8>>| {
            let Some(key) = key else { return false };
            UnparsedPublicKey::new(how, key).verify(text, signature).is_ok()
        };
        match algorithm {
            Algorithm::Rs256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
            Algorithm::Rs384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
            Algorithm::Rs512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
            Algorithm::Ps256 => rsa(&RSA_PSS_2048_8192_SHA256),
            Algorithm::Ps384 => rsa(&RSA_PSS_2048_8192_SHA384),
            Algorithm::Ps512 => rsa(&RSA_PSS_2048_8192_SHA512),
            Algorithm::Es256 => point(&ECDSA_P256_SHA256_FIXED, self.curve_point()),
            Algorithm::Es384 => point(&ECDSA_P384_SHA384_FIXED, self.curve_point()),
            Algorithm::EdDsa => point(&ED25519, number(self.x.as_ref())),
        }
    }

    /// Returns the point on the curve, uncompressed.
    fn curve_point(&self) -> Option<Vec<u8>> {
        Some([vec![4], number(self.x.as_ref())?, number(self.y.as_ref())?].concat())
    }
}

fn number(text: Option<&String>) -> Option<Vec<u8>> {
    BASE64_URL_SAFE_NO_PAD.decode(text?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_unknown_kinds_do_no_harm() {
        let text = br#"{"keys":[{"kid":"a","kty":"RSA","use":"enc","alg":"RSA-OAEP"},
            {"kid":"b","kty":"MLDSA","alg":"ML-DSA-44","pub":"x"}]}"#;
        let set = KeySet::parse(text).unwrap();
        assert_eq!(set.ids(), ["a", "b"]);
        let why = |kid| set.with_id(kid).find_map(|key| key.unfit(Algorithm::Rs256)).unwrap();
        assert_eq!(why("a"), "a key with the use `enc`");
        assert_eq!(why("b"), "a key for ML-DSA-44");
    }

    #[test]
    fn what_is_no_set_of_keys_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":[]}"#, r#"{"keys":[{"kid":"a"}]}"#] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_for_the_algorithms_of_its_kind() {
        let key = |text: &str| serde_json::from_str::<Key>(text).unwrap();
        let rsa = key(r#"{"kid":"a","kty":"RSA","n":"AQ","e":"AQAB"}"#);
        assert_eq!(rsa.unfit(Algorithm::Ps512), None);
        assert_eq!(rsa.unfit(Algorithm::Es256).unwrap(), "a key of the kind RSA");
        let ec = key(r#"{"kid":"a","kty":"EC","crv":"P-256"}"#);
        assert_eq!(ec.unfit(Algorithm::Es256), None);
        assert_eq!(ec.unfit(Algorithm::Es384).unwrap(), "a key of the kind EC P-256");
        assert!(!rsa.signed(Algorithm::Rs256, b"text", b"signature"), "one byte is no RSA key");
    }

    /// RFC 7515, appendix A.3, and RFC 8037, appendix A.
    #[test]
    fn signatures_of_the_standards_examples_are_right() {
        let ec = r#"{"keys":[{"kid":"e","kty":"EC","crv":"P-256",
            "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
        let text = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        check(ec, Algorithm::Es256, text, signature);
        let ed = r#"{"keys":[{"kid":"e","kty":"OKP","crv":"Ed25519",
            "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
        let text = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        check(ed, Algorithm::EdDsa, text, signature);
    }

    fn check(set: &str, algorithm: Algorithm, text: &[u8], signature: &str) {
        let set = KeySet::parse(set.as_bytes()).unwrap();
        let key = set.with_id("e").next().unwrap();
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert_eq!(key.unfit(algorithm), None);
        assert!(key.signed(algorithm, text, &signature));
        assert!(!key.signed(algorithm, &text[1..], &signature));
    }
}
