//! One story from the beginning to the end, told to the fakes of both versions and, when asked for, to a real Keycloak:
//! what the fakes say has to be what that one says.

use std::sync::Arc;

use harness_core::http::{Client, Method};
use harness_core::name::Domain;
use harness_core::secret::Secret;
use rstest::rstest;
use serde_json::json;

use super::stage::{CALLBACK, LIMIT, NEWER, OLDER, Stage, domain};
use crate::claims::{Expected, Subject, check_claims};
use crate::*;

#[rstest]
#[case(NEWER)]
#[case(OLDER)]
#[tokio::test(start_paused = true)]
async fn it_is_true_of_the_fake(#[case] version: &str) {
    tell(&Stage::new(version).keycloak).await;
}

#[tokio::test]
#[ignore = "asks a Keycloak that is there: KEYCLOAK_URL, and KEYCLOAK_PASSWORD of its `admin`"]
#[expect(clippy::disallowed_methods, reason = "a test without a binary of its own")]
async fn it_is_true_of_a_real_one() {
    let of = |name: &str| std::env::var(name).expect(name);
    let client = Client::at(&of("KEYCLOAK_URL"), None).unwrap();
    let password = Secret::new(of("KEYCLOAK_PASSWORD"));
    let keycloak = Keycloak::new(client, "admin", password, Arc::new(SystemClock), LIMIT);
    keycloak.ready(LIMIT).await.unwrap();
    tell(&keycloak).await;
}

async fn tell(keycloak: &Keycloak) {
    let (app, mut undos) = (domain("stor-a1b2c3.ccci.test"), Vec::new());
    let ended = play(keycloak, &app, &mut undos).await;
    for undo in undos.iter().rev() {
        undo.run(keycloak).await.unwrap();
        undo.run(keycloak).await.unwrap();
    }
    let left = keycloak.realms().await.unwrap();
    assert!(!left.iter().any(|realm| realm.name == ended.as_str()), "{left:?}");
}

async fn play(keycloak: &Keycloak, app: &Domain, undos: &mut Vec<Undo>) -> RealmName {
    let realm = keycloak.create_realm(app, undos).await.unwrap();
    let listed = keycloak.realms().await.unwrap();
    let own = listed.iter().find(|seen| seen.name == realm.name().as_str()).unwrap();
    assert_eq!(own.made_for.as_deref(), Some(app.as_str()));
    let again = keycloak.create_realm(app, undos).await.unwrap_err();
    assert!(matches!(again, MakeError::Failed(AdminError::AlreadyThere { .. })), "{again}");
    let made = realm.make_client(&ClientWanted::for_app(app, &[CALLBACK]), undos).await.unwrap();
    let party = realm.party(&made).await.unwrap();
    let mut alice = Person::new("alice", Secret::new("hunter22-of-alice"));
    (alice.groups, alice.roles) = (vec!["staff".to_owned()], vec!["chief editor".to_owned()]);
    let id = realm.create_person(&alice).await.unwrap();
    assert_eq!(realm.find_person("alice").await.unwrap(), Some(id.clone()));
    tokens(&realm, &party, &alice, &id).await;
    logins(&realm, &party, &alice).await;
    refusals(&realm, &party, &alice, &id).await;
    realm.clear_cache().await.unwrap();
    made.undo.run(&realm).await.unwrap();
    assert_eq!(realm.find_client(&made.id).await.unwrap(), None);
    realm.name().clone()
}

fn meant<V: std::fmt::Debug>(given: Result<V, GrantError>) -> Refusal {
    match given {
        Err(GrantError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn tokens(realm: &Realm, party: &Party, alice: &Person, id: &str) {
    let tokens = party.password_grant("alice", &alice.password, "openid").await.unwrap();
    let (keys, issuer) = (party.keys().await.unwrap(), realm.issuer());
    let access = verify(&tokens.access, &keys).unwrap();
    let mut expected = Expected::access(issuer.as_str(), &party.id);
    (expected.aud, expected.subject) = (Some(party.id.as_str()), Subject::This(id));
    assert_eq!(check_claims(&access, &expected, realm.keycloak().now()), []);
    let roles = &access.get("realm_access").unwrap()["roles"];
    assert!(roles.as_array().unwrap().contains(&json!("chief editor")), "{roles}");
    let info = party.user_info(&tokens.access).await.unwrap();
    assert_eq!((&info["sub"], &info["email"]), (&json!(id), &json!(alice.email)));
    let refresh = party.refresh(&tokens.refresh.unwrap()).await.unwrap().refresh.unwrap();
    party.log_out(&refresh).await.unwrap();
    assert_eq!(meant(party.refresh(&refresh).await), Refusal::SessionEnded);
    let info = party.user_info(&tokens.access).await.unwrap_err();
    assert!(matches!(info, AskError::Unauthorized { .. }), "{info}");
    let own = party.client_credentials().await.unwrap();
    let own = verify(&own.access, &keys).unwrap();
    assert_eq!(own.text("azp"), Some(party.id.as_str()));
    assert!(own.text("preferred_username").unwrap().starts_with("service-account-"));
}

async fn logins(realm: &Realm, party: &Party, alice: &Person) {
    let (attempt, issuer) = (Attempt::new(&mut Random::system()), realm.issuer());
    let login = realm.login("alice", &alice.password).unwrap();
    let begin = party.authorize_url(&attempt, CALLBACK, "openid");
    let code = async || login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap().code;
    let first = code().await;
    let id = party.exchange(&first, CALLBACK, &attempt).await.unwrap().id.unwrap();
    let claims = verify(&id, &party.keys().await.unwrap()).unwrap();
    let nonce = Some(attempt.nonce.expose());
    let expected = Expected::id(issuer.as_str(), &party.id, nonce);
    assert_eq!(check_claims(&claims, &expected, realm.keycloak().now()), []);
    // One that was brought twice ends the session that it was for, so this is somebody else's.
    let stranger = realm.login("alice", &alice.password).unwrap();
    let spent = stranger.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap().code;
    party.exchange(&spent, CALLBACK, &attempt).await.unwrap();
    assert_eq!(meant(party.exchange(&spent, CALLBACK, &attempt).await), Refusal::CodeSpent);
    let other = Attempt::new(&mut Random::system());
    let stolen = party.exchange(&code().await, CALLBACK, &other).await;
    assert_eq!(meant(stolen), Refusal::WrongVerifier);
    let elsewhere = party.exchange(&code().await, "https://app.ccci.test/x", &attempt).await;
    assert_eq!(meant(elsewhere), Refusal::OtherRedirect);

    let asks = json!({"clientId": "asks", "enabled": true, "publicClient": true,
        "consentRequired": true, "redirectUris": [CALLBACK]});
    realm.call("make a client", Method::POST, "/clients", Some(&asks)).await.unwrap();
    let asking = Party { id: "asks".to_owned(), secret: None, ..party.clone() };
    let begin = asking.authorize_url(&attempt, CALLBACK, "openid");
    let mut login = realm.login("alice", &alice.password).unwrap();
    let why = login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap_err();
    assert!(matches!(why.why, LoginFailure::ConsentNeeded { .. }), "{why}");
    login.consent = Consent::Given;
    let back = login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap();
    asking.exchange(&back.code, CALLBACK, &attempt).await.unwrap();
}

async fn refusals(realm: &Realm, party: &Party, alice: &Person, id: &str) {
    let (attempt, issuer) = (Attempt::new(&mut Random::system()), realm.issuer());
    let grant = async |user: &str, password: &str, scope: &str| {
        meant(party.password_grant(user, &Secret::new(password), scope).await)
    };
    let login = async |user: &str, password: &str, redirect_uri: &str| {
        let login = realm.login(user, &Secret::new(password)).unwrap();
        let begin = party.authorize_url(&attempt, redirect_uri, "openid");
        login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap_err().why
    };
    assert_eq!(grant("alice", "wrong", "openid").await, Refusal::WrongPassword);
    assert_eq!(grant("nobody", "wrong", "openid").await, Refusal::WrongPassword);
    assert_eq!(
        grant("alice", alice.password.expose(), "openid nosuch").await,
        Refusal::UnknownScope
    );
    let why = login("alice", "wrong", CALLBACK).await;
    let LoginFailure::WrongPassword { said } = why else { panic!("{why}") };
    assert_eq!(said, "Invalid username or password.");
    let why = login("alice", "wrong", "https://app.ccci.test/other").await;
    assert!(matches!(why, LoginFailure::RedirectRefused { .. }), "{why}");

    let half = json!({"username": "half", "enabled": true, "email": "half@example.org",
        "credentials": [{"type": "password", "value": "half-password", "temporary": false}]});
    let made = realm.call("make half a user", Method::POST, "/users", Some(&half)).await.unwrap();
    assert_eq!(made.status, 201, "it is made as if nothing were amiss");
    assert_eq!(grant("half", "half-password", "openid").await, Refusal::AccountUnfinished);
    assert_eq!(grant("half", "wrong", "openid").await, Refusal::WrongPassword);
    let why = login("half", "half-password", CALLBACK).await;
    assert!(matches!(why, LoginFailure::AccountUnfinished { .. }), "{why}");

    realm.set_enabled(id, false).await.unwrap();
    assert_eq!(grant("alice", alice.password.expose(), "openid").await, Refusal::AccountDisabled);
    let why = login("alice", alice.password.expose(), CALLBACK).await;
    let LoginFailure::AccountDisabled { said } = why else { panic!("{why}") };
    assert_eq!(said, "Account is disabled, contact your administrator.");

    let mut other = Party { secret: Some(Secret::new("wrong")), ..party.clone() };
    assert_eq!(meant(other.client_credentials().await), Refusal::WrongSecret);
    other.id = "nosuch".to_owned();
    assert_eq!(meant(other.client_credentials().await), Refusal::UnknownClient);
}
