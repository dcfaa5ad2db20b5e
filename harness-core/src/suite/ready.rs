//! What must be ready besides the health path: `[[ready]]`. Main types: [`Ready`], [`Probe`].

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::Domain;

/// So many connections in a row make a port ready, unless the suite says otherwise.
const STABLE: u32 = 3;

/// More connections in a row than this prove nothing more.
const MOST_STABLE: u32 = 100;

/// Something that must be ready besides the health path.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "RawReady", into = "RawReady")]
pub struct Ready {
    /// What is asked.
    pub probe: Probe,
    /// It is asked only if the app's `COMPOSE_FILE` names this file.
    pub when_compose_file: Option<String>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A page of the app must answer 200.
    Http {
        /// What stands before the app's domain, its `-` or `.` included; empty for the domain itself.
        prefix: String,
        /// The path, with its query.
        path: String,
    },
    /// A port must accept connections.
    Tcp {
        /// The port.
        port: u16,
        /// So many connections in a row.
        stable: u32,
    },
}

/// A `[[ready]]` table that says no probe.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidReady {
    /// It names nothing to ask.
    #[error(
        "`[[ready]]` asks for nothing: expected `http = \"https://{{domain}}/PATH\"` or `tcp = \"{{domain}}:PORT\"`"
    )]
    Nothing,
    /// It names two things.
    #[error(
        "`[[ready]]` has both `http` and `tcp`: expected one of them; write a second `[[ready]]` for the other"
    )]
    Both,
    /// A page has no number of connections.
    #[error("`stable` counts connections and goes with `tcp` only: leave it out beside `http`")]
    StableWithHttp,
    /// The number of connections is none.
    #[error("`stable = {0}` is out of range: expected 1 to {MOST_STABLE} connections in a row")]
    Stable(u32),
    /// The URL is not one of the app's own.
    #[error(
        "`http = \"{0}\"` is no page of the app: expected `https://{{domain}}/PATH`, `https://LABEL-{{domain}}/PATH` or `https://LABEL.{{domain}}/PATH`, without a port"
    )]
    Url(String),
    /// The address is not one of the app's own.
    #[error(
        "`tcp = \"{0}\"` is no port of the app: expected `{{domain}}:PORT` with a port from 1 to 65535"
    )]
    Address(String),
    /// The file's name is none.
    #[error(
        "`when-compose-file = \"{0}\"` is no compose file: expected the name of a file beside compose.yml, such as `compose.host-ports.yml`"
    )]
    ComposeFile(String),
}

/// `[[ready]]` as it is written.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawReady {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    http: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tcp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    stable: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    when_compose_file: Option<String>,
}

impl TryFrom<RawReady> for Ready {
    type Error = InvalidReady;

    fn try_from(raw: RawReady) -> Result<Self, InvalidReady> {
        let probe = match (raw.http, raw.tcp, raw.stable) {
            (None, None, _) => return Err(InvalidReady::Nothing),
            (Some(_), Some(_), _) => return Err(InvalidReady::Both),
            (Some(_), None, Some(_)) => return Err(InvalidReady::StableWithHttp),
            (Some(url), None, None) => page(&url).ok_or(InvalidReady::Url(url))?,
            (None, Some(address), stable) => {
                let stable = stable.unwrap_or(STABLE);
                if !(1..=MOST_STABLE).contains(&stable) {
                    return Err(InvalidReady::Stable(stable));
                }
                let port = port(&address).ok_or(InvalidReady::Address(address))?;
                Probe::Tcp { port, stable }
            }
        };
        match raw.when_compose_file {
            Some(file) if !is_compose_file(&file) => Err(InvalidReady::ComposeFile(file)),
            when_compose_file => Ok(Self { probe, when_compose_file }),
        }
    }
}

fn page(url: &str) -> Option<Probe> {
    let rest = url.strip_prefix("https://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let prefix = host.strip_suffix("{domain}")?;
    let plain = |label: &str| {
        let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !label.is_empty() && label.bytes().all(fits) && !label.starts_with('-')
    };
    let is_own = match (prefix.strip_suffix('-'), prefix.strip_suffix('.')) {
        (None, None) => prefix.is_empty(),
        (Some(label), _) => plain(label),
        (None, Some(labels)) => labels.split('.').all(|l| plain(l) && !l.ends_with('-')),
    };
    let readable = |b: u8| b.is_ascii_graphic() && !matches!(b, b'{' | b'}' | b'#' | b'\\');
    if !is_own || !path.bytes().all(readable) {
        return None;
    }
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    Some(Probe::Http { prefix: prefix.to_owned(), path })
}

fn port(address: &str) -> Option<u16> {
    let digits = address.strip_prefix("{domain}:")?;
    let port = digits.parse().ok().filter(|port| *port != 0)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(port)
}

fn is_compose_file(name: &str) -> bool {
    let ends = name.ends_with(".yml") || name.ends_with(".yaml");
    name.starts_with("compose") && ends && !name.contains(['/', ':'])
}

impl From<Ready> for RawReady {
    fn from(ready: Ready) -> Self {
        let when_compose_file = ready.when_compose_file;
        match ready.probe {
            Probe::Http { prefix, path } => Self {
                http: Some(format!("https://{prefix}{{domain}}{path}")),
                tcp: None,
                stable: None,
                when_compose_file,
            },
            Probe::Tcp { port, stable } => Self {
                http: None,
                tcp: Some(format!("{{domain}}:{port}")),
                stable: Some(stable),
                when_compose_file,
            },
        }
    }
}

impl Ready {
    /// Returns whether it is asked of an app whose `COMPOSE_FILE` names these files.
    pub fn applies(&self, compose_files: &[String]) -> bool {
        let names =
            |wanted: &String| compose_files.iter().any(|f| f.trim_start_matches("./") == wanted);
        self.when_compose_file.as_ref().is_none_or(names)
    }
}

impl Probe {
    /// Returns the host that a page is asked of: the app's domain, or one of its own beside or below it.
    ///
    /// # Errors
    /// The whole is longer than a host name may be.
    pub fn host(prefix: &str, domain: &Domain) -> Result<Domain, crate::name::InvalidDomain> {
        Domain::try_from(format!("{prefix}{domain}"))
    }
}

/// The probe as it is written in `recipe.toml`.
impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http { prefix, path } => write!(f, "https://{prefix}{{domain}}{path}"),
            Self::Tcp { port, .. } => write!(f, "{{domain}}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::Settings;

    fn read(text: &str) -> Result<Ready, String> {
        let recipe = crate::name::RecipeName::try_from("custom-html".to_owned());
        let recipe = recipe.expect("a recipe's name");
        let settings = Settings::parse(&recipe, &format!("[[ready]]\n{text}\n"));
        match settings {
            Ok(mut settings) => Ok(settings.ready.remove(0)),
            Err(error) => Err(crate::chain::Chain(&error).to_string()),
        }
    }

    fn http(prefix: &str, path: &str) -> Probe {
        Probe::Http { prefix: prefix.to_owned(), path: path.to_owned() }
    }

    #[test]
    fn pages_of_the_apps_own_hosts_and_its_ports_can_be_asked() {
        for (text, probe) in [
            ("http = 'https://{domain}'", http("", "/")),
            ("http = 'https://{domain}/api/health?full=1'", http("", "/api/health?full=1")),
            (
                "http = 'https://collabora-{domain}/hosting/discovery'",
                http("collabora-", "/hosting/discovery"),
            ),
            ("http = 'https://a.b-c.{domain}/'", http("a.b-c.", "/")),
            ("tcp = '{domain}:64738'", Probe::Tcp { port: 64738, stable: 3 }),
            ("tcp = '{domain}:1'\nstable = 1", Probe::Tcp { port: 1, stable: 1 }),
        ] {
            let ready = read(text).unwrap();
            assert_eq!(ready, Ready { probe, when_compose_file: None }, "{text}");
            let again = toml::to_string(&ready).unwrap();
            assert_eq!(toml::from_str::<Ready>(&again).unwrap(), ready, "{again}");
        }
    }

    #[test]
    fn what_is_no_probe_of_the_app_is_refused_with_what_would_be() {
        for (text, said) in [
            ("", "asks for nothing"),
            ("stable = 2", "asks for nothing"),
            ("http = 'https://{domain}/'\ntcp = '{domain}:1'", "both"),
            ("http = 'https://{domain}/'\nstable = 2", "`tcp` only"),
            ("tcp = '{domain}:1'\nstable = 0", "out of range"),
            ("tcp = '{domain}:1'\nstable = 1000", "out of range"),
            ("tcp = '{domain}:0'", "from 1 to 65535"),
            ("tcp = '{domain}:+1'", "from 1 to 65535"),
            ("tcp = '{domain}:65536'", "from 1 to 65535"),
            ("tcp = '{domain}'", "from 1 to 65535"),
            ("tcp = '127.0.0.1:22'", "no port of the app"),
            ("http = 'http://{domain}/'", "no page of the app"),
            ("http = 'https://example.org/'", "no page of the app"),
            ("http = 'https://evil{domain}/'", "no page of the app"),
            ("http = 'https://-{domain}/'", "no page of the app"),
            ("http = 'https://a..{domain}/'", "no page of the app"),
            ("http = 'https://user@{domain}/'", "no page of the app"),
            ("http = 'https://{domain}:8443/'", "no page of the app"),
            ("http = 'https://{domain}/ x'", "no page of the app"),
            ("http = 'https://{domain}/{token}'", "no page of the app"),
            ("http = 'https://{domain}.example.org/'", "no page of the app"),
            ("tcp = '{domain}:1'\nwhen-compose-file = '../x.yml'", "no compose file"),
            ("tcp = '{domain}:1'\nwhen = 'x'", "unknown key `when`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(said) && error.contains("recipe.toml:"), "{text}: {error}");
        }
    }

    #[test]
    fn a_probe_can_depend_on_a_compose_file() {
        let text = "tcp = '{domain}:1'\nwhen-compose-file = 'compose.host-ports.yml'";
        let ready = read(text).unwrap();
        let files = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert!(ready.applies(&files(&["compose.yml", "compose.host-ports.yml"])));
        assert!(ready.applies(&files(&["./compose.host-ports.yml"])));
        assert!(!ready.applies(&files(&["compose.yml", "compose.host-ports.yml.old"])));
        assert!(read("tcp = '{domain}:1'").unwrap().applies(&[]));
    }

    #[test]
    fn a_host_beside_or_below_the_apps_domain_is_made_of_it() {
        let domain = Domain::try_from("a-1.ccci.test".to_owned()).unwrap();
        let host = |prefix| Probe::host(prefix, &domain).unwrap().to_string();
        assert_eq!(host(""), "a-1.ccci.test");
        assert_eq!(host("docs-"), "docs-a-1.ccci.test");
        assert_eq!(host("x.y."), "x.y.a-1.ccci.test");
        assert!(Probe::host(&"l".repeat(64), &domain).is_err());
    }
}
