//! A service of a compose file.

use super::cursor::Cursor;
use super::error::ComposeError;
use super::node::Node;
use super::runtime::Runtime;
use crate::name::ServiceName;

/// What is known of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its key in the compose file.
    pub name: ServiceName,
    /// The image with its tag.
    pub image: Option<String>,
    /// The labels of the Swarm service (`deploy.labels`), from the list form or the map form.
    pub labels: Vec<(String, String)>,
    /// The environment; a name without a value is `None`.
    pub environment: Vec<(String, Option<String>)>,
    /// Volumes, folders and temporary file systems.
    pub mounts: Vec<Mount>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// How many tasks are wished for; none means one.
    pub replicas: Option<u64>,
    /// `replicated`, `global` or a job.
    pub mode: Option<String>,
    /// `any`, `on-failure` or `none`.
    pub restart_condition: Option<String>,
    /// Whether a health check is defined and not disabled.
    pub has_healthcheck: bool,
    /// The services that it names in `depends_on`.
    pub depends_on: Vec<String>,
    /// The keys of its networks; none means the stack's default network.
    pub networks: Vec<String>,
    /// The keys of its secrets.
    pub secrets: Vec<String>,
    /// The keys of its configs.
    pub configs: Vec<String>,
    /// `vip` or `dnsrr`.
    pub endpoint_mode: Option<String>,
    /// How Swarm updates it.
    pub update: UpdateConfig,
    /// How its containers are started, watched and replaced.
    pub runtime: Runtime,
}

/// How Swarm updates a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateConfig {
    /// `start-first` or `stop-first`.
    pub order: Option<String>,
    /// `rollback`, `pause` or `continue`.
    pub failure_action: Option<String>,
    /// How long a new task is watched, as written.
    pub monitor: Option<String>,
}

/// A mount of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The key of the volume; none for a folder of the host or a temporary file system.
    pub volume: Option<String>,
    /// The source as written.
    pub source: String,
    /// The path in the container.
    pub target: String,
    /// Whether the container may only read it.
    pub read_only: bool,
}

/// A published port of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The port in the container, as written.
    pub target: String,
    /// The port outside; none when Swarm chooses.
    pub published: Option<String>,
    /// `host` or `ingress`.
    pub mode: String,
    /// `tcp` or `udp`.
    pub protocol: String,
}

impl Service {
    /// Returns the value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Returns the TCP ports that are published: the one outside and the one in the container. Those that Swarm chooses
    /// by itself are left out.
    pub fn published_tcp(&self) -> Vec<(u16, u16)> {
        let tcp = self.ports.iter().filter(|p| p.protocol == "tcp");
        tcp.filter_map(|p| Some((range(p.published.as_deref()?)?, range(&p.target)?)))
            .filter(|(outside, inside)| outside.len() == inside.len())
            .flat_map(|(outside, inside)| outside.zip(inside))
            .collect()
    }

    pub(super) fn read(key: &str, node: &Node) -> Result<Self, ComposeError> {
        let path = format!("services.{key}");
        node.pairs(&path)?;
        let name = ServiceName::try_from(key.to_owned()).map_err(|_| {
            node.mismatch(&path, "under a name of letters, digits, `.`, `-` and `_`")
        })?;
        let at = Cursor::new(node, path);
        let deploy = at.key("deploy");
        let update = deploy.key("update_config");
        let labels = deploy.key("labels").pairs()?;
        Ok(Self {
            name,
            image: at.key("image").text()?,
            labels: labels
                .into_iter()
                .map(|(name, value)| (name, value.unwrap_or_default()))
                .collect(),
            environment: at.key("environment").pairs()?,
            mounts: at.key("volumes").items()?.iter().map(Mount::read).collect::<Result<_, _>>()?,
            ports: at.key("ports").items()?.iter().map(Port::read).collect::<Result<_, _>>()?,
            replicas: deploy.key("replicas").number()?,
            mode: deploy.key("mode").text()?,
            restart_condition: deploy.key("restart_policy").key("condition").text()?,
            has_healthcheck: at.key("healthcheck").node().is_some_and(is_enabled),
            depends_on: at.key("depends_on").names()?,
            networks: at.key("networks").names()?,
            secrets: at.key("secrets").names()?,
            configs: at.key("configs").names()?,
            endpoint_mode: deploy.key("endpoint_mode").text()?,
            update: UpdateConfig {
                order: update.key("order").text()?,
                failure_action: update.key("failure_action").text()?,
                monitor: update.key("monitor").text()?,
            },
            runtime: Runtime::read(&at)?,
        })
    }
}

/// Returns the ports of `80` or `8000-8010`, an address before them left out.
fn range(text: &str) -> Option<std::ops::RangeInclusive<u16>> {
    let text = text.rsplit(':').next().unwrap_or_default();
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(first..=last)
}

/// Returns whether a health check is meant: `disable: true` and `test: NONE` mean none.
fn is_enabled(healthcheck: &Node) -> bool {
    let at = Cursor::new(healthcheck, "healthcheck");
    let first = at
        .key("test")
        .items()
        .ok()
        .and_then(|items| items.first().and_then(|i| i.text().ok().flatten()));
    let test = first.or_else(|| at.key("test").text().ok().flatten());
    !at.key("disable").is_true() && test.as_deref() != Some("NONE")
}

impl Mount {
    fn read(at: &Cursor<'_>) -> Result<Self, ComposeError> {
        if let Some(target) = at.key("target").text()? {
            let kind = at.key("type").text()?.unwrap_or_else(|| "volume".to_owned());
            let source = at.key("source").text()?.unwrap_or_default();
            let volume = (kind == "volume" && !source.is_empty()).then(|| source.clone());
            return Ok(Self { volume, source, target, read_only: at.key("read_only").is_true() });
        }
        let text = at.text()?.unwrap_or_default();
        let mut parts = text.split(':');
        let (first, second) = (parts.next().unwrap_or_default().to_owned(), parts.next());
        let read_only = parts.next().is_some_and(|modes| modes.split(',').any(|mode| mode == "ro"));
        let Some(target) = second else {
            return Ok(Self { volume: None, source: String::new(), target: first, read_only });
        };
        let is_path = first.starts_with(['/', '.', '~', '$']);
        let volume = (!is_path).then(|| first.clone());
        Ok(Self { volume, source: first, target: target.to_owned(), read_only })
    }
}

impl Port {
    fn read(at: &Cursor<'_>) -> Result<Self, ComposeError> {
        let or = |key: &str, default: &str| {
            Ok(at.key(key).text()?.unwrap_or_else(|| default.to_owned()))
        };
        if let Some(target) = at.key("target").text()? {
            let published = at.key("published").text()?;
            return Ok(Self {
                target,
                published,
                mode: or("mode", "ingress")?,
                protocol: or("protocol", "tcp")?,
            });
        }
        let text = at.text()?.unwrap_or_default();
        let (ports, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
        let mut parts = ports.rsplit(':');
        let target = parts.next().unwrap_or_default().to_owned();
        let published = parts.next().map(str::to_owned);
        Ok(Self { target, published, mode: "ingress".to_owned(), protocol: protocol.to_owned() })
    }
}
