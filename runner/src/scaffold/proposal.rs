//! What the recipe's files say, as far as a suite can begin with it. Main type: [`Proposal`].

use std::collections::BTreeSet;
use std::time::Duration;

use harness_backup::find;
use harness_core::name::{Commit, RecipeName, Version};
use harness_core::recipe::{Compose, RecipeAt, Service};
use harness_core::store::{Coverage, Product, Store};

use super::health;

/// What a suite can begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// The recipe.
    pub recipe: RecipeName,
    /// The commit that was read.
    pub commit: Commit,
    /// The release that it is.
    pub version: Option<Version>,
    /// The service that the router leads to; none: nothing answers HTTP there.
    pub routed: Option<String>,
    /// The path that its own health check asks for.
    pub health: Option<String>,
    /// How long the recipe says that a deploy takes.
    pub timeout: Option<Duration>,
    /// Volumes with files, each where a service that stays can write to it.
    pub volumes: Vec<Volume>,
    /// Databases.
    pub databases: Vec<Database>,
    /// Ports that are published besides the router's.
    pub ports: Vec<Port>,
    /// Variables that the compose files use and that the sample leaves empty.
    pub unset: Vec<String>,
    /// Compose files that the sample does not choose.
    pub optional: Vec<String>,
    /// Whether the labels claim a backup.
    pub has_backups: bool,
}

/// A volume with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its key in the compose file.
    pub key: String,
    /// A name for it in Rust, in lower snake case.
    pub name: String,
    /// A service that stays and can write to it.
    pub service: String,
    /// Where it is in that service's container.
    pub path: String,
    /// Whether a backup takes all of it.
    pub backed_up: bool,
}

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// What it is.
    pub product: Product,
    /// Its service.
    pub service: String,
    /// A name for it in Rust, in lower snake case.
    pub name: String,
    /// Whether a backup takes its data, or a dump of it.
    pub backed_up: bool,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// The service behind it.
    pub service: String,
    /// The port outside.
    pub published: String,
    /// `tcp` or `udp`.
    pub protocol: String,
}

impl Proposal {
    /// Reads what a suite can begin with.
    pub fn new(recipe: &RecipeName, at: &RecipeAt) -> Self {
        let routed = routed(&at.compose);
        let found = find(&at.compose).stores;
        Self {
            recipe: recipe.clone(),
            commit: at.commit.clone(),
            version: at.version.clone(),
            routed: routed.map(|s| s.name.to_string()),
            health: routed.and_then(health::path),
            timeout: timeout(&at.compose),
            volumes: volumes(&found),
            databases: databases(&found),
            ports: ports(&at.compose),
            unset: unset(at),
            optional: optional(at),
            has_backups: at.compose.backup().enabled,
        }
    }
}

/// Returns the service that the router leads to, `app` first.
fn routed(compose: &Compose) -> Option<&Service> {
    let is_routed = |s: &&Service| {
        let rule =
            |name: &str| name.starts_with("traefik.http.routers.") && name.ends_with(".rule");
        s.labels.iter().any(|(name, _)| rule(name))
    };
    let app = compose.service("app").filter(|s| is_routed(s));
    app.or_else(|| compose.services.iter().find(is_routed))
}

/// Returns how long the recipe says that a deploy takes, by its `coop-cloud.….timeout` label.
fn timeout(compose: &Compose) -> Option<Duration> {
    let labels = compose.services.iter().flat_map(|s| &s.labels);
    let is_timeout = |name: &str| name.starts_with("coop-cloud.") && name.ends_with(".timeout");
    let seconds =
        labels.filter(|(name, _)| is_timeout(name)).filter_map(|(_, value)| value.parse().ok());
    seconds.max().map(Duration::from_secs)
}

fn volumes(found: &[Store]) -> Vec<Volume> {
    let mut volumes: Vec<Volume> = Vec::new();
    for store in found.iter().filter(|s| s.product == Product::Files) {
        let Some(key) = &store.volume else { continue };
        volumes.push(Volume {
            key: key.clone(),
            name: unlike(&snake(key), volumes.iter().map(|v| v.name.as_str())),
            service: store.service.to_string(),
            path: store.at.clone(),
            backed_up: store.coverage == Coverage::Whole,
        });
    }
    volumes
}

fn databases(found: &[Store]) -> Vec<Database> {
    let mut databases: Vec<Database> = Vec::new();
    for store in found.iter().filter(|s| s.product.is_server()) {
        let name =
            unlike(&snake(store.service.as_str()), databases.iter().map(|d| d.name.as_str()));
        databases.push(Database {
            product: store.product,
            service: store.service.to_string(),
            name,
            backed_up: !matches!(store.coverage, Coverage::Nothing { .. }),
        });
    }
    databases
}

/// Returns the published ports but those of the web: the router has them.
fn ports(compose: &Compose) -> Vec<Port> {
    let of = |service: &Service| {
        let name = service.name.to_string();
        let ports = service.ports.clone().into_iter();
        ports.filter_map(move |port| {
            let published = port.published?;
            Some(Port { service: name.clone(), published, protocol: port.protocol })
        })
    };
    compose.services.iter().flat_map(of).collect()
}

/// Returns the variables that the sample leaves empty, without those that abra or the operator's server fills in.
fn unset(at: &RecipeAt) -> Vec<String> {
    let known = ["DOMAIN", "TYPE", "RECIPE", "LETS_ENCRYPT_ENV", "COMPOSE_FILE", "EXTRA_DOMAINS"];
    let vars = at.env_sample.vars().into_iter();
    vars.filter(|(name, value)| value.is_empty() && !known.contains(&name.as_str()))
        .map(|(name, _)| name)
        .collect()
}

fn optional(at: &RecipeAt) -> Vec<String> {
    let is_compose = |path: &&String| {
        path.starts_with("compose.") && path.ends_with(".yml") && !path.contains('/')
    };
    let chosen =
        |path: &&String| at.compose_files.iter().any(|c| c.trim_start_matches("./") == **path);
    at.files.iter().filter(is_compose).filter(|path| !chosen(path)).cloned().collect()
}

/// Returns a name in lower snake case that begins with a letter.
fn snake(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let name: String = text.chars().map(plain).collect();
    let name = name.trim_matches('_');
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        name.to_owned()
    } else {
        format!("n{name}")
    }
}

/// Returns a name that none of the others is, with a number if it must.
fn unlike<'a>(name: &str, others: impl Iterator<Item = &'a str>) -> String {
    let others: BTreeSet<&str> = others.collect();
    let numbered = (2..).map(|n| format!("{name}_{n}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(|n| !others.contains(n.as_str())).expect("there are more numbers than names")
}

#[cfg(test)]
#[path = "proposal_tests.rs"]
mod tests;
