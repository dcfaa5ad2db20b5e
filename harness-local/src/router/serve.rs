//! The two entry points: HTTPS, which forwards, and HTTP, which redirects to it. Main type: [`Router`].

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::backends::Table;
use super::forward::{Origin, forward};
use super::own_pages::{Body, no_available_server, not_found, redirect};

/// How long a client may take for its handshake and for the head of its request.
const CLIENT_HEAD: Duration = Duration::from_secs(15);

/// What all connections share. Clones are the same router.
#[derive(Clone, Debug)]
pub struct Router {
    table: watch::Receiver<Arc<Table>>,
    turn: Arc<AtomicUsize>,
    tunnels: TaskTracker,
}

impl Router {
    /// Returns a router that always uses the newest table.
    pub fn new(table: watch::Receiver<Arc<Table>>) -> Self {
        Self { table, turn: Arc::default(), tunnels: TaskTracker::new() }
    }

    /// Serves HTTPS until the future is dropped, which ends all connections.
    pub async fn serve_https(self, listener: TcpListener, tls: Arc<rustls::ServerConfig>) {
        let acceptor = TlsAcceptor::from(tls);
        let mut connections = JoinSet::new();
        while let Some((stream, client)) = accept(&listener, &mut connections).await {
            let (acceptor, router) = (acceptor.clone(), self.clone());
            connections.spawn(async move {
                match timeout(CLIENT_HEAD, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => {
                        talk(stream, move |request| {
                            let router = router.clone();
                            async move { router.answer(request, client).await }
                        })
                        .await;
                    }
                    Ok(Err(error)) => {
                        tracing::debug!(%client, %error, "a client broke the TLS handshake");
                    }
                    Err(_elapsed) => {
                        tracing::debug!(%client, "a client did not finish the TLS handshake");
                    }
                }
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Response<Body> {
        let Some(host) = host_of(&request) else { return not_found() };
        let table = Arc::clone(&self.table.borrow());
        let Some(entry) = table.find(without_port(&host), request.uri().path()) else {
            return not_found();
        };
        if entry.addresses.is_empty() {
            return no_available_server();
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let address = entry.addresses[turn % entry.addresses.len()];
        forward(request, &Origin { client: client.ip(), host }, address, &self.tunnels).await
    }
}

/// Serves HTTP until the future is dropped: every request is sent to HTTPS.
/// A client that named a port is sent to `public_https_port`, others to the usual one.
pub async fn serve_redirects(listener: TcpListener, public_https_port: u16) {
    let mut connections = JoinSet::new();
    while let Some((stream, _client)) = accept(&listener, &mut connections).await {
        connections.spawn(talk(stream, move |request| async move {
            match host_of(&request) {
                Some(host) => redirect(&https_location(&host, request.uri(), public_https_port)),
                None => not_found(),
            }
        }));
    }
}

/// Returns the next connection. Errors of accepting (a client that is gone, too many files) concern one connection.
async fn accept(
    listener: &TcpListener,
    connections: &mut JoinSet<()>,
) -> Option<(TcpStream, SocketAddr)> {
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, client)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "a socket keeps its delay");
                }
                return Some((stream, client));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn talk<S, A, F>(stream: S, answer: A)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Body>>,
{
    let service = service_fn(|request| {
        let response = answer(request);
        async move { Ok::<_, Infallible>(response.await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(CLIENT_HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client's connection broke");
    }
}

fn host_of(request: &Request<Incoming>) -> Option<String> {
    let header = request.headers().get(HOST).and_then(|v| v.to_str().ok());
    header
        .or_else(|| request.uri().authority().map(|a| a.as_str()))
        .filter(|h| !h.is_empty())
        .map(str::to_owned)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

fn https_location(host: &str, uri: &hyper::Uri, public_https_port: u16) -> String {
    let name = without_port(host);
    let port =
        if name.len() == host.len() { String::new() } else { format!(":{public_https_port}") };
    let path = uri.path_and_query().map_or("/", |p| p.as_str());
    format!("https://{name}{port}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_keeps_host_and_path() {
        let uri = "/a/b?c=d".parse().unwrap();
        assert_eq!(https_location("a.test", &uri, 18443), "https://a.test/a/b?c=d");
        assert_eq!(https_location("a.test:18080", &uri, 18443), "https://a.test:18443/a/b?c=d");
    }

    #[test]
    fn a_port_is_no_part_of_the_name() {
        for (host, name) in [
            ("a.test", "a.test"),
            ("a.test:1", "a.test"),
            ("[::1]", "[::1]"),
            ("[::1]:80", "[::1]"),
        ] {
            assert_eq!(without_port(host), name);
        }
    }
}
