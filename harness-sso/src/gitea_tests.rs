//! Applications at a Gitea, and a login over its pages: against one that is played as 1.26.0 was observed and as its
//! templates are.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use harness_core::http::{Asked, HttpError, Responder};
use harness_core::name::Domain;
use url::Url;

use super::*;
use crate::login::Login;
use crate::login_error::LoginFailure;
use crate::login_step::Consent;

const LIMIT: Duration = Duration::from_secs(20);

/// Plays a Gitea with the user `root1`.
#[derive(Debug, Default)]
struct Fake {
    state: Mutex<(u64, Vec<Value>)>,
    is_prohibited: bool,
}

impl Fake {
    fn answer(&self, asked: &Asked) -> Answer {
        let mut state = self.state.lock().unwrap();
        let of =
            |name: &str| asked.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        let (path, query) = asked.path.split_once('?').unwrap_or((&asked.path, ""));
        let is_in = of("cookie").is_some_and(|cookie| cookie.contains("i_like_gitea=1"));
        let is_let_in =
            matches!(of("authorization"), Some("token hunter22" | "Basic cm9vdDE6aHVudGVyMjI="));
        let form: Vec<(String, String)> =
            url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let sent = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        match (asked.method.as_str(), path) {
            (_, path) if path.starts_with("/api/") && !is_let_in => {
                answer(401, r#"{"message":"token is required"}"#)
            }
            ("GET", APPLICATIONS) => {
                let page: usize =
                    query.trim_start_matches("page=").split('&').next().unwrap().parse().unwrap();
                let listed: Vec<&Value> =
                    state.1.iter().skip((page - 1) * PAGE).take(PAGE).collect();
                answer(200, &json!(listed).to_string())
            }
            ("POST", APPLICATIONS) => {
                state.0 += 1;
                let mut made: Value = serde_json::from_slice(&asked.body).unwrap();
                made["id"] = json!(state.0);
                made["client_id"] = json!(format!("client-{}", state.0));
                state.1.push(made.clone());
                made["client_secret"] = json!("hunter23");
                answer(201, &made.to_string())
            }
            ("DELETE", path) => {
                let id = path.rsplit('/').next().unwrap().parse::<u64>().unwrap();
                state.1.retain(|one| one["id"] != id);
                answer(204, "")
            }
            ("GET", "/login/oauth/authorize") if !is_in => {
                let mut to = found("/user/login");
                to.headers
                    .push(("set-cookie".to_owned(), format!("redirect_to={}; Path=/", asked.path)));
                to
            }
            ("GET", "/login/oauth/authorize") if query.contains("elsewhere") => answer(
                400,
                r#"<title>Gitea: Git with a cup of tea</title>
                <h1 class="ui top attached header">Authorization failed</h1>
                <h3 class="ui attached segment">Unregistered Redirect URI</h3>"#,
            ),
            ("GET", "/login/oauth/authorize") => answer(
                200,
                r#"<h3>Authorize "drone" to access your account?</h3>
                <form method="post" action="/login/oauth/grant">
                <input type="hidden" name="redirect_uri" value="https://app.ccci.test/login">
                <button type="submit" name="granted" value="true">Authorize Application</button>
                <button type="submit" name="granted" value="false">Cancel</button></form>"#,
            ),
            ("POST", "/login/oauth/grant") => {
                found(&format!("{}?code=hunter24&state=s", sent("redirect_uri").unwrap()))
            }
            ("GET", "/user/login") => answer(200, LOGIN),
            ("POST", "/user/login") if self.is_prohibited => {
                answer(200, "<title>Sign-In Prohibited</title><h1>Sign-In Prohibited</h1>")
            }
            ("POST", "/user/login") if sent("password") == Some("hunter22") => {
                let cookie = of("cookie").unwrap_or_default();
                let to = cookie.split("; ").find_map(|c| c.strip_prefix("redirect_to="));
                let mut to = found(to.unwrap_or("/"));
                to.headers.push(("set-cookie".to_owned(), "i_like_gitea=1; Path=/".to_owned()));
                to
            }
            ("POST", "/user/login") => {
                let said = "Username or password is incorrect.";
                answer(
                    200,
                    &format!(
                        "<div class=\"ui negative message flash-message flash-error\"><p>{said}</p></div>{LOGIN}"
                    ),
                )
            }
            _ => answer(404, "404 page not found"),
        }
    }
}

const LOGIN: &str = r#"<title>Sign In - Gitea</title><form class="ui form" action="/user/login" method="post">
    <input id="user_name" type="text" name="user_name" value="" autofocus required tabindex="1">
    <input id="password" name="password" type="password" autocomplete="current-password" required>
    <input name="remember" type="checkbox"><button class="ui primary button">Sign In</button></form>"#;

fn answer(status: u16, body: &str) -> Answer {
    Answer { status, headers: Vec::new(), body: body.as_bytes().to_vec(), certificate: None }
}

fn found(location: &str) -> Answer {
    let mut answer = answer(303, "");
    answer.headers.push(("location".to_owned(), location.to_owned()));
    answer
}

impl Responder for Fake {
    fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
        std::future::ready(Ok(self.answer(&asked))).boxed()
    }
}

fn client(fake: Fake) -> Client {
    let domain = Domain::try_from("git.ccci.test".to_owned()).unwrap();
    Client::in_process(&domain, Arc::new(fake)).unwrap()
}

fn wanted() -> ClientWanted {
    let domain = Domain::try_from("dron-a1b2c3.ccci.test".to_owned()).unwrap();
    ClientWanted::for_app(&domain, &["https://dron-a1b2c3.ccci.test/login"])
}

#[tokio::test(start_paused = true)]
async fn an_application_is_made_and_taken_back_however_often() {
    let client = client(Fake::default());
    let gitea = Gitea::with_token(client, &Secret::new("hunter22"), LIMIT);
    let mut undos = Vec::new();
    let made = gitea.make_client(&wanted(), &mut undos).await.unwrap();
    assert_eq!((made.id.as_str(), made.secret.unwrap().expose()), ("client-1", "hunter23"));
    assert_eq!(undos, std::slice::from_ref(&made.undo));
    // Two of the same name, and more of others than one page holds.
    gitea.make_client(&wanted(), &mut undos).await.unwrap();
    for number in 0..60 {
        let other = ClientWanted { name: format!("other-{number}"), ..wanted() };
        gitea.make_client(&other, &mut Vec::new()).await.unwrap();
    }
    gitea.make_client(&wanted(), &mut undos).await.unwrap();
    assert_eq!(gitea.named(&wanted().name).await.unwrap().len(), 3);
    for _ in 0..2 {
        made.undo.run(&gitea).await.unwrap();
        assert_eq!(gitea.named(&wanted().name).await.unwrap().len(), 0);
    }
    assert_eq!(gitea.named("other-59").await.unwrap().len(), 1, "others are spared");
}

#[tokio::test(start_paused = true)]
async fn a_password_does_as_well_and_a_wrong_one_is_not_shown() {
    let client = client(Fake::default());
    let gitea = Gitea::with_password(client.clone(), "root1", &Secret::new("hunter22"), LIMIT);
    let public = ClientWanted { kind: ClientKind::Public, ..wanted() };
    let made = gitea.make_client(&public, &mut Vec::new()).await.unwrap();
    assert!(made.secret.is_none(), "a public client has none, whatever is sent");
    let wrong = Gitea::with_token(client, &Secret::new("hunter25"), LIMIT);
    let error = wrong.make_client(&wanted(), &mut Vec::new()).await.unwrap_err();
    let shown = format!("{error} {error:?} {wrong:?}");
    assert!(
        shown.contains("status 401: token is required") && !shown.contains("hunter25"),
        "{shown}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_undo_of_a_realm_is_none_of_its() {
    let gitea = Gitea::with_token(client(Fake::default()), &Secret::new("hunter22"), LIMIT);
    let realm = crate::RealmName::try_from("gite-a1b2c3".to_owned()).unwrap();
    gitea.take_back(&Undo::DeleteRealm { provider: gitea.address(), realm }).await.unwrap();
}

async fn log_in(fake: Fake, password: &str, consent: Consent) -> Result<Vec<String>, LoginFailure> {
    #[derive(Debug)]
    struct App;
    impl Responder for App {
        fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
            let begin = "https://git.ccci.test/login/oauth/authorize?client_id=client-1&state=s";
            let is_back = asked.path == "/login?code=hunter24&state=s";
            let shown = if is_back { answer(200, "<h1>Repositories</h1>") } else { found(begin) };
            std::future::ready(Ok(shown)).boxed()
        }
    }
    let app = Domain::try_from("app.ccci.test".to_owned()).unwrap();
    let app = Client::in_process(&app, Arc::new(App)).unwrap();
    let login = Login {
        provider: client(fake),
        user: "root1".to_owned(),
        password: Secret::new(password),
        consent,
        limit: LIMIT,
    };
    let landed = login.to_app(&app, "/login").await.map_err(|error| error.why)?;
    assert_eq!(
        landed.url,
        Url::parse("https://app.ccci.test/login?code=hunter24&state=s").unwrap()
    );
    Ok(landed.trail.iter().map(ToString::to_string).collect())
}

#[tokio::test(start_paused = true)]
async fn a_person_logs_in_over_giteas_pages() {
    let trail = log_in(Fake::default(), "hunter22", Consent::Given).await.unwrap();
    let begin = "https://git.ccci.test/login/oauth/authorize?client_id=client-1&state=…";
    assert_eq!(
        trail,
        [
            "GET https://app.ccci.test/login 302".replace("302", "303"),
            format!("GET {begin} 303"),
            "GET https://git.ccci.test/user/login 200".to_owned(),
            "POST https://git.ccci.test/user/login 303".to_owned(),
            format!("GET {begin} 200"),
            "POST https://git.ccci.test/login/oauth/grant 303".to_owned(),
            "GET https://app.ccci.test/login?code=…&state=… 200".to_owned(),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_ends_on_the_way_back_without_an_app() {
    let login = Login {
        provider: client(Fake::default()),
        user: "root1".to_owned(),
        password: Secret::new("hunter22"),
        consent: Consent::Given,
        limit: LIMIT,
    };
    let at = "https://git.ccci.test/login/oauth/authorize?client_id=client-1&state=s";
    let app = "https://app.ccci.test/login";
    let back = login.way_back(&Url::parse(at).unwrap(), app).await.unwrap();
    assert_eq!(back.as_str(), "https://app.ccci.test/login?code=hunter24&state=s");
    let other = Url::parse(&format!("{at}&redirect_uri=elsewhere")).unwrap();
    let why = login.way_back(&other, app).await.unwrap_err().why;
    let LoginFailure::RedirectRefused { said } = why else { panic!("{why}") };
    assert!(said.ends_with("Authorization failed: Unregistered Redirect URI"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn giteas_refusals_are_told_apart() {
    let why = log_in(Fake::default(), "hunter22", Consent::Withheld).await.unwrap_err();
    assert!(matches!(why, LoginFailure::ConsentNeeded { .. }), "{why}");
    let why = log_in(Fake::default(), "hunter26", Consent::Given).await.unwrap_err();
    let LoginFailure::WrongPassword { said } = why else { panic!("{why}") };
    assert_eq!(said, "Username or password is incorrect.");
    let fake = Fake { is_prohibited: true, ..Fake::default() };
    let why = log_in(fake, "hunter22", Consent::Given).await.unwrap_err();
    assert!(matches!(why, LoginFailure::AccountDisabled { .. }), "{why}");
}
