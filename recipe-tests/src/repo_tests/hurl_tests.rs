//! Whole files against an app that answers in this process, and notes what it was asked.

use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use harness_core::http::{Asked, HttpError, Responder};
use harness_core::repo_tests::RepoTestKind;
use rstest::rstest;

use super::*;

/// An app with pages that lead elsewhere.
#[derive(Debug, Default)]
struct App {
    asked: Mutex<Vec<Asked>>,
}

impl Responder for App {
    fn respond(&self, asked: Asked) -> BoxFuture<'_, Result<Answer, HttpError>> {
        let path = asked.path.split('?').next().unwrap_or_default().to_owned();
        let echo = String::from_utf8_lossy(&asked.body).into_owned();
        self.asked.lock().expect("nobody panics with it").push(asked);
        let leads = |to: &str| (302, vec![("location".to_owned(), to.to_owned())], String::new());
        let (status, headers, body) = match path.as_str() {
            "/abroad" => leads("https://example.org/"),
            "/file" => leads("file:///etc/passwd"),
            "/neighbor" => leads("//other-9f9f9f.ccci.test/"),
            "/plain" => leads("http://cust-1a2b3c.ccci.test/"),
            "/home" => leads("/page?from=home"),
            "/round" => leads("/round"),
            "/api" => leads("https://api.cust-1a2b3c.ccci.test/page"),
            "/huge" => (200, Vec::new(), "x".repeat(5 * 1024 * 1024)),
            "/odd" => (500, Vec::new(), "\u{1b}[31mred\u{7}\u{202e}".to_owned()),
            "/next" => (200, Vec::new(), r#"{"next": "https://example.org/"}"#.to_owned()),
            "/login" => {
                let cookie = ("set-cookie".to_owned(), "session=s1; Path=/".to_owned());
                (200, vec![cookie], r#"{"token": "tok-12345678"}"#.to_owned())
            }
            "/echo" => (200, Vec::new(), echo),
            _ => {
                (200, vec![("content-type".to_owned(), "text/plain".to_owned())], "page".to_owned())
            }
        };
        let answer = Answer { status, headers, body: body.into_bytes(), certificate: None };
        std::future::ready(Ok(answer)).boxed()
    }
}

/// Runs a file; returns how it ended, what the app was asked, and what was hidden.
async fn run(text: &str) -> (Result<(), String>, Vec<Asked>, Vec<String>) {
    let domain = Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).expect("a domain");
    let app = Arc::new(App::default());
    let hidden = Mutex::new(Vec::new());
    let client = |host: &Domain| {
        let responder: Arc<dyn Responder> = Arc::clone(&app) as Arc<dyn Responder>;
        Ok(Client::in_process(host, responder)?)
    };
    let hide = |text: &str| {
        hidden.lock().expect("nobody panics with it").push(text.to_owned());
        Ok(())
    };
    let unique = |word: &str| format!("{word}-0123456789abcdef0123456789abcdef");
    let around = Around {
        domain: &domain,
        account: ("admin1", "Pw1-secret"),
        client: &client,
        unique: &unique,
        hide: &hide,
    };
    let test = RepoTest {
        name: "hurl_t".to_owned(),
        path: "tests/t.hurl".to_owned(),
        kind: RepoTestKind::Hurl,
        tier: harness_core::tier::Tier::Custom,
        phase: harness_core::run_file::Phase::Check,
        text: text.to_owned(),
    };
    let ended = run_file(&around, &test).await.map_err(|failure| failure.to_string());
    let asked = app.asked.lock().expect("nobody panics with it").clone();
    (ended, asked, hidden.into_inner().expect("nobody panics with it"))
}

fn header<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

#[rstest]
#[case("/abroad", "https://example.org/")]
#[case("/file", "file:///etc/passwd")]
#[case("/neighbor", "//other-9f9f9f.ccci.test/")]
#[case("/plain", "http://cust-1a2b3c.ccci.test/")]
#[tokio::test(start_paused = true)]
async fn a_redirect_to_elsewhere_is_not_followed(#[case] path: &str, #[case] to: &str) {
    let options = "[Options]\nlocation: true\n";
    let (ended, asked, _) = run(&format!("GET {{{{base_url}}}}{path}\n{options}HTTP 200\n")).await;
    let error = ended.unwrap_err();
    assert!(
        error.starts_with("tests/t.hurl:1: expected a redirect that stays with the app"),
        "{error}"
    );
    assert!(error.contains(to), "{error}");
    assert_eq!(asked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_followed_only_when_asked_and_within_the_app() {
    let (ended, asked, _) =
        run("GET {{base_url}}/home\nHTTP 302\nLocation: /page?from=home\n").await;
    assert_eq!((ended, asked.len()), (Ok(()), 1));
    let text = "POST {{base_url}}/home\n[Options]\nlocation: true\n[Form]\na: b\nHTTP 200\n[Asserts]\nurl endsWith \"/page?from=home\"\n";
    let (ended, asked, _) = run(text).await;
    assert_eq!(ended, Ok(()));
    let said: Vec<_> =
        asked.iter().map(|a| (a.method.as_str(), a.path.as_str(), a.body.len())).collect();
    assert_eq!(said, [("POST", "/home", 3), ("GET", "/page?from=home", 0)]);
    let (ended, asked, _) =
        run("GET {{base_url}}/round\n[Options]\nlocation: true\nHTTP 200\n").await;
    assert!(ended.unwrap_err().contains("expected an end after 10 redirects"));
    assert_eq!(asked.len(), 11);
}

#[tokio::test(start_paused = true)]
async fn credentials_do_not_follow_to_another_host_of_the_app() {
    let text = "GET {{base_url}}/api\n[BasicAuth]\n{{user}}: {{password}}\n[Options]\nlocation: true\nHTTP 200\n";
    let (ended, asked, _) = run(text).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(header(&asked[0], "host"), Some("cust-1a2b3c.ccci.test"));
    assert_eq!(header(&asked[1], "host"), Some("api.cust-1a2b3c.ccci.test"));
    assert!(header(&asked[0], "authorization").is_some_and(|v| v.starts_with("Basic ")));
    assert_eq!(header(&asked[1], "authorization"), None);
}

#[rstest]
#[case(
    "GET {{base_url}}/next\nHTTP 200\n[Captures]\nnext: jsonpath \"$.next\"\nGET {{next}}\nHTTP 200\n"
)]
#[case(
    "GET {{base_url}}/page\nHTTP 200\nGET {{evil}}\n[Options]\nvariable: evil=file:///etc/passwd\nHTTP 200\n"
)]
#[case(
    "GET {{base_url}}/page\nHTTP 200\nGET https://{{evil}}/\n[Options]\nvariable: evil=example.org\nHTTP 200\n"
)]
#[case(
    "GET {{base_url}}/page\nHTTP 200\nGET https://{{domain}}{{evil}}/\n[Options]\nvariable: evil=.example.org\nHTTP 200\n"
)]
#[case(
    "GET {{base_url}}/page\nHTTP 200\nGET {{base_url}}{{evil}}\n[Options]\nvariable: evil=@example.org/\nHTTP 200\n"
)]
#[tokio::test(start_paused = true)]
async fn a_url_that_variables_make_is_looked_at_too(#[case] text: &str) {
    let (ended, asked, _) = run(text).await;
    let error = ended.unwrap_err();
    assert!(error.contains("the URL `") && error.contains("is refused"), "{error}");
    assert_eq!(asked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_is_not_understood_whole_sends_nothing() {
    let (ended, asked, _) = run("GET {{base_url}}/page\nHTTP 200\n\nGET {{base_url}}/page\nHTTP 200\n[Asserts]\nxpath \"//a\" exists\n").await;
    assert!(ended.unwrap_err().starts_with("tests/t.hurl:7:1: `xpath` is not known to cc-ci"));
    assert!(asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_huge_answer_is_cut_and_nothing_is_said_of_it() {
    for assert in ["body not contains \"error\"", "body exists", "regex \"(x)\" == \"x\""] {
        let (ended, ..) =
            run(&format!("GET {{{{base_url}}}}/huge\nHTTP 200\n[Asserts]\n{assert}\n")).await;
        let error = ended.unwrap_err();
        assert!(error.contains("was cut") && error.len() < 1000, "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_app_says_cannot_steer_a_terminal() {
    for asked in ["HTTP 200\n", "HTTP 500\n`no`\n", "HTTP 500\n[Asserts]\nbody == \"no\"\n"] {
        let (ended, ..) = run(&format!("GET {{{{base_url}}}}/odd\n{asked}")).await;
        let error = ended.unwrap_err();
        assert!(
            error.contains("red") && !error.contains(['\u{1b}', '\u{7}', '\u{202e}']),
            "{error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_break_cannot_be_smuggled_into_a_header() {
    let text = "GET {{base_url}}/page\nX-A: a\\r\\nHost: example.org\nHTTP 200\n";
    let (ended, asked, _) = run(text).await;
    assert!(ended.unwrap_err().contains("a line break or a control character is in it"));
    assert!(asked.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_asked_arrives_as_it_was_written() {
    let text = "POST {{base_url}}/echo?a=1\nAccept: text/plain\n[Query]\nb: 2 3\n[Cookies]\ntheme: dark\n{ \"id\": \"{{unique}}\" }\nHTTP 200\n[Asserts]\njsonpath \"$.id\" == \"{{unique}}\"\n";
    let (ended, asked, _) = run(text).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(asked[0].path, "/echo?a=1&b=2+3");
    assert_eq!(header(&asked[0], "content-type"), Some("application/json"));
    assert_eq!(header(&asked[0], "accept"), Some("text/plain"));
    assert_eq!(header(&asked[0], "cookie"), Some("theme=dark"));
}

#[tokio::test(start_paused = true)]
async fn cookies_and_captures_last_for_one_file_and_secrets_are_hidden() {
    let text = "POST {{base_url}}/login\nHTTP 200\n[Captures]\ntoken: jsonpath \"$.token\" redact\n[Asserts]\ncookie \"session\" == \"s1\"\n\nGET {{base_url}}/page\nAuthorization: Bearer {{token}}\nHTTP 200\n";
    let (ended, asked, hidden) = run(text).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(header(&asked[0], "cookie"), None);
    assert_eq!(header(&asked[1], "cookie"), Some("session=s1"));
    assert_eq!(header(&asked[1], "authorization"), Some("Bearer tok-12345678"));
    assert!(hidden.contains(&"tok-12345678".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn all_that_does_not_hold_of_an_answer_is_said_with_its_line() {
    let text = "GET {{base_url}}/page\nHTTP 200\nContent-Type: text/html\n[Asserts]\nbody == \"page\"\nbody contains \"absent\"\n";
    let (ended, ..) = run(text).await;
    let error = ended.unwrap_err();
    assert!(error.starts_with("tests/t.hurl:3: expected the header `content-type` to be \"text/html\"; seen: [\"text/plain\"]"), "{error}");
    assert!(error.contains("\nline 6: expected `body contains \"absent\"`: it to contain \"absent\"; seen: \"page\""), "{error}");
}

#[test]
fn a_uuid_looks_like_one() {
    let made = uuid("-0123456789abcdef0123456789abcdef");
    assert_eq!(made, "01234567-89ab-4def-8123-456789abcdef");
}
