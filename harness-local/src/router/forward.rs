//! Forwarding one request to one address: a fresh connection, bodies streamed, upgrades tunnelled.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, UPGRADE};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use super::own_pages::{Body, bad_gateway, gateway_timeout};

/// How long a task may take to accept a connection. It is on this machine.
const CONNECT: Duration = Duration::from_secs(5);

/// Headers that are about one connection and never passed on.
const HOP_BY_HOP: [&str; 5] = ["connection", "keep-alive", "proxy-connection", "te", "upgrade"];

/// Where a request came from.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The client's address as the router sees it.
    pub(super) client: IpAddr,
    /// The host that it asked for, with its port if it named one.
    pub(super) host: String,
}

/// Forwards a request and returns the answer, or one of the router's own when there is none.
pub(super) async fn forward(
    mut request: Request<Incoming>,
    origin: &Origin,
    address: SocketAddr,
    tunnels: &TaskTracker,
) -> Response<Body> {
    let stream = match timeout(CONNECT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::info!(%address, %error, "a task refused the connection");
            return bad_gateway();
        }
        Err(_elapsed) => return gateway_timeout(),
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a socket keeps its delay");
    }
    let (mut sender, connection) = match http1::handshake(TokioIo::new(stream)).await {
        Ok(pair) => pair,
        Err(error) => {
            tracing::info!(%address, %error, "a task broke the handshake");
            return bad_gateway();
        }
    };
    let mut driver = JoinSet::new();
    driver.spawn(async move {
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "a task's connection broke");
        }
    });
    let upgrade = upgrade_asked_for(request.headers());
    let from_client = upgrade.is_some().then(|| hyper::upgrade::on(&mut request));
    rewrite(&mut request, origin, upgrade.as_ref());
    match sender.send_request(request).await {
        Ok(response) if response.status() == StatusCode::SWITCHING_PROTOCOLS => {
            switched(response, from_client, driver, tunnels)
        }
        Ok(mut response) => {
            remove_hop_by_hop(response.headers_mut());
            response.map(|body| Streamed { body, _driver: driver }.boxed())
        }
        Err(error) => {
            tracing::info!(%address, %error, "a task broke the connection");
            bad_gateway()
        }
    }
}

/// The client's connection and the task's become one pipe.
fn switched(
    mut response: Response<Incoming>,
    from_client: Option<hyper::upgrade::OnUpgrade>,
    driver: JoinSet<()>,
    tunnels: &TaskTracker,
) -> Response<Body> {
    let Some(from_client) = from_client else { return bad_gateway() };
    let from_task = hyper::upgrade::on(&mut response);
    drop(tunnels.spawn(async move {
        let _driver = driver;
        match tokio::try_join!(from_client, from_task) {
            Ok((client, task)) => {
                let (mut client, mut task) = (TokioIo::new(client), TokioIo::new(task));
                let ended = tokio::io::copy_bidirectional(&mut client, &mut task).await;
                tracing::debug!(?ended, "a tunnel ended");
            }
            Err(error) => tracing::info!(%error, "an upgrade broke"),
        }
    }));
    response.map(|body| body.boxed())
}

fn rewrite(request: &mut Request<Incoming>, origin: &Origin, upgrade: Option<&HeaderValue>) {
    let path = request.uri().path_and_query().map_or("/", |p| p.as_str()).to_owned();
    // A path that was a part of a URI is one.
    *request.uri_mut() = path.parse().unwrap_or_else(|_invalid| Uri::from_static("/"));
    let headers = request.headers_mut();
    remove_hop_by_hop(headers);
    set_forwarded(headers, origin);
    if let Some(protocol) = upgrade {
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, protocol.clone());
    }
}

fn set_forwarded(headers: &mut HeaderMap, origin: &Origin) {
    let client = origin.client.to_string();
    let chain = match headers.get("x-forwarded-for").and_then(|v| v.to_str().ok()) {
        Some(before) => format!("{before}, {client}"),
        None => client.clone(),
    };
    let port = origin.host.rsplit_once(':').map_or("443", |(_, port)| port).to_owned();
    let values = [
        ("x-forwarded-for", chain),
        ("x-forwarded-host", origin.host.clone()),
        ("x-forwarded-port", port),
        ("x-forwarded-proto", "https".to_owned()),
        ("x-forwarded-server", "cc-ci-router".to_owned()),
        ("x-real-ip", client),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    if !headers.contains_key(HOST)
        && let Ok(host) = HeaderValue::from_str(&origin.host)
    {
        headers.insert(HOST, host);
    }
}

fn upgrade_asked_for(headers: &HeaderMap) -> Option<HeaderValue> {
    let connection = headers.get(CONNECTION)?.to_str().ok()?;
    connection
        .split(',')
        .any(|t| t.trim().eq_ignore_ascii_case("upgrade"))
        .then(|| headers.get(UPGRADE).cloned())?
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// A task's body, together with what drives its connection.
struct Streamed {
    body: Incoming,
    _driver: JoinSet<()>,
}

impl hyper::body::Body for Streamed {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v)))
            .collect()
    }

    #[test]
    fn an_upgrade_is_one_only_if_both_headers_say_so() {
        let websocket = headers(&[("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")]);
        assert_eq!(upgrade_asked_for(&websocket), Some(HeaderValue::from_static("websocket")));
        assert_eq!(upgrade_asked_for(&headers(&[("upgrade", "h2c")])), None);
        assert_eq!(upgrade_asked_for(&headers(&[("connection", "upgrade")])), None);
    }

    #[test]
    fn the_app_learns_how_the_client_came() {
        let mut seen = headers(&[
            ("host", "a.test:18443"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-proto", "http"),
        ]);
        set_forwarded(
            &mut seen,
            &Origin { client: "10.0.0.1".parse().unwrap(), host: "a.test:18443".into() },
        );
        let expected = [
            ("host", "a.test:18443"),
            ("x-forwarded-for", "1.2.3.4, 10.0.0.1"),
            ("x-forwarded-host", "a.test:18443"),
            ("x-forwarded-port", "18443"),
            ("x-forwarded-proto", "https"),
            ("x-real-ip", "10.0.0.1"),
        ];
        for (name, value) in expected {
            assert_eq!(seen.get(name).unwrap(), value, "{name}");
        }
    }
}
