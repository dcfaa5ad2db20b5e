//! WebSocket to the app, through the router like everything else. Main types: [`WebSocket`], [`Heard`],
//! [`WebSocketError`].

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use camino::Utf8PathBuf;
use futures_util::{SinkExt as _, StreamExt as _};
use harness_core::chain::Chain;
use harness_core::name::Domain;
use harness_core::platform::Attachment;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::Response;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{self, ClientRequestBuilder, Message};

use crate::check::Failure;
use crate::ctx::Ctx;
use crate::stream::TlsTrust;
use crate::tls;

/// How long it may take to connect, and to send or hear a message.
const LIMIT: Duration = Duration::from_secs(15);

/// The longest message that is taken, in bytes.
const LONGEST: usize = 16 * 1024 * 1024;

/// Why there is no WebSocket, or nothing is heard on it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WebSocketError {
    /// The app is in this process, where there is no network.
    #[error(
        "WebSocket needs an app that answers over the network, and this one does not; a check that can do without asks `ctx.without_websocket()` first and skips with the reason"
    )]
    NoNetwork,
    /// The router does not answer.
    #[error("failed to connect to the router for {url}: {reason}")]
    Connect {
        /// What was asked for.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// TLS could not be agreed on.
    #[error("expected a TLS handshake for {url}: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The app answered, and not with a WebSocket.
    #[error("expected {url} to switch to WebSocket (status 101); seen: status {status}, {text:?}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The status.
        status: u16,
        /// How the answer begins.
        text: String,
    },
    /// It did not come in time.
    #[error("expected {what} on {url} within {limit:?}")]
    TimedOut {
        /// The address.
        url: String,
        /// What was waited for.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// What came is no WebSocket any more, or something else than was asked for.
    #[error("expected {what} on {url}; seen: {seen}")]
    Broken {
        /// The address.
        url: String,
        /// What was wanted.
        what: &'static str,
        /// What there was.
        seen: String,
    },
    /// The request makes no sense: a path or a header that cannot be sent.
    #[error("failed to ask for a WebSocket at {url}: {reason}")]
    Request {
        /// What was asked for.
        url: String,
        /// What is wrong.
        reason: String,
    },
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A text.
    Text(String),
    /// Bytes.
    Binary(Vec<u8>),
    /// The app has closed the connection, with a code and a reason if it gave them.
    Closed(Option<(u16, String)>),
}

/// A WebSocket to the app. Each call has a limit of 15 s. Pings are answered while something is waited for.
///
/// ```no_run
/// # use recipe_tests::{Check, Ctx, Heard, ensure_eq};
/// # async fn check(ctx: Ctx) -> Check {
/// let mut socket = ctx.websocket("/live").await?;
/// socket.send_text("hello").await?;
/// ensure_eq!(socket.hear().await?, Heard::Text("hello".to_owned()), "the echo");
/// socket.close().await?;
/// # Ok(()) }
/// ```
pub struct WebSocket {
    stream: WebSocketStream<TlsStream<TcpStream>>,
    protocol: Option<String>,
    url: String,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) protocols: Vec<String>,
}

impl Ctx {
    /// Opens a WebSocket at a path of the app's domain, as one whom the app has never seen. With cookies, headers or
    /// subprotocols there is [`crate::Visitor::websocket`].
    ///
    /// # Errors
    /// The app does not switch to WebSocket there, or cannot be reached over a network.
    pub async fn websocket(&self, path: &str) -> Result<WebSocket, WebSocketError> {
        let asked = Asked { path: path.to_owned(), headers: Vec::new(), protocols: Vec::new() };
        self.open_websocket(asked).await
    }

    /// Returns why a check may leave out what only a WebSocket shows, if so: in virtual time there is no network.
    pub fn without_websocket(&self) -> Option<String> {
        match &self.run().attachment {
            Attachment::Swarm { .. } | Attachment::Embedded { .. } => None,
            Attachment::InProcess | Attachment::Instant => {
                Some("there is no WebSocket in virtual time".to_owned())
            }
        }
    }

    pub(crate) async fn open_websocket(&self, asked: Asked) -> Result<WebSocket, WebSocketError> {
        let (https, ca) = match &self.run().attachment {
            Attachment::Swarm { https, ca, .. } => (*https, ca.as_ref()),
            Attachment::Embedded { https, ca, .. } => (*https, Some(ca)),
            Attachment::InProcess | Attachment::Instant => {
                return Err(WebSocketError::NoNetwork);
            }
        };
        open(self.domain(), https, ca, asked).await
    }
}

async fn open(
    domain: &Domain,
    https: SocketAddr,
    ca: Option<&Utf8PathBuf>,
    asked: Asked,
) -> Result<WebSocket, WebSocketError> {
    let url = format!("wss://{domain}{}", asked.path);
    let request = request(&url, domain, &asked)?;
    let opened = async {
        let connect =
            |e: std::io::Error| WebSocketError::Connect { url: url.clone(), reason: e.to_string() };
        let stream = TcpStream::connect(https).await.map_err(connect)?;
        stream.set_nodelay(true).map_err(connect)?;
        let tls = |reason: String| WebSocketError::Tls { url: url.clone(), reason };
        let config = tls::client(TlsTrust::Verified, ca).map_err(tls)?;
        let shaken = tls::handshake(config, domain, stream).await;
        let stream = shaken.map_err(|e| tls(Chain(&e).to_string()))?;
        let config = WebSocketConfig::default()
            .max_message_size(Some(LONGEST))
            .max_frame_size(Some(LONGEST));
        let switched = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        switched.await.map_err(|e| not_switched(&url, &e))
    };
    let late = |_| WebSocketError::TimedOut { url: url.clone(), what: "a WebSocket", limit: LIMIT };
    let (stream, response) = timeout(LIMIT, opened).await.map_err(late)??;
    let protocol = chosen(&response);
    Ok(WebSocket { stream, protocol, url })
}

fn request(
    url: &str,
    domain: &Domain,
    asked: &Asked,
) -> Result<tungstenite::http::Request<()>, WebSocketError> {
    let unable = |reason: String| WebSocketError::Request { url: url.to_owned(), reason };
    if !asked.path.starts_with('/') {
        return Err(unable("a path begins with `/`".to_owned()));
    }
    let uri = url.parse().map_err(|e: tungstenite::http::uri::InvalidUri| unable(e.to_string()))?;
    let mut builder = ClientRequestBuilder::new(uri);
    for protocol in &asked.protocols {
        builder = builder.with_sub_protocol(protocol);
    }
    let request = tungstenite::client::IntoClientRequest::into_client_request(builder);
    let mut request = request.map_err(|e| unable(e.to_string()))?;
    let headers = request.headers_mut();
    // As a browser does on the app's own pages; what the suite says of it comes after.
    let own = [("origin".to_owned(), format!("https://{domain}"))];
    for (name, value) in own.iter().chain(&asked.headers) {
        let name = HeaderName::try_from(name).map_err(|e| unable(e.to_string()))?;
        let value = HeaderValue::try_from(value).map_err(|e| unable(e.to_string()))?;
        headers.insert(name, value);
    }
    Ok(request)
}

fn not_switched(url: &str, error: &tungstenite::Error) -> WebSocketError {
    let url = url.to_owned();
    if let tungstenite::Error::Http(response) = error {
        let body = response.body().as_deref().unwrap_or_default();
        let text = String::from_utf8_lossy(body).chars().take(200).collect();
        return WebSocketError::Refused { url, status: response.status().as_u16(), text };
    }
    WebSocketError::Broken { url, what: "a WebSocket handshake", seen: Chain(error).to_string() }
}

fn chosen(response: &Response) -> Option<String> {
    let protocol = response.headers().get("sec-websocket-protocol")?;
    Some(protocol.to_str().ok()?.to_owned())
}

impl WebSocket {
    /// Returns the subprotocol that the app chose, if it chose one.
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// Sends a text.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_text(&mut self, text: &str) -> Result<(), WebSocketError> {
        self.send(Message::text(text)).await
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// The connection is gone.
    pub async fn send_binary(&mut self, bytes: &[u8]) -> Result<(), WebSocketError> {
        self.send(Message::binary(bytes.to_vec())).await
    }

    /// Waits for what the app says next.
    ///
    /// # Errors
    /// Nothing was heard within 15 s, or the connection broke.
    pub async fn hear(&mut self) -> Result<Heard, WebSocketError> {
        let heard = timeout(LIMIT, next(&mut self.stream)).await;
        let (url, what) = (self.url.clone(), "a message");
        match heard {
            Ok(Ok(heard)) => Ok(heard),
            Ok(Err(seen)) => Err(WebSocketError::Broken { url, what, seen }),
            Err(_elapsed) => Err(WebSocketError::TimedOut { url, what, limit: LIMIT }),
        }
    }

    /// Waits for what the app says next, which must be a text.
    ///
    /// # Errors
    /// It was something else, or nothing was heard within 15 s.
    pub async fn hear_text(&mut self) -> Result<String, WebSocketError> {
        match self.hear().await? {
            Heard::Text(text) => Ok(text),
            other @ (Heard::Binary(_) | Heard::Closed(_)) => Err(WebSocketError::Broken {
                url: self.url.clone(),
                what: "a text",
                seen: format!("{other:?}"),
            }),
        }
    }

    /// Closes the connection and waits until the app has agreed. What it says until then is lost.
    ///
    /// # Errors
    /// The app does not agree within 15 s, or the connection broke.
    pub async fn close(mut self) -> Result<(), WebSocketError> {
        let closed = async {
            self.stream.close(None).await.map_err(|e| Chain(&e).to_string())?;
            loop {
                if let Heard::Closed(_) = next(&mut self.stream).await? {
                    return Ok(());
                }
            }
        };
        let closed = timeout(LIMIT, closed).await;
        let (url, what) = (self.url, "an orderly end");
        match closed {
            Ok(Ok(())) => Ok(()),
            Ok(Err(seen)) => Err(WebSocketError::Broken { url, what, seen }),
            Err(_elapsed) => Err(WebSocketError::TimedOut { url, what, limit: LIMIT }),
        }
    }

    async fn send(&mut self, message: Message) -> Result<(), WebSocketError> {
        let sent = timeout(LIMIT, self.stream.send(message)).await;
        let (url, what) = (self.url.clone(), "a message to be taken");
        match sent {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => {
                Err(WebSocketError::Broken { url, what, seen: Chain(&error).to_string() })
            }
            Err(_elapsed) => Err(WebSocketError::TimedOut { url, what, limit: LIMIT }),
        }
    }
}

/// Waits for a message of the app's; the error says what there was instead.
async fn next(stream: &mut WebSocketStream<TlsStream<TcpStream>>) -> Result<Heard, String> {
    loop {
        match stream.next().await {
            None => return Ok(Heard::Closed(None)),
            Some(Ok(Message::Text(text))) => return Ok(Heard::Text(text.as_str().to_owned())),
            Some(Ok(Message::Binary(bytes))) => return Ok(Heard::Binary(bytes.to_vec())),
            Some(Ok(Message::Close(frame))) => {
                let said = frame.map(|f| (u16::from(f.code), f.reason.as_str().to_owned()));
                return Ok(Heard::Closed(said));
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
            Some(Err(tungstenite::Error::ConnectionClosed)) => return Ok(Heard::Closed(None)),
            Some(Err(error)) => return Err(Chain(&error).to_string()),
        }
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocket").field("url", &self.url).finish_non_exhaustive()
    }
}

impl From<WebSocketError> for Failure {
    fn from(error: WebSocketError) -> Self {
        use harness_core::cause::CauseClass;
        let cause = match error {
            WebSocketError::NoNetwork => CauseClass::Harness,
            WebSocketError::Connect { .. } => CauseClass::Host,
            WebSocketError::Tls { .. } => CauseClass::Recipe,
            WebSocketError::Request { .. } => CauseClass::Suite,
            WebSocketError::Refused { .. }
            | WebSocketError::TimedOut { .. }
            | WebSocketError::Broken { .. } => CauseClass::App,
        };
        Self::error(cause, error.to_string())
    }
}

#[cfg(test)]
#[path = "websocket_tests.rs"]
mod tests;
