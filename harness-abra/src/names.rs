//! Names and trust inside the containers of a local server: apps of a run reach each other by their public names and
//! believe the local certificate authority. Main type: [`Names`].

use std::fmt::Write as _;

use camino::Utf8Path;
use harness_core::name::Domain;
use harness_core::recipe::{Compose, Service};

use crate::engine::Router;

/// The file in a checkout from which the config is made.
pub(crate) const AUTHORITIES: &str = "ccci-authorities.pem";

/// The config's name in the compose file.
const CONFIG: &str = "ccci_authorities";

/// Where it lies in a container.
const INSIDE: &str = "/etc/ccci/authorities.pem";

/// The authorities that the host itself believes: what an app asks outside is still believed.
const OF_HOST: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A config of Swarm holds no more, and an authority that is not there is worse than one of the host's that is missing.
const MOST: usize = 480_000;

/// The variables by which programs are told what to believe: OpenSSL and Go, Node, Python's requests, curl.
const VARIABLES: [&str; 4] =
    ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// What `host_quirks` says about a local server.
pub(crate) const LOCAL_NAMES: &str = "the server's names are in no DNS and its authority in no store: services on the router's network get the run's host names (`extra_hosts`) and its certificate authority from a generated overlay";

/// Where the names of a run's apps lead, and whom to believe there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    pub(crate) router: Router,
    pub(crate) domains: Vec<Domain>,
    pub(crate) authorities: String,
}

impl Names {
    /// Returns what is believed: what the host believes, and the local authority.
    ///
    /// # Errors
    /// The local authority cannot be read.
    pub(crate) fn authorities(local: &Utf8Path) -> std::io::Result<String> {
        let local = std::fs::read_to_string(local)?;
        let host = std::fs::read_to_string(OF_HOST).unwrap_or_default();
        Ok(if host.len() + local.len() < MOST { format!("{local}{host}") } else { local })
    }

    /// Returns whether a service is on the router's network, from where alone it is reached.
    pub(crate) fn reaches(&self, compose: &Compose, service: &Service) -> bool {
        let named = |key: &String| {
            let defined = compose.networks.iter().find(|network| network.key == *key);
            defined.and_then(|n| n.name.as_deref()).unwrap_or(key) == self.router.network
        };
        service.networks.iter().any(named)
    }

    /// Adds a service's part of the overlay.
    pub(crate) fn add_to(&self, text: &mut String) {
        let mut line = |line: &str| writeln!(text, "    {line}").expect("a string takes all text");
        line("extra_hosts:");
        for domain in &self.domains {
            line(&format!("  - \"{domain}:{}\"", self.router.address));
        }
        line("environment:");
        for name in VARIABLES {
            line(&format!("  {name}: {INSIDE}"));
        }
        line("configs:");
        line(&format!("  - source: {CONFIG}"));
        line(&format!("    target: {INSIDE}"));
    }

    /// Returns what the overlay defines besides services.
    pub(crate) fn definitions() -> String {
        format!("configs:\n  {CONFIG}:\n    file: {AUTHORITIES}\n")
    }
}
