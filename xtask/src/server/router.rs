//! The router's container.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context as _;
use harness_core::platform::ROUTER_LABEL;
use harness_core::wait::{Hint, Pace, Readiness, until};
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::certificates::CertificateFiles;
use super::network::NETWORK;
use super::{CONFIG_HASH, OURS, SUFFIX};
use crate::docker::Docker;
use crate::progress::say;

const NAME: &str = "cc-ci-router";
const IMAGE: &str = "cc-ci/router:local";

/// The ports on loopback.
pub(super) const HTTPS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 18443);
pub(super) const HTTP: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 18080);

const LIMIT: Duration = Duration::from_secs(30);

/// Makes sure that the router runs, from the newest image and with these certificates, and answers.
pub(crate) async fn ensure_router(
    docker: &Docker<'_>,
    files: &CertificateFiles,
) -> anyhow::Result<()> {
    let image = docker.quick(["image", "inspect", IMAGE, "--format", "{{.Id}}"]).await?;
    let args = arguments(files);
    let hash = config_hash(&image, &files.server, &args);
    let format = format!("{{{{.State.Running}}}} {{{{index .Config.Labels \"{CONFIG_HASH}\"}}}}");
    let seen = docker.find(["container", "inspect", NAME, "--format", &format]).await?;
    if seen.as_deref() != Some(&format!("true {hash}")) {
        docker.find(["container", "rm", "--force", NAME]).await?;
        let label = format!("{CONFIG_HASH}={hash}");
        let run = docker.cmd(LIMIT).args(["run", "--detach", "--name", NAME, "--label", &label]);
        run.args(args).run().await?;
        say(&format!("server   router on {HTTPS} and {HTTP}"));
    }
    let look = async || match ask().await {
        Ok(()) => Readiness::Ready(()),
        Err(error) => Readiness::NotYet(error.to_string()),
    };
    let answered = until(Pace::within(LIMIT), &Hint::default(), look, |_| {}).await;
    answered
        .with_context(|| format!("the router does not answer on {HTTP}; see `docker logs {NAME}`"))
}

/// What `docker run` gets besides name and configuration hash.
fn arguments(files: &CertificateFiles) -> Vec<String> {
    let options = [
        ["--label", OURS],
        ["--label", &format!("{ROUTER_LABEL}={NETWORK}")],
        ["--network", NETWORK],
        ["--restart", "unless-stopped"],
        ["--publish", &format!("{HTTPS}:8443")],
        ["--publish", &format!("{HTTP}:8080")],
        ["--volume", "/var/run/docker.sock:/var/run/docker.sock:ro"],
        ["--volume", &format!("{}:/certificates:ro", files.router)],
    ];
    let program = [
        IMAGE,
        "--suffix",
        SUFFIX,
        "--network",
        NETWORK,
        "--inside",
        "0.0.0.0:443",
        "--public-https-port",
        &HTTPS.port().to_string(),
    ];
    options.as_flattened().iter().chain(&program).map(|a| (*a).to_owned()).collect()
}

fn config_hash(image: &str, certificate: &str, args: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in [image, certificate].into_iter().chain(args.iter().map(String::as_str)) {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Any answer of the HTTP entry point: the engine's own forwarder takes connections before the router does.
async fn ask() -> std::io::Result<()> {
    let mut stream = tokio::net::TcpStream::connect(HTTP).await?;
    stream
        .write_all(
            format!("GET / HTTP/1.1\r\nHost: {SUFFIX}\r\nConnection: close\r\n\r\n").as_bytes(),
        )
        .await?;
    let mut begin = [0; 7];
    stream.read_exact(&mut begin).await?;
    if &begin == b"HTTP/1." {
        Ok(())
    } else {
        Err(std::io::Error::other("expected an HTTP answer"))
    }
}

/// Removes it.
pub(crate) async fn remove_router(docker: &Docker<'_>) -> anyhow::Result<()> {
    if docker.find(["container", "inspect", NAME, "--format", "{{.Id}}"]).await?.is_some() {
        docker.find(["container", "rm", "--force", NAME]).await?;
        say("server   router removed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_image_or_certificate_makes_a_new_router() {
        let files = CertificateFiles {
            ca: "/s/ca.pem".into(),
            router: "/s/router".into(),
            server: "c".into(),
        };
        let args = arguments(&files);
        let hash = config_hash("i", "c", &args);
        assert_eq!(hash, config_hash("i", "c", &args));
        assert_ne!(hash, config_hash("j", "c", &args));
        assert_ne!(hash, config_hash("i", "d", &args));
        assert!(args.contains(&"127.0.0.1:18443:8443".to_owned()));
    }
}
