//! Connections to published ports of the simulated server. Main types: [`Wire`], [`WithinStream`].

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Interval, interval, timeout};

use super::shared::Shared;
use crate::world::{Connection, Reply};

/// How often a silent connection is looked at: what it leads to may have ended.
const LOOK: Duration = Duration::from_millis(100);

/// A connection to a published port.
#[derive(Debug)]
pub enum Wire {
    /// To a server in another process. Where its port speaks TLS, that is spoken on it.
    Socket(TcpStream),
    /// To a server in this process. TLS is left out: what is inside of it passes.
    Within(Box<WithinStream>),
}

/// A connection within this process: what is written goes to the stand-in at once, and what that answers can be read.
pub struct WithinStream {
    shared: Arc<Shared>,
    connection: Connection,
    unread: Vec<u8>,
    closed: bool,
    /// Bytes that are no TLS are written to a port that speaks TLS.
    garbles: bool,
    reader: Option<Waker>,
    /// When a reader looks whether what it reads from is still there.
    looks: Interval,
}

impl WithinStream {
    /// Connects to a published port; none when nobody listens there.
    pub(super) fn open(shared: &Arc<Shared>, port: u16) -> Option<Self> {
        let (connection, unread) = shared.with(|w| w.connect(port))?;
        let shared = Arc::clone(shared);
        Some(Self {
            shared,
            connection,
            unread,
            closed: false,
            garbles: false,
            reader: None,
            looks: interval(LOOK),
        })
    }

    /// Returns whether the port speaks TLS.
    pub const fn speaks_tls(&self) -> bool {
        self.connection.speaks_tls()
    }

    /// Returns the same connection as one sees it who speaks no TLS.
    #[must_use]
    pub fn without_tls(mut self) -> Self {
        self.garbles = self.speaks_tls();
        if self.garbles {
            // A server that speaks TLS says nothing before its client does.
            self.unread.clear();
        }
        self
    }

    fn accept(&mut self, reply: Reply) {
        self.unread.extend(reply.bytes);
        self.closed |= reply.ends;
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}

impl fmt::Debug for WithinStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WithinStream").field("connection", &self.connection).finish_non_exhaustive()
    }
}

impl AsyncRead for WithinStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.unread.is_empty() {
            let length = self.unread.len().min(buf.remaining());
            buf.put_slice(&self.unread[..length]);
            self.unread.drain(..length);
            return Poll::Ready(Ok(()));
        }
        loop {
            self.closed |= !self.shared.with(|w| w.is_open(&self.connection));
            if self.closed {
                return Poll::Ready(Ok(()));
            }
            if self.looks.poll_tick(cx).is_pending() {
                self.reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
        }
    }
}

impl AsyncWrite for WithinStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.closed {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let reply = if self.garbles {
            Reply::end()
        } else {
            let this = &mut *self;
            this.shared.with(|w| w.say_on(&mut this.connection, bytes))
        };
        self.accept(reply);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.accept(Reply::end());
        Poll::Ready(Ok(()))
    }
}

/// Carries a conversation over a stream until one of both ends it.
pub(super) async fn carry(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    mut connection: Connection,
    greeting: Vec<u8>,
    shared: &Shared,
) -> io::Result<()> {
    stream.write_all(&greeting).await?;
    stream.flush().await?;
    let mut said = vec![0; 16 * 1024];
    while shared.with(|w| w.is_open(&connection)) {
        let Ok(read) = timeout(LOOK, stream.read(&mut said)).await else { continue };
        let length = read?;
        if length == 0 {
            break;
        }
        let reply = shared.with(|w| w.say_on(&mut connection, &said[..length]));
        stream.write_all(&reply.bytes).await?;
        stream.flush().await?;
    }
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use harness_core::name::{ServiceName, StackName};

    use super::super::clock::Clock;
    use super::*;
    use crate::app::StandIns;
    use crate::world::{
        ImageSource, PortMode, Protocol, PublishedPort, Replicas, RolloutSpec, ServiceSpec,
        StackSpec, TaskSpec, World,
    };

    /// Returns a server that answers in capitals on port 64000, and inside of TLS on 64001.
    async fn echo() -> Arc<Shared> {
        let start = "2026-11-21T12:00:00Z".parse().expect("a time");
        let mut world = World::new(1, start, Arc::new(StandIns));
        world.set_image("fixture/echo:7", ImageSource::Present);
        let port = |published, target| PublishedPort {
            published,
            target,
            protocol: Protocol::Tcp,
            mode: PortMode::Host,
        };
        let ports = vec![port(64000, 7), port(64001, 8)];
        let task = TaskSpec { ports, ..TaskSpec::of_image("fixture/echo:7") };
        let service = ServiceSpec {
            name: ServiceName::try_from("app".to_owned()).expect("a name"),
            labels: std::collections::BTreeMap::new(),
            replicas: Replicas::Count(1),
            task: Arc::new(task),
            update: RolloutSpec::default(),
            rollback: RolloutSpec::default(),
        };
        let stack = StackName::try_from("s".to_owned()).expect("a name");
        let spec = StackSpec { stack, services: vec![service], networks: vec![], configs: vec![] };
        world.deploy_stack(spec).expect("nothing is missing");
        let shared = Arc::new(Shared::new(world, Clock::begin(start, 1)));
        shared.pass(Duration::from_secs(5)).await;
        shared
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_written_is_answered_and_an_end_is_an_end() {
        let shared = echo().await;
        let mut stream = WithinStream::open(&shared, 64000).unwrap();
        stream.write_all(b"one\nquit\n").await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "HELLO 1\nONE\nBYE\n");
        assert!(stream.write_all(b"more\n").await.is_err());
        assert!(WithinStream::open(&shared, 64002).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_who_waits_hears_that_the_server_has_ended() {
        let shared = echo().await;
        let mut stream = WithinStream::open(&shared, 64000).unwrap();
        stream.read_exact(&mut [0; 8]).await.unwrap();
        let stack = StackName::try_from("s".to_owned()).unwrap();
        let app = ServiceName::try_from("app".to_owned()).unwrap();
        let later = async {
            shared.pass(Duration::from_secs(3)).await;
            shared.with(|w| w.kill(&stack, &app)).unwrap();
        };
        let (read, ()) = tokio::join!(stream.read_u8(), later);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test(start_paused = true)]
    async fn plain_words_to_a_port_that_speaks_tls_end_the_connection() {
        let shared = echo().await;
        let mut stream = WithinStream::open(&shared, 64001).unwrap().without_tls();
        let silence = timeout(Duration::from_secs(1), stream.read_u8()).await;
        assert!(silence.is_err(), "it waits for its client");
        stream.write_all(b"one\n").await.unwrap();
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0);
        let mut stream = WithinStream::open(&shared, 64001).unwrap();
        assert!(stream.speaks_tls());
        stream.write_all(b"one\nquit\n").await.unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).await.unwrap();
        assert_eq!(all, "HELLO 1\nONE\nBYE\n");
    }
}
