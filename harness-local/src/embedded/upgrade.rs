//! Connections that an app takes over from HTTP: WebSocket and whatever else is asked for by `Upgrade`. Main function:
//! [`tunnel`].

use std::sync::Arc;

use hyper::header::{CONNECTION, HeaderMap, UPGRADE};
use hyper_util::rt::TokioIo;
use tokio_util::task::TaskTracker;

use super::shared::Shared;
use super::stream::carry;
use crate::world::Request;

/// Returns whether a request asks for its connection.
pub(super) fn is_asked_for(headers: &HeaderMap) -> bool {
    let named = headers.get(CONNECTION).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let mut tokens = named.split(',').map(str::trim);
    headers.contains_key(UPGRADE) && tokens.any(|t| t.eq_ignore_ascii_case("upgrade"))
}

/// Lets the client and the app talk once the app's answer is out, which said that it switches.
pub(super) fn tunnel(
    client: hyper::upgrade::OnUpgrade,
    (host, asked): (&str, &Request),
    shared: &Arc<Shared>,
    tunnels: &TaskTracker,
) {
    let Some((connection, greeting)) = shared.with(|w| w.taken_over(host, asked)) else { return };
    let shared = Arc::clone(shared);
    drop(tunnels.spawn(async move {
        match client.await {
            Ok(client) => {
                let ended = carry(TokioIo::new(client), connection, greeting, &shared).await;
                tracing::debug!(?ended, "a tunnel ended");
            }
            Err(error) => tracing::debug!(%error, "an upgrade broke"),
        }
    }));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use harness_core::name::{ServiceName, StackName};
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, ServerName};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::JoinSet;
    use tokio_rustls::client::TlsStream;

    use super::super::clock::Clock;
    use super::super::serve::serve;
    use super::*;
    use crate::app::StandIns;
    use crate::router::certificates::{Certificates, default_certificate};
    use crate::router::tls::server_config;
    use crate::world::{
        ImageSource, Replicas, RolloutSpec, ServiceSpec, StackSpec, TaskSpec, World,
    };

    /// Returns a server on which an app that switches to capitals runs at `a.ccci.test`.
    async fn shared() -> Arc<Shared> {
        let start = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut world = World::new(1, start, Arc::new(StandIns));
        world.create_network("proxy");
        world.set_image("fixture/echo:7", ImageSource::Present);
        let labels = [
            ("traefik.enable", "true"),
            ("traefik.http.services.x.loadbalancer.server.port", "80"),
            ("traefik.http.routers.x.rule", "Host(`a.ccci.test`)"),
        ];
        let labels = labels.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let networks = vec!["proxy".to_owned()];
        let task = TaskSpec { networks, ..TaskSpec::of_image("fixture/echo:7") };
        let service = ServiceSpec {
            name: ServiceName::try_from("app".to_owned()).expect("a name"),
            labels: BTreeMap::from(labels),
            replicas: Replicas::Count(1),
            task: Arc::new(task),
            update: RolloutSpec::default(),
            rollback: RolloutSpec::default(),
        };
        let stack = StackName::try_from("s".to_owned()).expect("a name");
        let spec = StackSpec { stack, services: vec![service], networks: vec![], configs: vec![] };
        world.deploy_stack(spec).expect("nothing is missing");
        let shared = Arc::new(Shared::new(world, Clock::begin(start, 1000)));
        shared.pass(Duration::from_secs(30)).await;
        shared
    }

    /// Serves it over loopback, and returns a client's connection.
    async fn client(shared: &Arc<Shared>, tasks: &mut JoinSet<()>) -> TlsStream<TcpStream> {
        let now = jiff::Timestamp::now();
        let made = Certificates::generate("ccci.test", now).expect("certificates");
        let default = default_certificate(now).expect("a certificate");
        let tls = server_config("ccci.test", &made.server, &default).expect("a server");
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback");
        let at = listener.local_addr().expect("an address");
        tasks.spawn(serve(listener, Arc::new(tls), Arc::clone(shared)));
        let mut roots = rustls::RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(made.ca.as_bytes()).expect("a certificate");
        roots.add(ca).expect("an authority");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(at).await.expect("it listens");
        let name = ServerName::try_from("a.ccci.test").expect("a name");
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await.expect("a handshake")
    }

    async fn says(stream: &mut TlsStream<TcpStream>, asked: &str, end: &str) -> String {
        stream.write_all(asked.as_bytes()).await.expect("it is open");
        let mut heard = Vec::new();
        while !heard.ends_with(end.as_bytes()) {
            let read = tokio::time::timeout(Duration::from_secs(10), stream.read_u8()).await;
            heard.push(read.expect("in time").expect("it is open"));
        }
        String::from_utf8(heard).expect("text")
    }

    #[tokio::test]
    async fn an_app_takes_over_the_connection_of_a_request_that_it_switches() {
        let (shared, mut tasks) = (shared().await, JoinSet::new());
        let mut stream = client(&shared, &mut tasks).await;
        let ask = "GET /switch HTTP/1.1\r\nhost: a.ccci.test\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n";
        let head = says(&mut stream, ask, "\r\n\r\n").await;
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert_eq!(says(&mut stream, "", "\n").await, "HELLO /switch\n");
        assert_eq!(says(&mut stream, "one\n", "\n").await, "ONE\n");
        assert_eq!(says(&mut stream, "quit\n", "\n").await, "BYE\n");
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_or_default(), 0, "it is closed");
    }

    #[tokio::test]
    async fn one_that_is_not_switched_stays_http() {
        let (shared, mut tasks) = (shared().await, JoinSet::new());
        let mut stream = client(&shared, &mut tasks).await;
        let ask =
            "GET /a HTTP/1.1\r\nhost: a.ccci.test\r\nconnection: Upgrade\r\nupgrade: echo\r\n\r\n";
        let answer = says(&mut stream, ask, "7 /a").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}
