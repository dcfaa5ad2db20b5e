//! Logins over the provider's own pages: to an app, and for a code.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use harness_core::http::{Answer, Asked, Client, HttpError, Method, Responder};
use harness_core::secret::Secret;
use rstest::rstest;
use serde_json::json;
use url::Url;

use super::stage::{CALLBACK, LIMIT, NEWER, OLDER, Scene, alice, domain};
use crate::fake::Trouble;
use crate::*;

/// An app that lets people in by the provider: `/` is for those who are in.
#[derive(Debug)]
struct App {
    party: Party,
    attempt: Attempt,
    /// Where it wants people to be led back to.
    callback: String,
    fault: Fault,
}

/// What is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// It shows its page to everyone.
    Open,
    /// It never believes that somebody is in.
    Forgets,
    /// It sends people to somebody else.
    Astray,
    /// It leads nowhere.
    NoLocation,
}

impl App {
    async fn show(&self, asked: Asked) -> Answer {
        let of = |name: &str| asked.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        let is_in =
            of("cookie").is_some_and(|c| c.contains("session=")) && self.fault != Fault::Forgets;
        let path = asked.path.split('?').next().unwrap_or_default();
        match path {
            "/" if is_in || self.fault == Fault::Open => page(200, "<h1>Welcome</h1>"),
            "/" if self.fault == Fault::Astray => found("https://elsewhere.test/login"),
            "/" if self.fault == Fault::NoLocation => found(""),
            "/" => {
                let url = self.party.authorize_url(&self.attempt, &self.callback, "openid");
                found(url.as_str())
            }
            "/callback" => {
                let url = Url::parse(&format!("https://app.ccci.test{}", asked.path)).unwrap();
                let code =
                    url.query_pairs().find(|(n, _)| n == "code").map(|(_, v)| v.into_owned());
                let code = Secret::new(code.unwrap_or_default());
                match self.party.exchange(&code, &self.callback, &self.attempt).await {
                    Ok(_) => {
                        let mut answer = found("/");
                        answer
                            .headers
                            .push(("set-cookie".to_owned(), "session=1; Path=/".to_owned()));
                        answer
                    }
                    Err(_) => page(500, "<h1>Sign-in failed</h1>"),
                }
            }
            _ => page(404, "<h1>Not here</h1>"),
        }
    }
}

impl Responder for App {
    fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
        self.show(asked).map(Ok).boxed()
    }
}

fn page(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), certificate: None }
}

fn found(location: &str) -> Answer {
    let headers = vec![("location".to_owned(), location.to_owned())];
    Answer { status: 302, headers, body: Vec::new(), certificate: None }
}

fn app(scene: &Scene, change: impl FnOnce(&mut App)) -> Client {
    let mut app = App {
        party: scene.party.clone(),
        attempt: Attempt::new(&mut Random::system()),
        callback: CALLBACK.to_owned(),
        fault: Fault::None,
    };
    change(&mut app);
    Client::in_process(&domain("app.ccci.test"), Arc::new(app)).unwrap()
}

async fn failure(scene: &Scene, app: &Client, user: &str, password: &str) -> LoginFailure {
    let error = scene.login(user, password).to_app(app, "/").await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(password), "{shown}");
    error.why
}

#[rstest]
#[case(NEWER)]
#[case(OLDER)]
#[tokio::test(start_paused = true)]
async fn a_person_logs_in_to_an_app_and_the_trail_shows_nothing_of_worth(#[case] version: &str) {
    let scene = Scene::new(version).await;
    let app = app(&scene, |_| {});
    let login = scene.login("alice", alice().password.expose());
    let landing = login.to_app(&app, "/").await.unwrap();
    assert_eq!(landing.answer.text(), "<h1>Welcome</h1>");
    assert_eq!(landing.url.as_str(), "https://app.ccci.test/");
    let trail: Vec<String> = landing.trail.iter().map(Hop::to_string).collect();
    let realm = format!("https://kc.ccci.test/realms/{}", scene.realm.name());
    let begins = [
        "GET https://app.ccci.test/ 302".to_owned(),
        format!("GET {realm}/protocol/openid-connect/auth?response_type=code&client_id="),
        format!("POST {realm}/login-actions/authenticate?session_code=…&"),
        format!(
            "GET https://app.ccci.test/callback?state=…&session_state=…&iss={realm}&code=… 302"
        ),
        "GET https://app.ccci.test/ 200".to_owned(),
    ];
    assert_eq!(trail.len(), begins.len(), "{trail:#?}");
    for (hop, begin) in trail.iter().zip(&begins) {
        assert!(hop.starts_with(begin.as_str()), "{hop} does not begin with {begin}");
    }
    assert_eq!(app.get("/", LIMIT).await.unwrap().status, 200, "the app's client is in");
    let debugged = format!("{landing:?} {login:?} {app:?}");
    for secret in ["hunter22", "session=1", "KEYCLOAK_IDENTITY"] {
        assert!(!debugged.contains(secret), "{debugged}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_in_at_the_provider_is_asked_no_more() {
    let scene = Scene::new(NEWER).await;
    let login = scene.login("alice", alice().password.expose());
    login.to_app(&app(&scene, |_| {}), "/").await.unwrap();
    let second = login.to_app(&app(&scene, |_| {}), "/").await.unwrap();
    assert!(second.trail.iter().all(|hop| hop.method == Method::GET), "{:?}", second.trail);
    let stranger = scene.login("alice", "wrong-password").to_app(&app(&scene, |_| {}), "/").await;
    assert!(stranger.is_err(), "a session is the client's own");
}

#[rstest]
#[case(NEWER)]
#[case(OLDER)]
#[tokio::test(start_paused = true)]
async fn refusals_are_told_apart_as_the_page_shows_them(#[case] version: &str) {
    let scene = Scene::new(version).await;
    let app = app(&scene, |_| {});
    let why = failure(&scene, &app, "alice", "wrong-password").await;
    let LoginFailure::WrongPassword { said } = why else { panic!("{why}") };
    assert_eq!(said, "Invalid username or password.");
    let half = json!({"username": "half", "enabled": true, "email": "half@example.org",
        "credentials": [{"type": "password", "value": "half-password", "temporary": false}]});
    scene.realm.call("make half a user", Method::POST, "/users", Some(&half)).await.unwrap();
    let why = failure(&scene, &app, "half", "half-password").await;
    let LoginFailure::AccountUnfinished { said } = why else { panic!("{why}") };
    assert!(said.contains("Update Account Information"), "{said}");
    let temporary = json!({"username": "temp", "enabled": true, "email": "temp@example.org",
        "firstName": "T", "lastName": "T",
        "credentials": [{"type": "password", "value": "temp-password", "temporary": true}]});
    scene.realm.call("make a user", Method::POST, "/users", Some(&temporary)).await.unwrap();
    let why = failure(&scene, &app, "temp", "temp-password").await;
    assert!(matches!(why, LoginFailure::AccountUnfinished { .. }), "{why}");
    scene.realm.set_enabled(&scene.alice, false).await.unwrap();
    let why = failure(&scene, &app, "alice", alice().password.expose()).await;
    assert!(matches!(why, LoginFailure::AccountDisabled { .. }), "{why}");
}

#[tokio::test(start_paused = true)]
async fn an_app_that_is_wired_wrongly_is_told_apart() {
    let scene = Scene::new(NEWER).await;
    let password = alice().password;
    let password = password.expose();
    let redirect = app(&scene, |app| app.callback = "https://app.ccci.test/other".to_owned());
    let why = failure(&scene, &redirect, "alice", password).await;
    assert!(matches!(why, LoginFailure::RedirectRefused { .. }), "{why}");
    let client = app(&scene, |app| app.party.id = "nosuch".to_owned());
    let why = failure(&scene, &client, "alice", password).await;
    assert!(matches!(why, LoginFailure::UnknownClient { .. }), "{why}");
    let secret = app(&scene, |app| app.party.secret = Some(Secret::new("not-wired")));
    let why = failure(&scene, &secret, "alice", password).await;
    let LoginFailure::AppError { status, said, .. } = why else { panic!("{why}") };
    assert_eq!((status, said.as_str()), (500, "Sign-in failed"));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_fails_at_logging_in_is_told_apart() {
    let scene = Scene::new(NEWER).await;
    let password = alice().password;
    for (fault, word) in [
        (Fault::Open, "the app sends nobody to the provider: status 200: Welcome"),
        (Fault::Forgets, "the login does not end: 30 requests, and no page of the app"),
        (
            Fault::Astray,
            "the login leads to `https://elsewhere.test`, which is neither the app nor the provider",
        ),
        (Fault::NoLocation, "expected a `location` at https://app.ccci.test/, seen none"),
    ] {
        let app = app(&scene, |app| app.fault = fault);
        let why = failure(&scene, &app, "alice", password.expose()).await;
        assert_eq!(why.to_string(), word);
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_gone_is_no_fault_of_the_app() {
    let scene = Scene::new(NEWER).await;
    let app = app(&scene, |_| {});
    scene.stage.fake.trouble(Trouble { dies: Some(1), ..Trouble::default() });
    let why = failure(&scene, &app, "alice", alice().password.expose()).await;
    let LoginFailure::NoAnswer { url, .. } = why else { panic!("{why}") };
    assert!(url.contains("/login-actions/authenticate?session_code=…"), "{url}");
}

#[rstest]
#[case("https://app.ccci.test/other", "openid", "redirect URI")]
#[case(CALLBACK, "openid nosuch", "invalid_scope: Invalid scopes: openid nosuch")]
#[tokio::test(start_paused = true)]
async fn a_request_that_the_provider_refuses_is_told_apart(
    #[case] redirect_uri: &str,
    #[case] scope: &str,
    #[case] said: &str,
) {
    let scene = Scene::new(NEWER).await;
    let attempt = Attempt::new(&mut Random::system());
    let begin = scene.party.authorize_url(&attempt, redirect_uri, scope);
    let login = scene.login("alice", alice().password.expose());
    let issuer = scene.realm.issuer();
    let back = login.for_code(&begin, "https://nowhere.test/", &attempt, &issuer).await;
    let error = back.unwrap_err();
    assert!(error.to_string().contains(said), "{error}");
}

#[tokio::test(start_paused = true)]
async fn consent_is_given_only_by_who_says_so() {
    let scene = Scene::new(NEWER).await;
    let asks = json!({"clientId": "asks", "enabled": true, "publicClient": true,
        "consentRequired": true, "redirectUris": [CALLBACK]});
    scene.realm.call("make a client", Method::POST, "/clients", Some(&asks)).await.unwrap();
    let mut party = scene.party.clone();
    (party.id, party.secret) = ("asks".to_owned(), None);
    let attempt = Attempt::new(&mut Random::system());
    let begin = party.authorize_url(&attempt, CALLBACK, "openid");
    let issuer = scene.realm.issuer();
    let mut login = scene.login("alice", alice().password.expose());
    let error = login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap_err();
    let LoginFailure::ConsentNeeded { said } = &error.why else { panic!("{error}") };
    assert!(said.contains("Grant Access to asks"), "{said}");
    login.consent = Consent::Given;
    let back = login.for_code(&begin, CALLBACK, &attempt, &issuer).await.unwrap();
    party.exchange(&back.code, CALLBACK, &attempt).await.unwrap();
}
