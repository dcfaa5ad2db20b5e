use std::sync::Arc;

use harness_core::name::{Domain, RecipeName, RunId, StackName};
use harness_core::platform::App;
use harness_local::router::certificates::{Certificates, default_certificate};
use harness_local::router::tls::server_config;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A server that says back what it hears, plainly or inside of TLS, with a certificate for `*.ccci.test`.
struct Echo {
    port: u16,
    ca: Utf8PathBuf,
    _dir: TempDir,
    _tasks: JoinSet<()>,
}

impl Echo {
    async fn start(speaks_tls: bool) -> Self {
        let dir = TempDir::new().expect("a folder can be made");
        let ca = Utf8PathBuf::from_path_buf(dir.path().join("ca.pem")).expect("UTF-8");
        let now = jiff::Timestamp::now();
        let made = Certificates::generate("ccci.test", now).expect("a certificate");
        std::fs::write(&ca, &made.ca).expect("it can be written");
        let default = default_certificate(now).expect("a certificate");
        let config = server_config("ccci.test", &made.server, &default).expect("a server");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        let port = listener.local_addr().expect("an address").port();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if speaks_tls {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        echo(stream).await;
                    }
                } else {
                    echo(stream).await;
                }
            }
        });
        Self { port, ca, _dir: dir, _tasks: tasks }
    }

    fn attachment(&self) -> Attachment {
        Attachment::Swarm {
            docker_host: "unix:///nowhere".to_owned(),
            https: "127.0.0.1:1".parse().expect("an address"),
            ca: Some(self.ca.clone()),
        }
    }
}

async fn echo(stream: impl AsyncRead + AsyncWrite) {
    let (mut reading, mut writing) = tokio::io::split(stream);
    drop(tokio::io::copy(&mut reading, &mut writing).await);
}

fn app(domain: &str) -> App {
    let domain = Domain::try_from(domain.to_owned()).expect("a domain");
    App {
        recipe: RecipeName::try_from("mumble".to_owned()).expect("a name"),
        stack: StackName::from(&domain),
        domain,
        run: RunId::try_from("run".to_owned()).expect("an id"),
    }
}

async fn said_back(mut stream: Stream) -> String {
    stream.write_all(b"are you there?").await.expect("it can be written");
    let mut answer = [0; 14];
    stream.read_exact(&mut answer).await.expect("it can be read");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Connects to the server as one who wants to speak to a domain.
async fn tls(echo: &Echo, domain: &str, trust: TlsTrust) -> Result<Stream, ConnectError> {
    let (app, attachment) = (app(domain), echo.attachment());
    let access = Access::to(&app, &attachment);
    let domain = &app.domain;
    Place { domain, attachment: &attachment, access: &access, port: echo.port }.tls(trust).await
}

#[tokio::test]
async fn bytes_pass_both_ways_and_a_plain_connection_shows_no_certificate() {
    let echo = Echo::start(false).await;
    let (app, attachment) = (app("mumb-1.ccci.test"), echo.attachment());
    let access = Access::to(&app, &attachment);
    let place =
        Place { domain: &app.domain, attachment: &attachment, access: &access, port: echo.port };
    let stream = place.tcp().await.unwrap();
    assert_eq!(stream.certificate(), None);
    assert_eq!(said_back(stream).await, "are you there?");
}

#[tokio::test]
async fn a_certificate_of_the_authority_is_trusted_for_its_own_domains() {
    let echo = Echo::start(true).await;
    let stream = tls(&echo, "mumb-1.ccci.test", TlsTrust::Verified).await.unwrap();
    assert!(stream.certificate().is_some_and(|c| c.starts_with(&[0x30])), "it is DER");
    assert_eq!(said_back(stream).await, "are you there?");
    // For any other name the server shows one that it signed itself.
    let error = tls(&echo, "mumb-1.other.test", TlsTrust::Verified).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Tls { reason, .. } if reason.contains("certificate")));
    assert!(!error.may_pass());
    let stream = tls(&echo, "mumb-1.other.test", TlsTrust::AnyCertificate).await.unwrap();
    assert_eq!(said_back(stream).await, "are you there?");
}

#[tokio::test]
async fn a_port_that_speaks_something_else_or_nothing_is_told_apart() {
    let plain = Echo::start(false).await;
    let error = tls(&plain, "mumb-1.ccci.test", TlsTrust::AnyCertificate).await.unwrap_err();
    assert!(matches!(error, ConnectError::Tls { .. }), "{error}");
    let free = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let nobody = Echo { port: free.local_addr().unwrap().port(), ..plain };
    drop(free);
    let error = tls(&nobody, "mumb-1.ccci.test", TlsTrust::AnyCertificate).await.unwrap_err();
    assert!(matches!(&error, ConnectError::Refused { .. }) && error.may_pass(), "{error}");
    assert!(error.to_string().contains("must be published"), "{error}");
}
