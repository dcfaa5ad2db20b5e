//! Each way in which a provider can be wrong is found out.

use harness_core::chain::Chain;
use rstest::rstest;

use super::stage::{CALLBACK, LIMIT, NEWER, Scene, alice};
use crate::claims::{Expected, check_claims};
use crate::fake::Wrong;
use crate::*;

/// Logs alice in for a code and judges the id token that comes of it.
async fn judged(scene: &Scene) -> Result<(), String> {
    let login = scene.login("alice", alice().password.expose());
    let attempt = Attempt::new(&mut Random::system());
    let issuer = scene.realm.issuer();
    discover(&scene.party.client, &issuer, LIMIT).await.map_err(|e| Chain(&e).to_string())?;
    let begin = scene.party.authorize_url(&attempt, CALLBACK, "openid");
    let back = login.for_code(&begin, CALLBACK, &attempt, &issuer).await;
    let code = back.map_err(|e| Chain(&e).to_string())?.code;
    let tokens = scene.party.exchange(&code, CALLBACK, &attempt).await;
    let tokens = tokens.map_err(|e| Chain(&e).to_string())?;
    let keys = scene.party.keys().await.map_err(|e| Chain(&e).to_string())?;
    let id = tokens.id.ok_or("no id token")?;
    let claims = verify(&id, &keys).map_err(|e| e.to_string())?;
    let nonce = Some(attempt.nonce.expose());
    let expected = Expected::id(issuer.as_str(), &scene.party.id, nonce);
    let wrong = check_claims(&claims, &expected, scene.stage.keycloak.now());
    if wrong.is_empty() {
        return Ok(());
    }
    Err(wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

#[rstest]
#[case(Wrong::Nonce, "`nonce`")]
#[case(Wrong::Audience, "`aud`")]
#[case(Wrong::Expired, "`exp`")]
#[case(Wrong::Ahead, "`iat`")]
#[case(Wrong::Behind, "`exp`")]
#[case(Wrong::OtherKey, "expected a `kid` of the provider")]
#[case(Wrong::Unsigned, "`alg` none")]
#[case(Wrong::PublicSecret, "`alg` HS256")]
#[case(Wrong::Insecure, "seen `http://kc.ccci.test/realms/")]
#[case(Wrong::State, "expected the `state` of this attempt")]
#[tokio::test(start_paused = true)]
async fn it_is_found_out(#[case] wrong: Wrong, #[case] said: &str) {
    let scene = Scene::new(NEWER).await;
    assert_eq!(judged(&scene).await, Ok(()), "it is right at first");
    scene.stage.fake.be(Some(wrong));
    let seen = judged(&scene).await.unwrap_err();
    assert!(seen.contains(said), "{seen}");
    scene.stage.fake.be(None);
    assert_eq!(judged(&scene).await, Ok(()), "it is right again");
}

#[tokio::test(start_paused = true)]
async fn one_that_takes_any_password_is_found_out_by_trying_another() {
    let scene = Scene::new(NEWER).await;
    scene.stage.fake.be(Some(Wrong::AnyPassword));
    let other = harness_core::secret::Secret::new("not hers");
    assert!(scene.party.password_grant("alice", &other, "openid").await.is_ok());
    let login = scene.login("alice", "not hers");
    let attempt = Attempt::new(&mut Random::system());
    let begin = scene.party.authorize_url(&attempt, CALLBACK, "openid");
    assert!(login.for_code(&begin, CALLBACK, &attempt, &scene.realm.issuer()).await.is_ok());
}
