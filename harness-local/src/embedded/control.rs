//! The control port: how a trials process reaches containers and files of the simulated server.

use std::sync::Arc;
use std::time::Duration;

use harness_core::name::StackName;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::protocol::{Ask, Call, Told};
use super::shared::Shared;
use super::stream::carry;
use crate::world::{ExecError, FileError, Io, Moment};

/// How long a call may take to arrive, and how long it may be.
const CALL: Duration = Duration::from_secs(10);
const CALL_BYTES: u64 = 256 * 1024 * 1024;

/// Serves calls that carry the token, for ever. Ports that speak TLS are given this server's.
pub(super) async fn serve(
    listener: TcpListener,
    token: String,
    tls: Arc<rustls::ServerConfig>,
    shared: Arc<Shared>,
) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let (token, acceptor) = (token.clone(), acceptor.clone());
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    if let Err(error) = talk(stream, &token, acceptor, &shared).await {
                        tracing::debug!(%error, "a control connection broke");
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a control connection could not be accepted");
                tokio::task::yield_now().await;
            }
        }
    }
}

async fn talk(
    mut stream: TcpStream,
    token: &str,
    acceptor: TlsAcceptor,
    shared: &Shared,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut line = String::new();
    let mut reader = BufReader::new((&mut stream).take(CALL_BYTES));
    timeout(CALL, reader.read_line(&mut line)).await.map_err(std::io::Error::other)??;
    let told = match serde_json::from_str::<Call>(&line) {
        Ok(Call { token: given, ask: Ask::Connect { port }, .. }) if given == token => {
            return connect(stream, port, acceptor, shared).await;
        }
        Ok(call) if call.token == token => answer(shared, &call.stack, &call.ask),
        Ok(_) => Told::Denied { reason: "the token is not this run's".to_owned() },
        Err(error) => Told::Denied { reason: error.to_string() },
    };
    tell(&mut stream, &told).await?;
    stream.shutdown().await
}

async fn tell(stream: &mut TcpStream, told: &Told) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(told)?;
    text.push(b'\n');
    stream.write_all(&text).await
}

/// Makes of a control connection one to a published port. The engine has no part in it.
async fn connect(
    mut stream: TcpStream,
    port: u16,
    acceptor: TlsAcceptor,
    shared: &Shared,
) -> std::io::Result<()> {
    let Some((connection, greeting)) = shared.with(|w| w.connect(port)) else {
        tell(&mut stream, &Told::Unheard).await?;
        return stream.shutdown().await;
    };
    tell(&mut stream, &Told::Connected).await?;
    if !connection.speaks_tls() {
        return carry(stream, connection, greeting, shared).await;
    }
    let shaken = timeout(CALL, acceptor.accept(stream)).await.map_err(std::io::Error::other)?;
    carry(shaken?, connection, greeting, shared).await
}

/// Does what is asked.
pub(super) fn answer(shared: &Shared, stack: &StackName, ask: &Ask) -> Told {
    if shared.with(|w| w.is_now(Moment::EngineGone)) {
        return Told::Denied { reason: "the engine does not answer".to_owned() };
    }
    shared.with(|w| match ask {
        Ask::Exec { service, argv } => {
            let (mut out, mut err) = (Vec::new(), Vec::new());
            let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
            let ended = w.exec(stack, service, argv, &mut io);
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            match ended {
                Ok(code) => Told::Executed { code, stdout: text(&out), stderr: text(&err) },
                Err(error) => not_running(&error),
            }
        }
        Ask::Read { service, path } => match w.read_file(stack, service, path) {
            Ok(bytes) => Told::File { bytes },
            Err(error) => no_file(error),
        },
        Ask::Write { service, path, bytes } => {
            let written = w.write_file(stack, service, path, bytes.clone());
            written.map_or_else(no_file, |()| Told::Done)
        }
        Ask::Remove { service, path } => {
            let removed = w.remove_file(stack, service, path);
            removed.map_or_else(no_file, |()| Told::Done)
        }
        Ask::List { service, folder } => match w.list_files(stack, service, folder) {
            Ok(files) => Told::Listed { files },
            Err(error) => no_file(error),
        },
        Ask::Observe => Told::Observed { observation: Box::new(w.observe(stack)) },
        Ask::Holders => {
            let holders = w.holders(stack).iter().map(ToString::to_string).collect();
            Told::Holders { holders }
        }
        // A connection of its own leads to a port; see `connect`.
        Ask::Connect { .. } => Told::Denied { reason: "that is no call with an answer".to_owned() },
    })
}

fn not_running(error: &ExecError) -> Told {
    Told::NotRunning { reason: error.to_string() }
}

fn no_file(error: FileError) -> Told {
    match error {
        FileError::NotRunning(error) => not_running(&error),
        FileError::Missing(_) => Told::Missing,
        FileError::Refused { reason, .. } => Told::Refused { reason: reason.to_owned() },
    }
}
