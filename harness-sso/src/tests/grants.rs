//! Tokens: given, refused by meaning, used, ended.

use std::time::Duration;

use harness_core::http::Method;
use harness_core::secret::Secret;
use rstest::rstest;
use serde_json::json;

use super::stage::{CALLBACK, NEWER, OLDER, Scene, alice};
use crate::claims::{Expected, Subject, check_claims};
use crate::*;

fn meant<V: std::fmt::Debug>(given: Result<V, GrantError>) -> Refusal {
    match given {
        Err(GrantError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[rstest]
#[case(NEWER)]
#[case(OLDER)]
#[tokio::test(start_paused = true)]
async fn a_person_gets_tokens_whose_claims_are_right(#[case] version: &str) {
    let scene = Scene::new(version).await;
    let tokens = scene.party.password_grant("alice", &alice().password, "openid").await.unwrap();
    let keys = scene.party.keys().await.unwrap();
    let (issuer, now) = (scene.realm.issuer(), scene.stage.keycloak.now());
    let client = scene.party.id.as_str();
    let access = verify(&tokens.access, &keys).unwrap();
    let mut expected = Expected::access(issuer.as_str(), client);
    (expected.aud, expected.subject) = (Some(client), Subject::This(&scene.alice));
    assert_eq!(check_claims(&access, &expected, now), []);
    let id = verify(tokens.id.as_ref().unwrap(), &keys).unwrap();
    assert_eq!(check_claims(&id, &Expected::id(issuer.as_str(), client, None), now), []);
    let info = scene.party.user_info(&tokens.access).await.unwrap();
    assert_eq!((&info["sub"], &info["email"]), (&json!(scene.alice), &json!("alice@example.org")));
}

#[rstest]
#[case(NEWER)]
#[case(OLDER)]
#[tokio::test(start_paused = true)]
async fn refusals_mean_the_same_in_both_versions(#[case] version: &str) {
    let scene = Scene::new(version).await;
    let grant = async |user: &str, password: &str, scope: &str| {
        meant(scene.party.password_grant(user, &Secret::new(password), scope).await)
    };
    let password = alice().password;
    assert_eq!(grant("alice", "wrong", "openid").await, Refusal::WrongPassword);
    assert_eq!(grant("nobody", "wrong", "openid").await, Refusal::WrongPassword);
    assert_eq!(grant("alice", password.expose(), "nosuch").await, Refusal::UnknownScope);
    let half = json!({"username": "half", "enabled": true, "email": "half@example.org",
        "credentials": [{"type": "password", "value": "half", "temporary": false}]});
    scene.realm.call("make half a user", Method::POST, "/users", Some(&half)).await.unwrap();
    assert_eq!(grant("half", "half", "openid").await, Refusal::AccountUnfinished);
    assert_eq!(grant("half", "wrong", "openid").await, Refusal::WrongPassword);
    scene.realm.set_enabled(&scene.alice, false).await.unwrap();
    assert_eq!(grant("alice", password.expose(), "openid").await, Refusal::AccountDisabled);
    let mut other = scene.party.clone();
    other.secret = Some(Secret::new("wrong"));
    assert_eq!(meant(other.client_credentials().await), Refusal::WrongSecret);
    other.id = "nosuch".to_owned();
    assert_eq!(meant(other.client_credentials().await), Refusal::UnknownClient);
}

#[tokio::test(start_paused = true)]
async fn a_client_gets_a_token_of_its_own() {
    let scene = Scene::new(NEWER).await;
    let tokens = scene.party.client_credentials().await.unwrap();
    assert!(tokens.refresh.is_none() && tokens.id.is_none());
    let claims = verify(&tokens.access, &scene.party.keys().await.unwrap()).unwrap();
    let issuer = scene.realm.issuer();
    let expected = Expected::access(issuer.as_str(), &scene.party.id);
    assert_eq!(check_claims(&claims, &expected, scene.stage.keycloak.now()), []);
    let name = claims.text("preferred_username").unwrap();
    assert_eq!(name, format!("service-account-{}", scene.party.id));
}

#[tokio::test(start_paused = true)]
async fn a_session_is_refreshed_and_ended() {
    let scene = Scene::new(NEWER).await;
    let party = &scene.party;
    let tokens = party.password_grant("alice", &alice().password, "openid").await.unwrap();
    let tokens = party.refresh(tokens.refresh.as_ref().unwrap()).await.unwrap();
    let refresh = tokens.refresh.as_ref().unwrap();
    assert_eq!(meant(party.refresh(&Secret::new("nonsense")).await), Refusal::SessionEnded);
    party.log_out(refresh).await.unwrap();
    assert_eq!(meant(party.refresh(refresh).await), Refusal::SessionEnded);
    let info = party.user_info(&tokens.access).await.unwrap_err();
    assert!(matches!(info, AskError::Unauthorized { .. }), "{info}");
}

#[tokio::test(start_paused = true)]
async fn an_access_token_ends_by_itself() {
    let scene = Scene::new(NEWER).await;
    let tokens = scene.party.password_grant("alice", &alice().password, "openid").await.unwrap();
    scene.stage.clock.advance(tokens.lives + Duration::from_secs(1));
    let info = scene.party.user_info(&tokens.access).await.unwrap_err();
    assert!(matches!(info, AskError::Unauthorized { .. }), "{info}");
    let claims = verify(&tokens.access, &scene.party.keys().await.unwrap()).unwrap();
    let issuer = scene.realm.issuer();
    let mut expected = Expected::access(issuer.as_str(), &scene.party.id);
    expected.leeway = Duration::ZERO;
    let wrong = check_claims(&claims, &expected, scene.stage.keycloak.now());
    assert_eq!(wrong.iter().map(|wrong| wrong.claim).collect::<Vec<_>>(), ["exp"]);
}

#[tokio::test(start_paused = true)]
async fn a_code_is_brought_once_by_who_asked_for_it() {
    let scene = Scene::new(NEWER).await;
    let login = scene.login("alice", alice().password.expose());
    let attempt = Attempt::new(&mut Random::system());
    let issuer = scene.realm.issuer();
    let begin = scene.party.authorize_url(&attempt, CALLBACK, "openid");
    let code = async || login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap().code;
    let tokens = scene.party.exchange(&code().await, CALLBACK, &attempt).await.unwrap();
    let id = verify(tokens.id.as_ref().unwrap(), &scene.party.keys().await.unwrap()).unwrap();
    let nonce = Some(attempt.nonce.expose());
    let expected = Expected::id(issuer.as_str(), &scene.party.id, nonce);
    assert_eq!(check_claims(&id, &expected, scene.stage.keycloak.now()), []);

    let spent = code().await;
    scene.party.exchange(&spent, CALLBACK, &attempt).await.unwrap();
    let again = scene.party.exchange(&spent, CALLBACK, &attempt).await;
    assert_eq!(meant(again), Refusal::CodeSpent);
    let other = Attempt::new(&mut Random::system());
    let stolen = scene.party.exchange(&code().await, CALLBACK, &other).await;
    assert_eq!(meant(stolen), Refusal::WrongVerifier);
    let elsewhere = scene.party.exchange(&code().await, "https://app.ccci.test/x", &attempt).await;
    assert_eq!(meant(elsewhere), Refusal::OtherRedirect);
    let late = code().await;
    scene.stage.clock.advance(Duration::from_secs(61));
    assert_eq!(meant(scene.party.exchange(&late, CALLBACK, &attempt).await), Refusal::CodeSpent);
}

#[tokio::test(start_paused = true)]
async fn a_realm_that_is_gone_gives_nothing() {
    let scene = Scene::new(NEWER).await;
    scene.realm.delete().await.unwrap();
    let given = scene.party.password_grant("alice", &alice().password, "openid").await;
    assert_eq!(meant(given), Refusal::NoRealm);
    let limit = Duration::from_secs(5);
    let found = discover(&scene.party.client, &scene.realm.issuer(), limit).await.unwrap_err();
    assert!(
        matches!(&found, DiscoverError::Unreadable { seen, .. } if seen.contains("404")),
        "{found}"
    );
}
