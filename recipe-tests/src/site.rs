//! For tests: a small app on loopback behind the router of the local server, with pages and a WebSocket. Main type:
//! [`Site`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use futures_util::{SinkExt as _, StreamExt as _};
use harness_core::name::{Domain, RecipeName, RunId, StackName};
use harness_core::platform::{App, Attachment};
use harness_core::run_file::{Claims, Health, Phase, RunFile, SCHEMA};
use harness_core::tier::Tier;
use harness_local::router::backends::{SeenService, SeenTask, Table};
use harness_local::router::certificates::{Certificates, default_certificate};
use harness_local::router::serve::Router;
use harness_local::router::tls::server_config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};

use crate::floor::sample::revision;

/// The front page: something that comes late, a form, and words in the console.
const FRONT: &str = r#"<!doctype html><title>Front</title><h1>Hello</h1>
<form action="/welcome" method="get">
  <input name="user"><input type="password" name="password"><button type="submit">Log in</button>
</form>
<p id="hidden" style="display: none">unseen</p>
<script>
  console.error("a bad thing");
  setTimeout(() => document.body.insertAdjacentHTML("beforeend", "<p id=late>late</p>"), 300);
</script>"#;

/// An app behind a router, for as long as this is there.
pub(crate) struct Site {
    /// What a trials process would be told.
    pub(crate) run: RunFile,
    /// The run's folder.
    pub(crate) dir: Utf8PathBuf,
    _runtime: Runtime,
    _tasks: JoinSet<()>,
    _guard: tempfile::TempDir,
}

impl Site {
    /// Starts the app and its router on a runtime of their own.
    pub(crate) fn start(run_id: &str) -> Self {
        let guard = tempfile::tempdir().expect("a folder");
        let dir = Utf8PathBuf::from_path_buf(guard.path().to_owned()).expect("UTF-8");
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().expect("a runtime");
        let (tasks, attachment) = runtime.block_on(serve(&dir));
        let run = run_file(&dir, run_id, attachment);
        Self { run, dir, _runtime: runtime, _tasks: tasks, _guard: guard }
    }
}

async fn serve(dir: &Utf8Path) -> (JoinSet<()>, Attachment) {
    let now = jiff::Timestamp::now();
    let made = Certificates::generate("ccci.test", now).expect("certificates");
    let ca = dir.join("ca.pem");
    std::fs::write(&ca, &made.ca).expect("it can be written");
    let default = default_certificate(now).expect("a certificate");
    let tls = server_config("ccci.test", &made.server, &default).expect("a server");
    let app = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let port = app.local_addr().expect("an address").port();
    let router = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
    let https = router.local_addr().expect("an address");
    let (sender, table) = watch::channel(Arc::new(table(port)));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        Router::new(table).serve_https(router, Arc::new(tls)).await;
        drop(sender);
    });
    tasks.spawn(accept(app));
    let docker_host = "unix:///nowhere".to_owned();
    (tasks, Attachment::Swarm { docker_host, https, ca: Some(ca) })
}

/// Returns a table with the app alone: any host below `ccci.test` but one, which has no app.
fn table(port: u16) -> Table {
    let labels = [
        ("traefik.enable", "true".to_owned()),
        ("traefik.http.services.x.loadbalancer.server.port", port.to_string()),
        ("traefik.http.routers.x.rule", "Host(`a.ccci.test`)".to_owned()),
    ];
    let labels = labels.map(|(k, v)| (k.to_owned(), v)).into_iter().collect();
    let service = SeenService { id: "s".to_owned(), name: "app".to_owned(), labels };
    let task = SeenTask { service: "s".to_owned(), container: Some("c".to_owned()), running: true };
    let loopback = "127.0.0.1".parse().expect("an address");
    Table::new(&[service], &[task], &BTreeMap::from([("c".to_owned(), loopback)]))
}

fn run_file(dir: &Utf8Path, run_id: &str, attachment: Attachment) -> RunFile {
    let domain = Domain::try_from("a.ccci.test".to_owned()).expect("a domain");
    RunFile {
        schema: SCHEMA,
        app: App {
            recipe: RecipeName::try_from("a".to_owned()).expect("a name"),
            stack: StackName::from(&domain),
            domain,
            run: RunId::try_from(run_id.to_owned()).expect("a run's id"),
        },
        attachment,
        tier: Tier::Custom,
        phase: Phase::Check,
        health: Health { path: "/".to_owned(), ok: vec![200] },
        head: revision("eb96de94c0ffee00112233445566778899aabbcc", None),
        base: None,
        services: Vec::new(),
        routed: true,
        upgrade: None,
        snapshot: None,
        not_across: None,
        claims: Claims::default(),
        stores: Vec::new(),
        unrecognized: Vec::new(),
        unprotected: BTreeMap::new(),
        facts: BTreeMap::new(),
        deps: BTreeMap::new(),
        consumer: None,
        repo_tests: Vec::new(),
        without_suite: false,
        browser: Some(dir.join("browser")),
        out: dir.join("work/trials.jsonl"),
    }
}

async fn accept(listener: TcpListener) {
    let mut connections = JoinSet::new();
    let warming = Arc::new(AtomicU32::new(0));
    while let Ok((stream, _)) = listener.accept().await {
        let warming = Arc::clone(&warming);
        connections.spawn(async move { talk(stream, &warming).await });
    }
}

async fn talk(mut stream: TcpStream, warming: &AtomicU32) {
    let mut head = vec![0; 16 * 1024];
    // What is only peeked at is there to be read once more, by whoever speaks WebSocket.
    let length = stream.peek(&mut head).await.unwrap_or_default();
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    if path == "/live" && head.to_ascii_lowercase().contains("upgrade: websocket") {
        return echo(stream).await;
    }
    let (status, headers, body) = answer(&path, warming);
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n"
    );
    drop(stream.write_all(format!("{head}{body}").as_bytes()).await);
    drop(stream.shutdown().await);
    // Until the router has hung up, so that it is not cut off.
    drop(stream.read_to_end(&mut Vec::new()).await);
}

fn answer(path: &str, warming: &AtomicU32) -> (&'static str, &'static str, String) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    match path {
        "/" => ("200 OK", "set-cookie: seen=yes; Path=/\r\n", FRONT.to_owned()),
        "/welcome" => {
            let body = format!(
                "<h1>Welcome</h1><p id=query>{query}</p><script>console.log({query:?})</script>"
            );
            ("200 OK", "", body)
        }
        "/loop" => ("302 Found", "location: /loop\r\n", String::new()),
        "/away" => ("302 Found", "location: https://elsewhere.test/\r\n", String::new()),
        "/teapot" => ("418 I'm a teapot", "", "<h1>no coffee</h1>".to_owned()),
        "/warming" if warming.fetch_add(1, Ordering::Relaxed) < 2 => {
            ("503 Service Unavailable", "", "not yet".to_owned())
        }
        "/warming" => ("200 OK", "", "<h1>warm</h1>".to_owned()),
        _ => ("404 Not Found", "", "<h1>nothing here</h1>".to_owned()),
    }
}

/// Says back what it hears, after what it was told in the request.
async fn echo(stream: TcpStream) {
    let mut told = String::new();
    #[expect(clippy::result_large_err, reason = "the callback's type is the library's")]
    let look = |request: &Request, mut response: Response| {
        let of = |name: &str| {
            let value = request.headers().get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or("none").to_owned()
        };
        told = format!("cookie {}, origin {}, x-a {}", of("cookie"), of("origin"), of("x-a"));
        let offered = of("sec-websocket-protocol");
        if let Some(chosen) = offered.split(',').map(str::trim).find(|p| *p == "second") {
            response
                .headers_mut()
                .insert("sec-websocket-protocol", chosen.parse().expect("a header's value"));
        }
        Ok(response)
    };
    let Ok(mut socket) = tokio_tungstenite::accept_hdr_async(stream, look).await else { return };
    drop(socket.send(told.into()).await);
    while let Some(Ok(message)) = socket.next().await {
        if (message.is_text() || message.is_binary()) && socket.send(message).await.is_err() {
            return;
        }
    }
}
