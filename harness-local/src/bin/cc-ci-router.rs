//! `cc-ci-router`: the local server's router, a stand-in for Traefik. `cargo xtask up` runs it in a container.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use bollard::Docker;
use camino::Utf8PathBuf;
use clap::Parser;
use harness_local::router::backends::Table;
use harness_local::router::certificates::{Pair, default_certificate};
use harness_local::router::serve::{Router, serve_redirects};
use harness_local::router::{tls, watch};
use jiff::Timestamp;
use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Routes HTTPS requests to the tasks of Swarm services by their `traefik.*` labels.
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Where HTTPS is taken.
    #[arg(long, default_value = "0.0.0.0:8443")]
    https: SocketAddr,
    /// Where HTTPS is taken besides: from containers, which know of no other port than the usual one.
    #[arg(long)]
    inside: Option<SocketAddr>,
    /// Where HTTP is taken and sent to HTTPS.
    #[arg(long, default_value = "0.0.0.0:8080")]
    http: SocketAddr,
    /// The port of HTTPS as clients see it.
    #[arg(long, default_value_t = 443)]
    public_https_port: u16,
    /// The overlay network on which tasks are reached.
    #[arg(long, default_value = "proxy")]
    network: String,
    /// Names under this suffix get the certificate of the local server.
    #[arg(long, default_value = "ccci.test")]
    suffix: String,
    /// A folder with `server.pem` and `server-key.pem`.
    #[arg(long, default_value = "/certificates")]
    certificates: Utf8PathBuf,
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::new("info");
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    // The first: whoever makes a TLS configuration later finds a provider.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        tracing::debug!("a crypto provider was installed already");
    }
    let args = Args::parse();
    match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => match runtime.block_on(run(&args)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                tracing::error!("{error:#}");
                ExitCode::FAILURE
            }
        },
        Err(error) => {
            tracing::error!(%error, "no runtime");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> anyhow::Result<()> {
    let mut terminated = signal(SignalKind::terminate()).context("failed to listen for SIGTERM")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("failed to listen for SIGINT")?;
    let server =
        Pair { certificate: read(args, "server.pem")?, key: read(args, "server-key.pem")? };
    let default = default_certificate(Timestamp::now())?;
    let tls = Arc::new(tls::server_config(&args.suffix, &server, &default)?);
    let docker =
        Docker::connect_with_unix_defaults().context("failed to reach the engine's socket")?;
    let docker = docker.negotiate_version().await.context("failed to talk to the engine")?;
    let https = listen(args.https).await?;
    let http = listen(args.http).await?;
    let inside = match args.inside {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    let (table, newest) = tokio::sync::watch::channel(Arc::new(Table::default()));
    tracing::info!(https = %args.https, http = %args.http, suffix = %args.suffix, "ready");
    tokio::select! {
        () = watch::follow(docker, &args.network, &table) => Err(anyhow!("the engine is no longer followed")),
        () = Router::new(newest.clone()).serve_https(https, Arc::clone(&tls)) => Err(anyhow!("HTTPS is no longer served")),
        () = serve_inside(Router::new(newest), inside, tls) => Err(anyhow!("HTTPS is no longer served inside")),
        () = serve_redirects(http, args.public_https_port) => Err(anyhow!("HTTP is no longer served")),
        _ = terminated.recv() => Ok(()),
        _ = interrupted.recv() => Ok(()),
    }
}

async fn serve_inside(router: Router, listener: Option<TcpListener>, tls: Arc<ServerConfig>) {
    match listener {
        Some(listener) => router.serve_https(listener, tls).await,
        None => std::future::pending().await,
    }
}

fn read(args: &Args, name: &str) -> anyhow::Result<String> {
    let path = args.certificates.join(name);
    std::fs::read_to_string(&path).with_context(|| format!("failed to read {path}"))
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("failed to listen on {address}"))
}
