//! Every claim, right and wrong in each way that a provider can get it wrong.

use rstest::rstest;
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;
const ISSUER: &str = "https://kc.ccci.test/realms/r";

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// An id token's claims, with some of them otherwise; `null` takes one away.
fn claims(otherwise: &Value) -> Claims {
    let right = json!({
        "iss": ISSUER, "azp": "app", "aud": "app", "typ": "ID", "nonce": "hunter22", "sub": "1-2",
        "iat": NOW - 1, "exp": NOW + 300,
    });
    let Value::Object(mut fields) = right else { unreachable!("it is an object") };
    for (name, value) in otherwise.as_object().unwrap() {
        if value.is_null() {
            fields.remove(name);
        } else {
            fields.insert(name.clone(), value.clone());
        }
    }
    Claims::new(fields)
}

fn wrong(otherwise: &Value) -> Vec<String> {
    let expected = Expected::id(ISSUER, "app", Some("hunter22"));
    let wrong = check_claims(&claims(otherwise), &expected, now());
    wrong.iter().map(ToString::to_string).collect()
}

#[rstest]
#[case(json!({}))]
#[case(json!({"aud": ["other", "app"]}))]
#[case(json!({"nbf": 0}))]
#[case(json!({"nbf": NOW + 60}))]
#[case(json!({"iat": NOW + 60}))]
#[case(json!({"exp": NOW - 59}))]
#[case(json!({"exp": 1_800_000_000.5}))]
#[case(json!({"more": {"a": 1}}))]
fn what_is_right_passes(#[case] otherwise: Value) {
    assert_eq!(wrong(&otherwise), [""; 0]);
}

#[rstest]
#[case(json!({"iss": "http://kc.ccci.test/realms/r"}), "iss")]
#[case(json!({"iss": "https://kc.ccci.test/realms/other"}), "iss")]
#[case(json!({"iss": "https://kc.ccci.test/realms/r/"}), "iss")]
#[case(json!({"iss": [ISSUER]}), "iss")]
#[case(json!({"iss": null}), "iss")]
#[case(json!({"azp": "other"}), "azp")]
#[case(json!({"azp": null}), "azp")]
#[case(json!({"aud": "account"}), "aud")]
#[case(json!({"aud": ["account", "application"]}), "aud")]
#[case(json!({"aud": []}), "aud")]
#[case(json!({"aud": null}), "aud")]
#[case(json!({"typ": "Bearer"}), "typ")]
#[case(json!({"typ": null}), "typ")]
#[case(json!({"nonce": "hunter23"}), "nonce")]
#[case(json!({"nonce": null}), "nonce")]
#[case(json!({"sub": ""}), "sub")]
#[case(json!({"sub": 7}), "sub")]
#[case(json!({"sub": null}), "sub")]
#[case(json!({"exp": NOW - 60}), "exp")]
#[case(json!({"exp": "tomorrow"}), "exp")]
#[case(json!({"exp": null}), "exp")]
#[case(json!({"nbf": NOW + 61}), "nbf")]
#[case(json!({"nbf": "tomorrow"}), "nbf")]
#[case(json!({"iat": NOW + 61}), "iat")]
#[case(json!({"iat": null}), "iat")]
fn what_is_wrong_is_named_alone(#[case] otherwise: Value, #[case] claim: &str) {
    let wrong = wrong(&otherwise);
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert!(wrong[0].starts_with(&format!("expected `{claim}` to be ")), "{wrong:?}");
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_no_nonce_is() {
    let wrong = wrong(&json!({"iss": "x", "exp": 0, "nonce": "hunter23"}));
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert_eq!(wrong[0], format!("expected `iss` to be `{ISSUER}`, seen \"x\""));
    assert_eq!(wrong[1], "expected `exp` to be after 1800000000, with 60s leeway, seen 0");
    assert!(!wrong.join("").contains("hunter"), "{wrong:?}");
}

#[test]
fn a_leeway_is_as_long_as_it_says() {
    let late = claims(&json!({"exp": NOW - 5}));
    assert!(expiry(&late, now(), Duration::from_secs(5)).is_err());
    assert!(expiry(&late, now(), Duration::from_secs(6)).is_ok());
    let early = claims(&json!({"iat": NOW + 5, "nbf": NOW + 5}));
    assert!(issued(&early, now(), Duration::from_secs(4)).is_err());
    assert!(not_before(&early, now(), Duration::from_secs(4)).is_err());
    assert!(issued(&early, now(), Duration::from_secs(5)).is_ok());
    assert!(not_before(&early, now(), Duration::MAX).is_ok());
}

#[test]
fn an_access_token_is_not_asked_for_its_audience_and_an_admins_not_whose_it_is() {
    let access = claims(&json!({"aud": "account", "typ": "Bearer", "nonce": null}));
    assert!(check_claims(&access, &Expected::access(ISSUER, "app"), now()).is_empty());
    let light =
        json!({"aud": null, "typ": "Bearer", "nonce": null, "sub": null, "azp": "admin-cli"});
    assert!(check_claims(&claims(&light), &Expected::admin(ISSUER), now()).is_empty());
    assert!(!check_claims(&access, &Expected::admin(ISSUER), now()).is_empty());
}

#[test]
fn somebody_in_particular_is_expected() {
    assert!(subject(&claims(&json!({})), Subject::This("1-2")).is_ok());
    assert!(subject(&claims(&json!({})), Subject::This("1")).is_err());
}
