//! The stores of a recipe at base and head, as its files and the suite's settings say them. Main function: [`stores`].

use std::collections::BTreeSet;

use harness_core::name::ServiceName;
use harness_core::near::{listed, nearest};
use harness_core::recipe::Compose;
use harness_core::store::{Product, Store};
use harness_core::suite::{Settings, StoreSetting};
use thiserror::Error;

use crate::find::{Found, find, outside, volume_at};
use crate::home::data_directory;

/// The stores at base and at head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stores {
    /// Before the upgrade; nothing without a base.
    pub base: Found,
    /// At head.
    pub head: Found,
}

/// The settings name something that the recipe does not have.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnknownStore {
    /// A service of `[[store]]`.
    #[error(
        "`[[store]]` names service `{service}`, and the recipe has none of that name: {expected}"
    )]
    Service {
        /// The service.
        service: ServiceName,
        /// What may have been meant.
        expected: String,
    },
    /// A volume of `[[store]]`.
    #[error(
        "`[[store]]` of service `{service}` names volume `{volume}`, and the recipe has none of that name: {expected}"
    )]
    Volume {
        /// The service.
        service: ServiceName,
        /// The volume.
        volume: String,
        /// What may have been meant.
        expected: String,
    },
    /// A store of `[backup] unprotected`.
    #[error("`[backup] unprotected` names `{id}`, and the recipe has no such store: {expected}")]
    Id {
        /// The id.
        id: String,
        /// What may have been meant.
        expected: String,
    },
}

/// Finds the stores and lets the settings add to them, correct them and accept some as unprotected.
///
/// # Errors
/// The settings name a service, a volume or a store that neither base nor head has.
pub fn stores(
    base: Option<&Compose>,
    head: &Compose,
    settings: &Settings,
) -> Result<Stores, UnknownStore> {
    let composes: Vec<&Compose> = base.into_iter().chain([head]).collect();
    for store in &settings.store {
        known(store, &composes)?;
    }
    let at = |compose: &Compose| amended(find(compose), &settings.store, compose);
    let stores = Stores { base: base.map(at).unwrap_or_default(), head: at(head) };
    let all = stores.base.stores.iter().chain(&stores.head.stores);
    let ids: BTreeSet<String> = all.map(Store::id).collect();
    match settings.backup.unprotected.keys().find(|id| !ids.contains(*id)) {
        Some(id) => {
            let expected = meant(id, ids.iter().map(String::as_str));
            Err(UnknownStore::Id { id: id.clone(), expected })
        }
        None => Ok(stores),
    }
}

fn known(store: &StoreSetting, composes: &[&Compose]) -> Result<(), UnknownStore> {
    let services = || composes.iter().flat_map(|c| &c.services).map(|s| s.name.as_str());
    if services().all(|name| name != store.service.as_str()) {
        let expected = meant(store.service.as_str(), services());
        return Err(UnknownStore::Service { service: store.service.clone(), expected });
    }
    let volumes = || composes.iter().flat_map(|c| &c.volumes).map(|v| v.key.as_str());
    match &store.volume {
        Some(volume) if volumes().all(|key| key != volume) => Err(UnknownStore::Volume {
            service: store.service.clone(),
            volume: volume.clone(),
            expected: meant(volume, volumes()),
        }),
        Some(_) | None => Ok(()),
    }
}

fn meant<'a>(asked: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<&str> = names.collect();
    let hint = nearest(asked, names.iter().copied()).map(|near| format!("did you mean `{near}`? "));
    match names.is_empty() {
        true => "take it out".to_owned(),
        false => format!("{}expected one of {}", hint.unwrap_or_default(), listed(names)),
    }
}

/// Lets settings add to what was found, or correct it. One whose service this revision does not have says nothing here.
fn amended(mut found: Found, settings: &[StoreSetting], compose: &Compose) -> Found {
    for setting in settings {
        let Some(service) = compose.service(setting.service.as_str()) else { continue };
        let product = setting.product;
        let at = setting.at.clone().or_else(|| data_directory(product, service));
        let at = at.unwrap_or_default();
        let home = volume_at(service, &at);
        let volume = setting.volume.clone().or_else(|| home.clone());
        let coverage = match &volume {
            Some(volume) => compose.coverage(volume),
            None => outside(&at, &service.name),
        };
        let store = Store { product, service: service.name.clone(), at, volume, coverage };
        found.stores.retain(|other| !replaces(&store, home.as_deref(), other));
        let first_files = found.stores.iter().position(|s| s.product == Product::Files);
        let place = match product {
            Product::Files => found.stores.len(),
            Product::Postgres
            | Product::MySql
            | Product::MariaDb
            | Product::Sqlite
            | Product::Redis
            | Product::MongoDb
            | Product::ClickHouse
            | Product::S3 => first_files.unwrap_or(found.stores.len()),
        };
        found.unrecognized.retain(|u| !product.is_server() || u.service != store.service);
        found.stores.insert(place, store);
    }
    found
}

/// Returns whether a store of the settings stands in the place of one that was found: the server of the same service,
/// the same file, the same volume, and the files of the volume that turns out to be a server's own.
fn replaces(store: &Store, home: Option<&str>, other: &Store) -> bool {
    let same_service = other.service == store.service;
    if store.product.is_server() {
        let is_home = home.is_some() && other.volume.as_deref() == home;
        return (other.product.is_server() && same_service)
            || (other.product == Product::Files && is_home);
    }
    other.product == store.product
        && match store.product {
            Product::Files => other.volume == store.volume,
            Product::Postgres
            | Product::MySql
            | Product::MariaDb
            | Product::Sqlite
            | Product::Redis
            | Product::MongoDb
            | Product::ClickHouse
            | Product::S3 => same_service && other.at == store.at,
        }
}

#[cfg(test)]
mod tests {
    use harness_core::name::RecipeName;
    use rstest::rstest;

    use super::*;

    const COMPOSE: &str = "
services:
  app:
    image: mumblevoip/mumble-server:v1
    volumes: ['data:/data']
    deploy: {labels: [backupbot.backup=true, 'backupbot.backup.volumes.data.path=dump.sqlite']}
  db:
    image: example/own-database:1
    volumes: ['rows:/var/rows', 'dumps:/dumps']
  cache:
    image: redis:7
volumes: {data: , rows: , dumps: }
";

    fn settings(text: &str) -> Settings {
        let recipe = RecipeName::try_from("mumble".to_owned()).expect("a recipe's name");
        Settings::parse(&recipe, text).expect("settings")
    }

    fn read(text: &str) -> Result<Vec<String>, String> {
        let compose = Compose::parse("compose.yml", COMPOSE).expect("a compose file");
        let found = stores(Some(&compose), &compose, &settings(text)).map_err(|e| e.to_string())?;
        assert_eq!(found.base, found.head);
        let shown = |s: &Store| format!("{} in {}", s.id(), s.volume.as_deref().unwrap_or("-"));
        Ok(found.head.stores.iter().map(shown).collect())
    }

    #[rstest]
    #[case::none("", &["cache:redis in -", "data in data", "rows in rows", "dumps in dumps"])]
    #[case::sqlite(
        "[[store]]\nproduct = 'sqlite'\nservice = 'app'\nat = '/data/mumble-server.sqlite'\n",
        &[
            "cache:redis in -",
            "app:sqlite:/data/mumble-server.sqlite in data",
            "data in data",
            "rows in rows",
            "dumps in dumps",
        ]
    )]
    #[case::server(
        "[[store]]\nproduct = 'postgres'\nservice = 'db'\nat = '/var/rows/pg'\n",
        &["cache:redis in -", "db:postgres in rows", "data in data", "dumps in dumps"]
    )]
    #[case::server_with_dumps_elsewhere(
        "[[store]]\nproduct = 'postgres'\nservice = 'db'\nat = '/var/rows'\nvolume = 'dumps'\n",
        &["cache:redis in -", "db:postgres in dumps", "data in data", "dumps in dumps"]
    )]
    #[case::corrected(
        "[[store]]\nproduct = 'mysql'\nservice = 'cache'\n",
        &["cache:mysql in -", "data in data", "rows in rows", "dumps in dumps"]
    )]
    fn settings_add_and_correct(#[case] text: &str, #[case] expected: &[&str]) {
        assert_eq!(read(text).unwrap(), expected);
    }

    #[rstest]
    #[case("[[store]]\nproduct = 'redis'\nservice = 'cahce'\n", "did you mean `cache`?")]
    #[case(
        "[[store]]\nproduct = 'redis'\nservice = 'cache'\nvolume = 'dump'\n",
        "names volume `dump`, and the recipe has none of that name: did you mean `dumps`?"
    )]
    #[case(
        "[backup]\nunprotected = { 'cache:reddis' = 'a cache' }\n",
        "did you mean `cache:redis`?"
    )]
    #[case(
        "[backup]\nunprotected = { uploads = 'x' }\n",
        "expected one of `cache:redis`, `data`, `dumps`, `rows`"
    )]
    fn what_the_recipe_does_not_have_is_an_error(#[case] text: &str, #[case] said: &str) {
        let error = read(text).unwrap_err();
        assert!(error.contains(said), "{error}");
    }

    #[test]
    fn a_store_of_one_revision_only_says_nothing_of_the_other() {
        let head = Compose::parse("compose.yml", COMPOSE).unwrap();
        let base = Compose::parse("compose.yml", "services:\n  app:\n    image: x:1\n").unwrap();
        let text = "[[store]]\nproduct = 'redis'\nservice = 'cache'\n[backup]\nunprotected = { 'cache:redis' = 'a cache' }\n";
        let stores = stores(Some(&base), &head, &settings(text)).unwrap();
        assert!(stores.base.stores.is_empty());
        assert_eq!(stores.head.stores[0].id(), "cache:redis");
    }
}
