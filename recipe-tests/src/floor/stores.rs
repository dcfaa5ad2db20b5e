//! Which stores are given markers, and where each is reached. Main items: [`reached`], [`Place`], [`place`].

use harness_core::name::ServiceName;
use harness_core::run_file::{Claims, DefinedService, RunFile};
use harness_core::store::{Coverage, Product, Store};

/// Returns every store of what is deployed now that a running service keeps: databases, and each writable volume as
/// files. A volume is there once for each service that mounts it, one after another: any of them will do.
pub(super) fn reached(run: &RunFile) -> Vec<Store> {
    let stays = |name: &ServiceName| run.services.iter().any(|s| s.stays && s.name == *name);
    let is_database = |s: &&Store| s.product != Product::Files && stays(&s.service);
    let mut stores = files(&run.services, &run.stores, &run.claims);
    stores.extend(run.stores.iter().filter(is_database).cloned());
    stores
}

fn files(services: &[DefinedService], known: &[Store], claims: &Claims) -> Vec<Store> {
    let mut volumes: Vec<&String> = Vec::new();
    for (volume, _) in services.iter().filter(|s| s.stays).flat_map(|s| &s.volumes) {
        if !volumes.contains(&volume) {
            volumes.push(volume);
        }
    }
    let of_volume = |volume: &String| {
        let is_it = |s: &&Store| s.product == Product::Files && s.volume.as_ref() == Some(volume);
        let coverage = known
            .iter()
            .find(is_it)
            .map_or_else(|| claimed(volume, claims), |store| store.coverage.clone());
        mounts(services, volume)
            .map(|(service, at)| Store {
                product: Product::Files,
                service: service.clone(),
                at: at.clone(),
                volume: Some(volume.clone()),
                coverage: coverage.clone(),
            })
            .collect::<Vec<_>>()
    };
    volumes.into_iter().flat_map(of_volume).collect()
}

/// Returns where services that stay mount a volume.
fn mounts<'a>(
    services: &'a [DefinedService],
    volume: &str,
) -> impl Iterator<Item = (&'a ServiceName, &'a String)> {
    let of_service = move |s: &'a DefinedService| {
        s.volumes.iter().filter(move |(v, _)| v == volume).map(|(_, at)| (&s.name, at))
    };
    services.iter().filter(|s| s.stays).flat_map(of_service).collect::<Vec<_>>().into_iter()
}

fn claimed(volume: &String, claims: &Claims) -> Coverage {
    if claims.volumes.contains(volume) {
        return Coverage::Whole;
    }
    let paths: Vec<_> =
        claims.paths.iter().filter(|(v, _)| v == volume).map(|(_, path)| path.clone()).collect();
    if !paths.is_empty() {
        return Coverage::Paths { paths };
    }
    let reason = if claims.excluded.contains(volume) {
        format!("the label `backupbot.backup.volumes.{volume}` leaves it out")
    } else {
        "no label covers it".to_owned()
    };
    Coverage::Nothing { reason }
}

/// Returns the names of the stores that the ledger has a row for, each once. The data directory of a database that is
/// a store itself has none of its own.
pub(super) fn rows(stores: &[Store]) -> Vec<String> {
    let serves = |s: &Store| match s.product {
        Product::Postgres | Product::MySql | Product::MariaDb | Product::Redis => true,
        Product::Files | Product::Sqlite | Product::MongoDb | Product::ClickHouse | Product::S3 => {
            false
        }
    };
    let is_its_data = |store: &Store| {
        store.product == Product::Files
            && stores.iter().any(|s| serves(s) && s.volume == store.volume)
    };
    let mut rows: Vec<String> = Vec::new();
    for id in stores.iter().filter(|s| !is_its_data(s)).map(Store::id) {
        if !rows.contains(&id) {
            rows.push(id);
        }
    }
    rows
}

/// Where a store is now that was found before an upgrade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Here, perhaps under another path, service or product.
    At(Store),
    /// Nowhere: what is there instead.
    Nowhere {
        /// What is there instead.
        instead: String,
    },
    /// The service is gone with it, as announced.
    Announced,
}

/// Decides where to look for a store. Files: the same service and path if that is still so, else wherever the volume
/// is mounted. A database: the same service, also where it has become another product. A service that is gone is a
/// loss unless its end was announced.
pub(super) fn place(
    store: &Store,
    now: &[Store],
    services: &[DefinedService],
    announced: &[ServiceName],
) -> Place {
    let alike: Vec<&Store> = now
        .iter()
        .filter(|s| match store.product {
            Product::Files => s.product == Product::Files && s.volume == store.volume,
            Product::Sqlite => s.product == Product::Sqlite && s.at == store.at,
            Product::Postgres | Product::MySql | Product::MariaDb => {
                s.service == store.service && is_sql_server(s.product)
            }
            Product::Redis | Product::MongoDb | Product::ClickHouse | Product::S3 => {
                s.service == store.service && s.product == store.product
            }
        })
        .collect();
    let same = alike.iter().find(|s| s.service == store.service && s.at == store.at);
    let own = alike.iter().find(|s| s.service == store.service);
    if let Some(found) = same.or(own).or(alike.first()) {
        return Place::At((*found).clone());
    }
    let Some(own) = services.iter().find(|s| s.name == store.service) else {
        if announced.contains(&store.service) {
            return Place::Announced;
        }
        let instead = format!(
            "service `{}` is gone; if that is meant, announce it in recipe.toml under `[upgrade] drops`",
            store.service
        );
        return Place::Nowhere { instead };
    };
    Place::Nowhere { instead: instead(store, own) }
}

const fn is_sql_server(product: Product) -> bool {
    match product {
        Product::Postgres | Product::MySql | Product::MariaDb => true,
        Product::Files
        | Product::Sqlite
        | Product::Redis
        | Product::MongoDb
        | Product::ClickHouse
        | Product::S3 => false,
    }
}

fn instead(store: &Store, own: &DefinedService) -> String {
    let what = match store.product {
        Product::Files => "head mounts it nowhere",
        Product::Postgres
        | Product::MySql
        | Product::MariaDb
        | Product::Sqlite
        | Product::Redis
        | Product::MongoDb
        | Product::ClickHouse
        | Product::S3 => "head has no such database",
    };
    match own.volumes.iter().find(|(_, at)| *at == store.at) {
        Some((volume, _)) if store.volume.as_ref() != Some(volume) => {
            format!("{what}; at {} in service `{}` is `{volume}` instead", store.at, own.name)
        }
        Some(_) => what.to_owned(),
        None => format!("{what}; nothing is at {} in service `{}`", store.at, own.name),
    }
}

#[cfg(test)]
#[path = "stores_tests.rs"]
mod tests;
