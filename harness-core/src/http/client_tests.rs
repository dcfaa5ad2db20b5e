//! Clients for any address: what goes over the wire.

use rstest::rstest;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::http::Asked;

const LIMIT: Duration = Duration::from_secs(10);

#[rstest]
#[case("https://kc.example.org", "https://kc.example.org", "")]
#[case("https://kc.example.org:443/", "https://kc.example.org", "")]
#[case("http://127.0.0.1:18080/auth/", "http://127.0.0.1:18080", "/auth")]
#[case("https://KC.example.org/a/b", "https://kc.example.org", "/a/b")]
fn an_address_is_read(#[case] address: &str, #[case] site: &str, #[case] prefix: &str) {
    let client = Client::at(address, None).unwrap();
    assert_eq!((client.site(), client.origin()), (site, site));
    assert_eq!(client.base(), format!("{site}{prefix}"));
    assert_eq!(client.from_root().base(), site);
}

#[rstest]
#[case("kc.example.org", "relative URL")]
#[case("ftp://kc.example.org", "the scheme `ftp`")]
#[case("https://admin:hunter22@kc.example.org", "credentials")]
#[case("https://kc.example.org/?password=hunter22", "a query")]
#[case("https://kc.example.org/#top", "a fragment")]
fn near_misses_are_refused_and_not_repeated(#[case] address: &str, #[case] seen: &str) {
    let error = Client::at(address, None).unwrap_err().to_string();
    assert!(error.contains(seen) && !error.contains("hunter22"), "{error}");
}

#[test]
fn only_an_address_of_the_site_has_a_path_there() {
    let client = Client::at("http://127.0.0.1:18080/auth", None).unwrap();
    let path = |url: &str| client.path_of(&Url::parse(url).unwrap());
    assert_eq!(path("http://127.0.0.1:18080/auth/realms/r?a=b#c").unwrap(), "/auth/realms/r?a=b");
    for other in ["https://127.0.0.1:18080/", "http://127.0.0.1:18081/", "http://localhost:18080/"]
    {
        assert_eq!(path(other), None, "{other}");
    }
    let domain = Domain::try_from("kc.ccci.test".to_owned()).unwrap();
    let route = Route { https: ([127, 0, 0, 1], 8443).into(), ca: None };
    let app = Client::for_app(&domain, &route).unwrap();
    let url = Url::parse("https://kc.ccci.test/x").unwrap();
    assert_eq!(app.path_of(&url).as_deref(), Some("/x"), "whatever port the router has here");
}

/// Answers each connection once, with what it heard, and sets a cookie.
async fn echo(listener: TcpListener) {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = vec![0; 4096];
        let length = stream.read(&mut heard).await.unwrap();
        let body = String::from_utf8_lossy(&heard[..length]).into_owned();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nset-cookie: session=1; Path=/auth\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[tokio::test]
async fn plain_http_below_a_path_is_asked_for_with_host_and_port_and_cookies_come_back() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(echo(listener));
    let client = Client::at(&format!("http://{host}/auth"), None).unwrap();
    let said = client.get("/realms/master?a=b", LIMIT).await.unwrap().text();
    assert!(said.starts_with("GET /auth/realms/master?a=b HTTP/1.1\r\n"), "{said}");
    assert!(said.contains(&format!("host: {host}\r\n")), "{said}");
    let said = client.from_root().get("/auth/x", LIMIT).await.unwrap().text();
    assert!(said.starts_with("GET /auth/x HTTP/1.1\r\n"), "{said}");
    assert!(said.contains("cookie: session=1\r\n"), "{said}");
    assert_eq!(client.cookies("/x").as_deref(), Some("session=1"));
    assert_eq!(format!("{client:?}"), format!("Client(http://{host}/auth)"), "no session");
    let stranger = client.stranger().unwrap();
    assert_eq!((stranger.cookies("/x"), stranger.base()), (None, client.base()));
}

#[derive(Debug)]
struct Hosts;

impl Responder for Hosts {
    fn respond(
        &self,
        asked: Asked,
    ) -> futures_util::future::BoxFuture<'_, Result<Answer, HttpError>> {
        let host = asked.headers.into_iter().find(|(name, _)| name == "host");
        let body = host.map(|(_, value)| value.into_bytes()).unwrap_or_default();
        Box::pin(async { Ok(Answer { status: 200, headers: Vec::new(), body, certificate: None }) })
    }
}

#[tokio::test(start_paused = true)]
async fn an_apps_host_is_its_domain_alone() {
    let domain = Domain::try_from("app.ccci.test".to_owned()).unwrap();
    let client = Client::in_process(&domain, Arc::new(Hosts)).unwrap();
    assert_eq!(client.get("/", LIMIT).await.unwrap().text(), "app.ccci.test");
    assert_eq!(
        (client.site(), client.base().as_str()),
        ("https://app.ccci.test", "https://app.ccci.test")
    );
}
