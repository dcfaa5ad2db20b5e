//! The stand-in as its clients see it, beside the one of Gitea.

use serde_json::{Value, json};

use super::coded::{form, query};
use crate::app::play::Play;
use crate::world::{Request, Response};

const DB: [(&str, &str); 4] = [
    ("MYSQL_DATABASE", "gitea"),
    ("MYSQL_USER", "gitea"),
    ("MYSQL_PASSWORD", "pw"),
    ("MYSQL_ROOT_PASSWORD", "root"),
];

const GIT: [(&str, &str); 6] = [
    ("GITEA__server__ROOT_URL", "https://git.example/"),
    ("GITEA__database__DB_TYPE", "mysql"),
    ("GITEA__database__HOST", "db:3306"),
    ("GITEA__database__NAME", "gitea"),
    ("GITEA__database__USER", "gitea"),
    ("GITEA__database__PASSWD", "pw"),
];

const OLDER: &str = "drone/drone:1.9.2";
const NEWER: &str = "drone/drone:1.10.1";

/// Sends a request of somebody with a header.
fn send(
    play: &mut Play,
    host: &str,
    (method, path): (&str, &str),
    header: (&str, &str),
    body: &str,
) -> Response {
    let headers = vec![(header.0.to_owned(), header.1.to_owned())];
    let request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        headers,
        body: body.as_bytes().to_vec(),
    };
    play.send(host, &request)
}

fn json_of(answer: &Response) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn header_of<'a>(answer: &'a Response, name: &str) -> &'a str {
    let found = answer.headers.iter().find(|(n, _)| n == name);
    found.map(|(_, value)| value.as_str()).unwrap_or_default()
}

/// Returns the cookies that an answer sets, as the next request sends them.
fn cookies_of(answer: &Response) -> String {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs = set.filter_map(|(_, value)| value.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}

/// A Gitea with the administrator `root1` and a Drone that it knows.
fn drone(image: &str, create: &str) -> Play {
    let mut play = Play::new()
        .service("db", "mariadb:10.11.18", &DB, &["/var/lib/mysql"])
        .service("git", "gitea/gitea:1.26.0-rootless", &GIT, &["/var/lib/gitea", "/etc/gitea"])
        .routed("git.example", 3000);
    play.up(60);
    let who = "--username root1 --password password1 --email root1@example.org";
    play.out("git", &format!("gitea admin user create --admin {who} --must-change-password=false"));
    let wanted = json!({"name": "ci", "redirect_uris": ["https://ci.example/login"],
        "confidential_client": true});
    // root1:password1
    let basic = ("authorization", "Basic cm9vdDE6cGFzc3dvcmQx");
    let path = ("POST", "/api/v1/user/applications/oauth2");
    let made = json_of(&send(&mut play, "git.example", path, basic, &wanted.to_string()));
    let of = |name: &str| made[name].as_str().unwrap_or_default();
    let env = [
        ("DRONE_SERVER_HOST", "ci.example"),
        ("DRONE_SERVER_PROTO", "https"),
        ("DRONE_DATABASE_DATASOURCE", "/data/database.sqlite"),
        ("DRONE_GITEA_SERVER", "https://git.example"),
        ("DRONE_GITEA_CLIENT_ID", of("client_id")),
        ("DRONE_GITEA_CLIENT_SECRET", of("client_secret")),
        ("DRONE_USER_CREATE", create),
    ];
    let mut play = play.service("app", image, &env, &["/data"]).routed("ci.example", 80);
    play.up(10);
    play
}

fn get(play: &mut Play, path: &str, header: (&str, &str)) -> Response {
    send(play, "ci.example", ("GET", path), header, "")
}

const NOBODY: (&str, &str) = ("accept", "*/*");

/// Goes to the Gitea and comes back with a code; returns the way back, and the state's cookie.
fn way_back(play: &mut Play) -> (String, String) {
    let begun = get(play, "/login", NOBODY);
    let state = cookies_of(&begun);
    let at = header_of(&begun, "location").strip_prefix("https://git.example").unwrap().to_owned();
    let login = ("POST", "/user/login");
    let form_of_login = "user_name=root1&password=password1";
    let signed_in = send(play, "git.example", login, NOBODY, form_of_login);
    let session = ("cookie", cookies_of(&signed_in));
    let session = (session.0, session.1.as_str());
    let mut answer = send(play, "git.example", ("GET", &at), session, "");
    if answer.status == 200 {
        let asked = query(&at);
        let said = form(&[
            ("client_id", &asked["client_id"]),
            ("state", &asked["state"]),
            ("redirect_uri", &asked["redirect_uri"]),
            ("granted", "true"),
        ]);
        answer = send(play, "git.example", ("POST", "/login/oauth/grant"), session, &said);
    }
    let back = header_of(&answer, "location").strip_prefix("https://ci.example").unwrap();
    (back.to_owned(), state)
}

/// Logs in; returns the session's cookie.
fn log_in(play: &mut Play) -> String {
    let (back, state) = way_back(play);
    let landed = get(play, &back, ("cookie", &state));
    assert_eq!((landed.status, header_of(&landed, "location")), (303, "/"));
    cookies_of(&landed)
}

fn user(play: &mut Play, header: (&str, &str)) -> (u16, Value) {
    let answer = get(play, "/api/user", header);
    (answer.status, json_of(&answer))
}

fn token(play: &mut Play, path: &str, header: (&str, &str)) -> String {
    let answer = send(play, "ci.example", ("POST", path), header, "");
    json_of(&answer)["token"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn without_a_gitea_it_does_not_start() {
    let mut play = Play::new().service("app", OLDER, &[], &["/data"]);
    play.up(10);
    let logs = play.logs("app");
    assert!(logs.contains("main: source code management system not configured"), "{logs}");
    let env = [
        ("DRONE_GITEA_SERVER", "https://git.example"),
        ("DRONE_DATABASE_DATASOURCE", "/nowhere/x.sqlite"),
    ];
    let mut play = Play::new().service("app", OLDER, &env, &["/data"]);
    play.up(10);
    let logs = play.logs("app");
    assert!(logs.contains("unable to open database file"), "{logs}");
}

#[test]
fn a_login_leads_to_the_gitea_each_time_with_another_state() {
    let mut play = drone(OLDER, "");
    assert_eq!(get(&mut play, "/healthz", NOBODY).body, b"OK");
    assert_eq!(json_of(&get(&mut play, "/version", NOBODY)), json!({"version": "1.9.2"}));
    let (first, second) = (get(&mut play, "/login", NOBODY), get(&mut play, "/login", NOBODY));
    assert_eq!(first.status, 303);
    let to = header_of(&first, "location");
    assert!(to.starts_with("https://git.example/login/oauth/authorize?client_id="), "{to}");
    assert!(
        to.contains("&redirect_uri=https%3A%2F%2Fci.example%2Flogin&response_type=code&state=")
    );
    assert_ne!(query(to)["state"], query(header_of(&second, "location"))["state"]);
    let page = get(&mut play, "/nothing", NOBODY);
    assert!(page.status == 200 && page.body.starts_with(b"<!DOCTYPE html>"));
}

#[test]
fn who_the_gitea_lets_in_has_an_account_a_session_and_a_token() {
    let mut play = drone(OLDER, "");
    assert_eq!(user(&mut play, NOBODY), (401, json!({"message": "Unauthorized"})));
    let session = log_in(&mut play);
    let session = ("cookie", session.as_str());
    let (status, shown) = user(&mut play, session);
    assert_eq!((status, &shown["login"], &shown["admin"]), (200, &json!("root1"), &json!(false)));
    assert_eq!(shown["email"], "root1@example.org");
    assert_eq!(get(&mut play, "/api/users", session).status, 403);
    let first = token(&mut play, "/api/user/token", session);
    assert_eq!(
        user(&mut play, ("authorization", &format!("Bearer {first}"))),
        (200, shown.clone())
    );
    let second = token(&mut play, "/api/user/token?rotate=true", session);
    assert_ne!(first, second);
    assert_eq!(user(&mut play, ("authorization", &format!("Bearer {first}"))).0, 401);
    assert_eq!(user(&mut play, ("cookie", "_session_=root1.made-up")).0, 401);
    let again = log_in(&mut play);
    assert_eq!(user(&mut play, ("cookie", &again)).1["id"], shown["id"], "the same account");
    let out = get(&mut play, "/logout", session);
    assert!(header_of(&out, "set-cookie").starts_with("_session_=deleted;"));
}

#[test]
fn a_login_that_is_not_this_ones_comes_to_nothing() {
    let mut play = drone(OLDER, "");
    let (back, state) = way_back(&mut play);
    let to = |play: &mut Play, path: &str, cookie: &str| {
        let answer = get(play, path, ("cookie", cookie));
        assert!(answer.status == 303 && !cookies_of(&answer).contains("_session_"));
        header_of(&answer, "location").replace("/login/error?message=", "")
    };
    assert_eq!(to(&mut play, &back, ""), "http: named cookie not present");
    assert_eq!(to(&mut play, &back, "_oauth_state_=other"), "Invalid state");
    assert_eq!(to(&mut play, "/login?error=access_denied", ""), "access_denied");
    let made_up = format!("/login?code=x&state={}", query(&back)["state"]);
    let unknown = "unauthorized_client: client is not authorized";
    assert_eq!(to(&mut play, &made_up, &state), unknown);
    assert_eq!(get(&mut play, &back, ("cookie", &state)).status, 303);
    assert_eq!(to(&mut play, &back, &state), unknown, "a code is good once");
}

#[test]
fn an_upgrade_changes_the_tables_and_keeps_accounts_and_tokens_but_no_session() {
    let mut play = drone(OLDER, "username:root1,admin:true");
    let session = log_in(&mut play);
    let token = token(&mut play, "/api/user/token", ("cookie", &session));
    let token = format!("Bearer {token}");
    let (status, before) = user(&mut play, ("authorization", &token));
    assert_eq!((status, &before["admin"]), (200, &json!(true)));
    let all = json_of(&get(&mut play, "/api/users", ("authorization", &token)));
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    play.upgrade("app", NEWER);
    assert_eq!(json_of(&get(&mut play, "/version", NOBODY))["version"], "1.10.1");
    assert_eq!(user(&mut play, ("authorization", &token)), (200, before));
    assert_eq!(user(&mut play, ("cookie", &session)).0, 401);
    let (code, _, said) = play.run("app", "sqlite3 /data/database.sqlite 'SELECT 1'");
    assert!(code == 127 && said.contains("command not found"), "{said}");
}
