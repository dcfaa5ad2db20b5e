//! Connecting to the ports that an app publishes.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use harness_core::chain::Chain;
use harness_core::platform::{App, ConnectError};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::connect::Swarm;
use super::placed::read_placed;

/// Docker's proxy takes a connection before it knows whether anything listens behind it, and hangs up at once if
/// nothing does.
const HOLDS_FOR: Duration = Duration::from_millis(200);

impl Swarm {
    /// Connects to a published port and hangs up. Only ports of the app itself are tried: others may listen on this
    /// host too.
    pub(super) async fn try_port(
        &self,
        app: &App,
        port: u16,
        limit: Duration,
    ) -> Result<(), ConnectError> {
        let published = self.published(app);
        let published = published.map_err(|reason| ConnectError::Unreachable { port, reason })?;
        if !published.contains(&port) {
            return Err(ConnectError::not_published(port, &published));
        }
        let address = SocketAddr::new(self.settings.https.ip(), port);
        let refused = |reason: String| ConnectError::Refused { port, reason };
        match tokio::time::timeout(limit, TcpStream::connect(address)).await {
            Err(_elapsed) => Err(ConnectError::TimedOut { port, limit }),
            Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {
                Err(refused(error.to_string()))
            }
            Ok(Err(error)) => Err(ConnectError::Unreachable { port, reason: error.to_string() }),
            Ok(Ok(stream)) => held(stream).await.map_err(refused),
        }
    }

    fn published(&self, app: &App) -> Result<Vec<u16>, String> {
        let env = self.dir.read_env(&app.domain).map_err(|e| Chain(&e).to_string())?;
        let checkout = self.dir.checkout(&app.recipe);
        let compose = read_placed(&checkout, &env, &app.stack);
        Ok(compose.map_err(|e| Chain(&e).to_string())?.published_tcp())
    }
}

/// Waits a moment for the other side to hang up; one that says something, or waits for us to, holds the connection.
async fn held(mut stream: TcpStream) -> Result<(), String> {
    let mut first = [0];
    match tokio::time::timeout(HOLDS_FOR, stream.read(&mut first)).await {
        Err(_elapsed) => Ok(()),
        Ok(Ok(0)) => Err("the connection was taken and closed at once".to_owned()),
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(format!("the connection was taken and broken off: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    async fn client(serve: impl AsyncFnOnce(TcpStream)) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
        let address = listener.local_addr().expect("a listener has an address");
        let server = async {
            let (stream, _) = listener.accept().await.expect("somebody connects");
            serve(stream).await;
        };
        let client = async { held(TcpStream::connect(address).await.expect("it listens")).await };
        tokio::join!(server, client).1
    }

    #[tokio::test]
    async fn a_connection_counts_only_if_the_other_side_keeps_it() {
        let closed = client(async |stream| drop(stream)).await;
        assert_eq!(closed.unwrap_err(), "the connection was taken and closed at once");
        let greeted = client(async |mut stream| stream.write_all(b"hello").await.unwrap()).await;
        assert_eq!(greeted, Ok(()));
        let silent = client(async |mut stream| {
            drop(stream.read(&mut [0]).await);
        });
        assert_eq!(silent.await, Ok(()));
    }
}
