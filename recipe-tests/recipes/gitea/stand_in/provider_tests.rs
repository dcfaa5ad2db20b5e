//! Logins to other apps, as a browser and those apps go through them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::base64;
use super::oauth::form;
use super::pages::fields;
use super::tests::gitea;
use crate::app::play::Play;

/// An answer with its headers, names in lower case.
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl Answer {
    fn leads_to(&self) -> &str {
        let found = self.headers.iter().find(|(name, _)| name == "location");
        found.map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    fn error(&self) -> (u16, String) {
        (self.status, self.json()["error_description"].as_str().unwrap_or_default().to_owned())
    }
}

/// Asks from inside with headers.
fn ask(play: &mut Play, path: &str, headers: &[(&str, String)], body: Option<&str>) -> Answer {
    let headers: String =
        headers.iter().map(|(name, value)| format!("-H '{name}: {value}' ")).collect();
    let body = body.map(|body| format!("-d '{body}'")).unwrap_or_default();
    let out = play.out("app", &format!("curl -si {headers} {body} 'http://127.0.0.1:3000{path}'"));
    let (head, body) = out.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Answer { status, headers, body: body.to_owned() }
}

/// A browser: it keeps cookies and follows nothing.
#[derive(Default)]
struct Browser(BTreeMap<String, String>);

impl Browser {
    fn ask(&mut self, play: &mut Play, path: &str, body: Option<&str>) -> Answer {
        let cookies: Vec<String> = self.0.iter().map(|(n, v)| format!("{n}={v}")).collect();
        let answer = ask(play, path, &[("cookie", cookies.join("; "))], body);
        for (_, set) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) =
                set.split(';').next().and_then(|pair| pair.split_once('=')).unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
        answer
    }
}

/// An application that was made.
struct App {
    id: u64,
    client: String,
    secret: String,
}

const BACK: &str = "https://ci.example/login";

fn root() -> (&'static str, String) {
    ("authorization", format!("Basic {}", base64::encode(b"root1:password1")))
}

const APPLICATIONS: &str = "/api/v1/user/applications/oauth2";

fn make(play: &mut Play, is_confidential: bool) -> App {
    let wanted = json!({"name": "ci", "redirect_uris": [BACK],
        "confidential_client": is_confidential});
    let made = ask(play, APPLICATIONS, &[root()], Some(&wanted.to_string()));
    let body = made.json();
    assert_eq!((made.status, &body["redirect_uris"]), (201, &json!([BACK])), "{}", made.body);
    let of = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    App { id: body["id"].as_u64().unwrap(), client: of("client_id"), secret: of("client_secret") }
}

fn authorize(client: &str, back: &str, more: &[(&str, &str)]) -> String {
    let usual = [("client_id", client), ("redirect_uri", back), ("state", "s")];
    let kind = [("response_type", "code")]
        .into_iter()
        .filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let all: Vec<_> = usual.into_iter().chain(kind).chain(more.iter().copied()).collect();
    format!("/login/oauth/authorize?{}", form(&all))
}

const LOGIN: &str = "user_name=root1&password=password1";

/// Returns a browser in which somebody has signed in.
fn signed_in(play: &mut Play) -> Browser {
    let mut browser = Browser::default();
    assert_eq!(browser.ask(play, "/user/login", Some(LOGIN)).status, 303);
    browser
}

/// Lets the app in; returns the code that it gets.
fn code(play: &mut Play, browser: &mut Browser, app: &App, more: &[(&str, &str)]) -> String {
    let mut answer = browser.ask(play, &authorize(&app.client, BACK, more), None);
    if answer.status == 200 {
        let body = [
            ("client_id", app.client.as_str()),
            ("state", "s"),
            ("redirect_uri", BACK),
            ("granted", "true"),
        ];
        answer = browser.ask(play, "/login/oauth/grant", Some(&form(&body)));
    }
    let (to, query) = answer.leads_to().split_once('?').unwrap();
    let said = fields(query);
    assert_eq!((answer.status, to, said["state"].as_str()), (303, BACK, "s"));
    said["code"].clone()
}

fn tokens(play: &mut Play, app: &App, more: &[(&str, &str)]) -> Answer {
    let usual = [
        ("grant_type", "authorization_code"),
        ("client_id", app.client.as_str()),
        ("client_secret", app.secret.as_str()),
        ("redirect_uri", BACK),
    ];
    let usual = usual.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
    let all: Vec<_> = usual.chain(more.iter().copied()).collect();
    ask(play, "/login/oauth/access_token", &[], Some(&form(&all)))
}

fn bearer(token: &str) -> [(&'static str, String); 1] {
    [("authorization", format!("Bearer {token}"))]
}

#[test]
fn an_application_is_made_listed_and_deleted_by_its_owner_alone() {
    let mut play = gitea("1.26.0");
    assert_eq!(ask(&mut play, APPLICATIONS, &[], Some("{}")).status, 401);
    let apps: Vec<App> = (0..3).map(|_| make(&mut play, true)).collect();
    assert!(apps[0].secret.starts_with("gto_") && apps[0].secret.len() == 56);
    assert_ne!(apps[0].client, apps[1].client);
    let listed = ask(&mut play, &format!("{APPLICATIONS}?page=2&limit=2"), &[root()], None).json();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!((&listed[0]["id"], &listed[0]["client_secret"]), (&json!(apps[2].id), &json!("")));
    let path = format!("{APPLICATIONS}/{}", apps[0].id);
    let delete = |play: &mut Play, who: &str| {
        let script = format!(
            "curl -s {who} -X DELETE -w '%{{http_code}}' http://127.0.0.1:3000{path} -o /dev/null"
        );
        play.run("app", &script).1
    };
    assert_eq!(delete(&mut play, ""), "401");
    let who = format!("-H '{}: {}'", root().0, root().1);
    assert_eq!((delete(&mut play, &who), delete(&mut play, &who)), ("204".into(), "404".into()));
}

#[test]
fn a_person_who_signs_in_on_the_way_is_led_on_in_both_versions() {
    for version in ["1.25.5", "1.26.0"] {
        let mut play = gitea(version);
        let app = make(&mut play, true);
        let (mut browser, begin) = (Browser::default(), authorize(&app.client, BACK, &[]));
        let to_login = browser.ask(&mut play, &begin, None);
        assert_eq!(to_login.status, 303, "{version}");
        assert_eq!(to_login.leads_to().contains("?redirect_to="), version == "1.26.0");
        assert_eq!(browser.ask(&mut play, to_login.leads_to(), None).status, 200);
        let wrong = browser.ask(&mut play, "/user/login", Some("user_name=root1&password=wrong"));
        assert_eq!(wrong.status, 200);
        let led_on = browser.ask(&mut play, "/user/login", Some(LOGIN));
        assert_eq!(led_on.leads_to(), begin, "{version}");
        let page = browser.ask(&mut play, &begin, None);
        assert!(page.body.contains("Authorize \"ci\" to access your account?"), "{}", page.body);
        code(&mut play, &mut browser, &app, &[]);
        assert_eq!(browser.ask(&mut play, &begin, None).status, 303, "nobody is asked twice");
    }
}

#[test]
fn nobody_is_led_to_another_host_after_a_login() {
    let mut play = gitea("1.26.0");
    for going_to in ["https%3A%2F%2Felsewhere.example", "%2F%2Felsewhere.example"] {
        let mut browser = Browser::default();
        browser.ask(&mut play, &format!("/user/login?redirect_to={going_to}"), None);
        assert_eq!(browser.ask(&mut play, "/user/login", Some(LOGIN)).leads_to(), "/");
    }
}

#[test]
fn what_the_application_did_not_name_is_refused() {
    let mut play = gitea("1.26.0");
    let (app, mut browser) = (make(&mut play, true), signed_in(&mut play));
    for (client, back, why) in [
        ("other", BACK, "Client ID not registered"),
        (app.client.as_str(), "https://ci.example/other", "Unregistered Redirect URI"),
        (app.client.as_str(), "https://ci.example/login?x", "Unregistered Redirect URI"),
    ] {
        let page = browser.ask(&mut play, &authorize(client, back, &[]), None);
        assert!(page.status == 400 && page.body.contains(why), "{}", page.body);
    }
    let slash = authorize(&app.client, "https://ci.example/login/", &[]);
    assert_eq!(browser.ask(&mut play, &slash, None).status, 200, "a slash makes no difference");
    let kind = authorize(&app.client, BACK, &[("response_type", "token")]);
    let back = browser.ask(&mut play, &kind, None);
    assert!(back.leads_to().starts_with(&format!("{BACK}?error=unsupported_response_type&")));
}

#[test]
fn a_code_gives_tokens_once_and_to_its_application_alone() {
    let mut play = gitea("1.26.0");
    let (app, other) = (make(&mut play, true), make(&mut play, true));
    let mut browser = signed_in(&mut play);
    let code = code(&mut play, &mut browser, &app, &[]);
    let refused =
        |play: &mut Play, app: &App, more: &[(&str, &str)]| tokens(play, app, more).error();
    let is = |said: &str| (400, said.to_owned());
    let of = |more: (&'static str, &'static str)| [("code", code.as_str()), more];
    assert_eq!(refused(&mut play, &app, &of(("client_secret", "x"))), is("invalid client secret"));
    assert_eq!(
        refused(&mut play, &app, &of(("client_id", "x"))),
        is("cannot load client with client id: 'x'")
    );
    assert_eq!(
        refused(&mut play, &app, &of(("redirect_uri", "https://ci.example/other"))),
        is("unexpected redirect URI")
    );
    assert_eq!(refused(&mut play, &other, &[("code", &code)]), is("invalid grant"));
    let given = tokens(&mut play, &app, &[("code", &code)]);
    assert_eq!((given.status, &given.json()["token_type"]), (200, &json!("bearer")));
    assert_eq!(refused(&mut play, &app, &[("code", &code)]), is("client is not authorized"));
    let refresh = given.json()["refresh_token"].as_str().unwrap().to_owned();
    let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    assert_eq!(tokens(&mut play, &app, &again).status, 200);
    let spoilt = [("grant_type", "refresh_token"), ("refresh_token", "x.y.z")];
    assert_eq!(refused(&mut play, &app, &spoilt), is("unable to parse refresh token"));
}

#[test]
fn a_code_ends_after_ten_minutes_and_a_token_after_an_hour() {
    let mut play = gitea("1.26.0");
    let (app, mut browser) = (make(&mut play, true), signed_in(&mut play));
    let late = code(&mut play, &mut browser, &app, &[]);
    play.wait(601);
    let error = (400, "authorization code expired".to_owned());
    assert_eq!(tokens(&mut play, &app, &[("code", &late)]).error(), error);
    let code = code(&mut play, &mut browser, &app, &[]);
    let given = tokens(&mut play, &app, &[("code", &code)]).json();
    let token = given["access_token"].as_str().unwrap();
    let info = ask(&mut play, "/login/oauth/userinfo", &bearer(token), None);
    assert_eq!((info.status, &info.json()["preferred_username"]), (200, &json!("root1")));
    let user = ask(&mut play, "/api/v1/user", &bearer(token), None);
    assert_eq!((user.status, &user.json()["login"]), (200, &json!("root1")));
    let refresh = given["refresh_token"].as_str().unwrap();
    for wrong in [refresh, "x.y.z", &token[..token.len() - 1]] {
        assert_eq!(ask(&mut play, "/login/oauth/userinfo", &bearer(wrong), None).status, 401);
        assert_eq!(ask(&mut play, "/api/v1/user", &bearer(wrong), None).status, 401);
    }
    play.wait(3600);
    assert_eq!(ask(&mut play, "/login/oauth/userinfo", &bearer(token), None).status, 401);
}

#[test]
fn a_public_client_proves_that_it_asked() {
    let mut play = gitea("1.26.0");
    let (app, mut browser) = (make(&mut play, false), signed_in(&mut play));
    let without = browser.ask(&mut play, &authorize(&app.client, BACK, &[]), None);
    assert!(without.leads_to().contains("PKCE%20is%20required"), "{}", without.leads_to());
    // The example of RFC 7636, appendix B.
    let (verifier, challenge) = (
        "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    );
    let proof = [("code_challenge", challenge), ("code_challenge_method", "S256")];
    let code = code(&mut play, &mut browser, &app, &proof);
    let public = App { secret: String::new(), ..app };
    let wrong = tokens(&mut play, &public, &[("code", &code), ("code_verifier", "x")]).error();
    assert_eq!(wrong, (400, "failed PKCE code challenge".to_owned()));
    let right = tokens(&mut play, &public, &[("code", &code), ("code_verifier", verifier)]);
    assert_eq!(right.status, 200);
}

#[test]
fn what_was_not_asked_is_not_granted_and_a_refusal_is_told() {
    let mut play = gitea("1.26.0");
    let (app, mut browser) = (make(&mut play, true), signed_in(&mut play));
    let of = |granted: &'static str| {
        form(&[
            ("client_id", &app.client),
            ("state", "s"),
            ("redirect_uri", BACK),
            ("granted", granted),
        ])
    };
    let said = browser.ask(&mut play, "/login/oauth/grant", Some(&of("true")));
    assert_eq!(said.status, 400, "nobody was asked");
    browser.ask(&mut play, &authorize(&app.client, BACK, &[]), None);
    let said = browser.ask(&mut play, "/login/oauth/grant", Some(&of("false")));
    assert!(said.leads_to().starts_with(&format!("{BACK}?error=access_denied&")));
}
