//! Tokens that are right, and each way in which one can be forged or broken.

use serde_json::json;

use super::*;
use crate::fake::Signer;

fn set(signers: &[&Signer]) -> KeySet {
    let keys: Vec<Value> = signers.iter().map(|signer| signer.public_key()).collect();
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({"iss": "https://kc.ccci.test/realms/r", "sub": "hunter22"})
}

#[test]
fn a_token_of_one_of_the_keys_is_right() {
    let (one, other) = (Signer::number(0), Signer::number(1));
    let read = verify(&other.sign(&claims()), &set(&[&one, &other])).unwrap();
    assert_eq!(read.text("sub"), Some("hunter22"));
}

#[test]
fn another_realms_key_is_not_known() {
    let (own, other) = (Signer::number(0), Signer::number(1));
    let error = verify(&other.sign(&claims()), &set(&[&own])).unwrap_err();
    let known = own.kid().to_owned();
    assert_eq!(error, JwtError::UnknownKey { known, seen: other.kid().to_owned() });
}

#[test]
fn another_realms_signature_under_a_known_key_is_wrong() {
    let (own, other) = (Signer::number(0), Signer::number(1));
    let forged = other.sign(&claims());
    let (text, signature) = forged.expose().rsplit_once('.').unwrap();
    let header = json!({"alg": "RS256", "kid": own.kid()});
    let forged =
        own.seal(&header, &claims(), |_| BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap());
    let error = verify(&forged, &set(&[&own])).unwrap_err();
    assert_eq!(error, JwtError::Signature { kid: own.kid().to_owned() });
    assert!(!text.is_empty());
}

#[test]
fn claims_that_were_changed_are_not_signed() {
    let own = Signer::number(0);
    let token = own.sign(&claims());
    let parts: Vec<&str> = token.expose().split('.').collect();
    let other = BASE64_URL_SAFE_NO_PAD.encode(json!({"sub": "admin"}).to_string());
    let changed = Secret::new(format!("{}.{other}.{}", parts[0], parts[2]));
    assert!(matches!(verify(&changed, &set(&[&own])), Err(JwtError::Signature { .. })));
}

#[test]
fn a_signature_is_by_a_private_key() {
    let own = Signer::number(0);
    for (token, alg) in [
        (own.unsigned(&claims()), "none"),
        (own.with_public_secret(&claims()), "HS256"),
        (own.seal(&json!({"alg": "None", "kid": own.kid()}), &claims(), |_| Vec::new()), "None"),
        (own.seal(&json!({"kid": own.kid()}), &claims(), |_| Vec::new()), "nothing"),
    ] {
        let error = verify(&token, &set(&[&own])).unwrap_err();
        assert!(matches!(&error, JwtError::Algorithm { seen, .. } if seen == alg), "{error}");
    }
}

#[test]
fn a_key_verifies_only_what_it_is_for() {
    let own = Signer::number(0);
    let token = own.seal(&json!({"alg": "PS256", "kid": own.kid()}), &claims(), |_| vec![1]);
    let error = verify(&token, &set(&[&own])).unwrap_err().to_string();
    assert_eq!(error, "expected a key for PS256, seen a key for RS256");
}

#[test]
fn a_header_says_which_key_and_demands_nothing() {
    let own = Signer::number(0);
    let token = own.seal(&json!({"alg": "RS256"}), &claims(), |_| vec![1]);
    assert_eq!(verify(&token, &set(&[&own])), Err(JwtError::NoKeyId));
    let header = json!({"alg": "RS256", "kid": own.kid(), "crit": ["b64"]});
    let token = own.seal(&header, &claims(), |_| vec![1]);
    assert!(matches!(verify(&token, &set(&[&own])), Err(JwtError::Critical { .. })));
}

#[test]
fn a_token_has_three_parts_in_base64_without_padding() {
    let own = Signer::number(0);
    let keys = set(&[&own]);
    let whole = own.sign(&claims()).expose().to_owned();
    let (two, signature) = whole.rsplit_once('.').unwrap();
    for (text, error) in [
        (two.to_owned(), JwtError::Parts { seen: 2 }),
        (format!("{whole}."), JwtError::Parts { seen: 4 }),
        (String::new(), JwtError::Parts { seen: 1 }),
        (
            format!("{whole}=="),
            JwtError::Encoding { part: "signature", length: signature.len() + 2 },
        ),
        (format!("e30=.{signature}.{signature}"), JwtError::Encoding { part: "header", length: 4 }),
        (format!("W10.{signature}.{signature}"), JwtError::Json { part: "header", length: 2 }),
    ] {
        assert_eq!(verify(&Secret::new(text), &keys), Err(error));
    }
}

#[test]
fn no_error_repeats_a_token() {
    let (own, other) = (Signer::number(0), Signer::number(1));
    for token in [other.sign(&claims()), own.unsigned(&claims()), own.with_public_secret(&claims())]
    {
        let error = verify(&token, &set(&[&own])).unwrap_err();
        let shown = format!("{error} {error:?}");
        let parts = token.expose().split('.').filter(|part| part.len() > 50);
        assert!(parts.clone().count() > 0 && parts.into_iter().all(|part| !shown.contains(part)));
    }
}
