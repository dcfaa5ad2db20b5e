//! Connections to the app's published ports, for protocols that are no HTTP. Main types: [`Stream`], [`TlsTrust`],
//! [`ConnectError`].

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::chain::Chain;
use harness_core::name::Domain;
use harness_core::platform::Attachment;
use harness_local::embedded::{ControlError, Wire};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::access::Access;
use crate::tls;

/// How long it may take to connect, and as long again for a TLS handshake.
const LIMIT: Duration = Duration::from_secs(10);

/// What stands for the certificate of a server in this process.
const SIMULATED: &[u8] = b"SIMULATED CERTIFICATE OF THE APP";

/// Whose certificates are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsTrust {
    /// Those of the app's own domain that the run's certificate authority signed, as for HTTP.
    Verified,
    /// Any: for apps that sign their own. What is said may be heard by anyone who is between; look at
    /// [`Stream::certificate`] for more.
    AnyCertificate,
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// Nobody takes connections there.
    #[error(
        "nothing takes connections on port {port} at {at}: {reason}; the port must be published (`mode: host`) and the app must listen"
    )]
    Refused {
        /// The port.
        port: u16,
        /// Where it was looked for.
        at: String,
        /// What the system said.
        reason: String,
    },
    /// There was no answer in time.
    #[error("expected {what} on port {port} within {limit:?}")]
    TimedOut {
        /// The port.
        port: u16,
        /// What was waited for.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// TLS could not be agreed on, or the certificate is not to be trusted.
    #[error("expected a TLS handshake on port {port}: {reason}")]
    Tls {
        /// The port.
        port: u16,
        /// What went wrong.
        reason: String,
    },
    /// TLS cannot be set up on our side, or there is no server to reach.
    #[error("{0}")]
    Unable(String),
}

impl ConnectError {
    /// Returns whether the same may succeed a moment later, while an app starts.
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Refused { .. } | Self::TimedOut { .. } => true,
            Self::Tls { .. } | Self::Unable(_) => false,
        }
    }
}

/// A connection to a port of the app: read it and write it as any of tokio's.
pub struct Stream {
    way: Box<dyn Way>,
    certificate: Option<Vec<u8>>,
}

trait Way: AsyncRead + AsyncWrite + Send + Unpin {}

impl<W: AsyncRead + AsyncWrite + Send + Unpin> Way for W {}

impl Stream {
    /// Returns the certificate that the server showed, as DER; none without TLS. On a server in this process it is a
    /// text that stands for one.
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    fn plain(way: impl Way + 'static) -> Self {
        Self { way: Box::new(way), certificate: None }
    }
}

/// The way to a port: which app, on what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) attachment: &'a Attachment,
    pub(crate) access: &'a Access,
    pub(crate) port: u16,
}

impl Place<'_> {
    /// Connects without TLS.
    pub(crate) async fn tcp(self) -> Result<Stream, ConnectError> {
        match self.connected().await? {
            Wire::Socket(socket) => Ok(Stream::plain(socket)),
            Wire::Within(stream) => Ok(Stream::plain(stream.without_tls())),
        }
    }

    /// Connects and agrees on TLS.
    pub(crate) async fn tls(self, trust: TlsTrust) -> Result<Stream, ConnectError> {
        let port = self.port;
        let stream = match self.connected().await? {
            Wire::Socket(socket) => socket,
            Wire::Within(stream) if stream.speaks_tls() => {
                return Ok(Stream { way: stream, certificate: Some(SIMULATED.to_vec()) });
            }
            Wire::Within(_) => {
                let reason = "the server speaks something else".to_owned();
                return Err(ConnectError::Tls { port, reason });
            }
        };
        let config = tls::client(trust, self.authority()).map_err(ConnectError::Unable)?;
        let shaken = timeout(LIMIT, tls::handshake(config, self.domain, stream)).await;
        let late = |_| ConnectError::TimedOut { port, what: "a TLS handshake", limit: LIMIT };
        let stream = shaken.map_err(late)?;
        let stream = stream
            .map_err(|error| ConnectError::Tls { port, reason: Chain(&error).to_string() })?;
        let certificate = tls::certificate(&stream);
        Ok(Stream { way: Box::new(stream), certificate })
    }

    fn authority(&self) -> Option<&Utf8PathBuf> {
        match self.attachment {
            Attachment::Swarm { ca, .. } => ca.as_ref(),
            Attachment::Embedded { ca, .. } => Some(ca),
            Attachment::InProcess | Attachment::Instant => None,
        }
    }

    async fn connected(&self) -> Result<Wire, ConnectError> {
        let port = self.port;
        let limited = match self.access {
            // What is published in host mode is where the router is.
            Access::Swarm(attached) => {
                let at = SocketAddr::new(attached.route().https.ip(), port);
                let refused = |error: io::Error| ConnectError::Refused {
                    port,
                    at: at.ip().to_string(),
                    reason: error.to_string(),
                };
                let connect = async {
                    let stream = TcpStream::connect(at).await.map_err(refused)?;
                    stream.set_nodelay(true).map_err(refused)?;
                    Ok(Wire::Socket(stream))
                };
                timeout(LIMIT, connect).await
            }
            Access::Embedded(attached) => {
                let connect = async { attached.connect(port).await.map_err(|e| from(port, &e)) };
                timeout(LIMIT, connect).await
            }
            Access::Nowhere => {
                let text = "there is no app to reach from this process";
                return Err(ConnectError::Unable(text.to_owned()));
            }
        };
        let late = |_| ConnectError::TimedOut { port, what: "a connection", limit: LIMIT };
        limited.map_err(late)?
    }
}

fn from(port: u16, error: &ControlError) -> ConnectError {
    let reason = Chain(error).to_string();
    match error {
        ControlError::Unheard(_) => {
            ConnectError::Refused { port, at: "the simulated server".to_owned(), reason }
        }
        ControlError::Unreachable { .. }
        | ControlError::Unreadable(_)
        | ControlError::NotRunning(_)
        | ControlError::Missing
        | ControlError::Refused(_)
        | ControlError::Failed { .. } => ConnectError::Unable(reason),
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("certificate", &self.certificate.is_some()).finish()
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.way).poll_read(cx, buf)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.way).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.way).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.way).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[path = "stream_tests.rs"]
mod tests;
