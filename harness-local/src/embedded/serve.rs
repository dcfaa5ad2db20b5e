//! The simulated router's entry point: HTTPS on loopback, answered by the apps of the world.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{HOST, HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::TaskTracker;

use super::shared::Shared;
use super::{routed, upgrade};
use crate::router::own_pages::{Body, bad_gateway, not_found};
use crate::world::Request;

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Serves HTTPS, for ever.
pub(super) async fn serve(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    shared: Arc<Shared>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let tunnels = TaskTracker::new();
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                connections.spawn(talk(stream, acceptor, shared, tunnels.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn talk(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>, tunnels: TaskTracker) {
    drop(stream.set_nodelay(true));
    let Ok(Ok(stream)) = timeout(HANDSHAKE, acceptor.accept(stream)).await else {
        tracing::debug!("a client broke the TLS handshake");
        return;
    };
    let service = service_fn(|request| {
        let (shared, tunnels) = (Arc::clone(&shared), tunnels.clone());
        async move { Ok::<_, Infallible>(answer(request, &shared, &tunnels).await) }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        tracing::debug!(%error, "a client's connection broke");
    }
}

async fn answer(
    mut request: hyper::Request<Incoming>,
    shared: &Arc<Shared>,
    tunnels: &TaskTracker,
) -> Response<Body> {
    let client = upgrade::is_asked_for(request.headers()).then(|| hyper::upgrade::on(&mut request));
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else { return bad_gateway() };
    let header = parts.headers.get(HOST).and_then(|v| v.to_str().ok());
    let Some(host) = header.or_else(|| parts.uri.host()) else { return not_found() };
    let host = host.split(':').next().unwrap_or_default().to_owned();
    let text = |v: &HeaderValue| String::from_utf8_lossy(v.as_bytes()).into_owned();
    let asked = Request {
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map_or("/", |p| p.as_str()).to_owned(),
        headers: parts.headers.iter().map(|(n, v)| (n.to_string(), text(v))).collect(),
        body: body.to_bytes().to_vec(),
    };
    let answer = routed::answer(shared, &host, &asked).await;
    if let Some(client) = client.filter(|_| answer.status == 101) {
        upgrade::tunnel(client, (&host, &asked), shared, tunnels);
    }
    let body = Full::new(Bytes::from(answer.body)).map_err(|never| match never {}).boxed();
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or_default();
    for (name, value) in answer.headers {
        let name = HeaderName::try_from(name);
        if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
