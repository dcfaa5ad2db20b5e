//! Which stores a stack has, as its compose files say it. Pure. Main function: [`find`].

use std::collections::BTreeSet;

use harness_core::lifecycle::defined_services;
use harness_core::name::ServiceName;
use harness_core::recipe::{Compose, Service};
use harness_core::store::{Coverage, Product, Store, Unrecognized};

use crate::home::data_directory;
use crate::image::{product_of, unknown_server};
use crate::sqlite::named_files;

/// What a stack keeps data in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The stores: databases first, then the files of volumes.
    pub stores: Vec<Store>,
    /// Servers of data in which nothing can be planted.
    pub unrecognized: Vec<Unrecognized>,
}

/// Finds what a stack keeps data in: databases by image, command and variables; SQLite files that variables name below
/// a volume; and the files of every other volume that a service which stays can write to. Nothing is twice: the volume
/// of a database server is no store of its own.
pub fn find(compose: &Compose) -> Found {
    let defined = defined_services(compose);
    let stays = |service: &Service| defined.iter().any(|d| d.name == service.name && d.stays);
    let staying: Vec<&Service> = compose.services.iter().filter(|s| stays(s)).collect();
    let servers: Vec<Store> = staying.iter().filter_map(|s| server(compose, s)).collect();
    let of_servers: BTreeSet<&str> = servers.iter().filter_map(|s| s.volume.as_deref()).collect();
    let of_sqlite = |service: &&Service| -> Vec<Store> {
        if servers.iter().any(|s| s.service == service.name) {
            return Vec::new();
        }
        let files = named_files(service).into_iter();
        files.filter_map(|path| sqlite(compose, service, path)).collect()
    };
    let mut databases: Vec<Store> = staying.iter().flat_map(of_sqlite).collect();
    // Two services that open one file keep one database.
    let mut opened = BTreeSet::new();
    databases.retain(|d| opened.insert((d.volume.clone(), in_volume(compose, d))));
    let mut taken = of_servers;
    let mut files = Vec::new();
    for service in &staying {
        let writable = service.mounts.iter().filter(|m| !m.read_only);
        for (volume, target) in writable.filter_map(|m| Some((m.volume.as_deref()?, &m.target))) {
            if taken.insert(volume) {
                files.push(Store {
                    product: Product::Files,
                    service: service.name.clone(),
                    at: folder(target),
                    volume: Some(volume.to_owned()),
                    coverage: compose.coverage(volume),
                });
            }
        }
    }
    let unrecognized = staying.iter().filter_map(|service| {
        let what = unknown_server(service)?.to_owned();
        Some(Unrecognized { service: service.name.clone(), what })
    });
    let unrecognized = unrecognized.collect();
    let stores = servers.into_iter().chain(databases).chain(files).collect();
    Found { stores, unrecognized }
}

fn server(compose: &Compose, service: &Service) -> Option<Store> {
    let product = product_of(service)?;
    let at = data_directory(product, service);
    let volume = at.as_deref().and_then(|at| volume_at(service, at));
    let coverage = match (&at, &volume) {
        (_, Some(volume)) => compose.coverage(volume),
        (Some(at), None) => outside(at, &service.name),
        (None, None) => {
            Coverage::Nothing { reason: "it is not known where it keeps its data".to_owned() }
        }
    };
    let at = at.unwrap_or_default();
    Some(Store { product, service: service.name.clone(), at, volume, coverage })
}

/// A SQLite file counts only where a volume keeps it that the service can write to: what lies elsewhere does not
/// outlive the container, and may be no more than a default that nothing uses.
fn sqlite(compose: &Compose, service: &Service, path: String) -> Option<Store> {
    let mount = service.mounts.iter().filter(|m| !m.read_only).find(|m| {
        m.volume.is_some() && m.volume.as_deref() == volume_at(service, &path).as_deref()
    })?;
    let volume = mount.volume.clone()?;
    let coverage = compose.coverage(&volume);
    Some(Store {
        product: Product::Sqlite,
        service: service.name.clone(),
        at: path,
        volume: Some(volume),
        coverage,
    })
}

/// Returns the path of a store in its volume.
fn in_volume(compose: &Compose, store: &Store) -> String {
    let service = compose.service(store.service.as_str());
    let mounts = service.into_iter().flat_map(|s| &s.mounts);
    let own = mounts.filter(|m| m.volume == store.volume);
    let below = own.filter_map(|m| store.at.strip_prefix(m.target.trim_end_matches('/')));
    below.min_by_key(|rest| rest.len()).unwrap_or(&store.at).to_owned()
}

/// Returns the coverage of what lies in no volume.
pub(crate) fn outside(at: &str, service: &ServiceName) -> Coverage {
    Coverage::Nothing {
        reason: format!("no volume of the stack is mounted at {at} in service `{service}`"),
    }
}

/// Returns the volume in which a path of a service's container lies: that of the innermost mount.
pub(crate) fn volume_at(service: &Service, path: &str) -> Option<String> {
    let holds = |target: &str| {
        let rest = path.strip_prefix(target.trim_end_matches('/'));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mounts = service.mounts.iter().filter(|m| holds(&m.target));
    mounts.max_by_key(|m| m.target.trim_end_matches('/').len())?.volume.clone()
}

fn folder(target: &str) -> String {
    let plain = target.trim_end_matches('/');
    if plain.is_empty() { "/".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
#[path = "find_tests.rs"]
mod tests;
