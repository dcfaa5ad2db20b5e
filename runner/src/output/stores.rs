//! What an app keeps data in, before a run and after it. Main functions: [`planned`], [`held`],
//! [`unprotected`].

use harness_core::store::{
    Coverage, Product, Standing, Store, StoreSeen, Unprotected, Unrecognized,
};

/// Returns what the plan says of each store: what it is, whether something is planted in it, and what of it the labels
/// take.
pub(super) fn planned(stores: &[Store], unrecognized: &[Unrecognized]) -> Vec<String> {
    if stores.is_empty() && unrecognized.is_empty() {
        return vec!["stores    none: nothing was found in which the app keeps data".to_owned()];
    }
    let known = stores
        .iter()
        .map(|store| format!("{}: {}, {}", store.id(), marking(store), covered(store)));
    let unknown = unrecognized.iter().map(|server| {
        format!("{}: {}, nothing is planted in it, not recognized", server.service, server.what)
    });
    let mut lines: Vec<String> = known.chain(unknown).map(|l| format!("          {l}")).collect();
    if let Some(first) = lines.first_mut() {
        first.replace_range(.."stores".len(), "stores");
    }
    lines
}

fn marking(store: &Store) -> String {
    let product = store.product;
    match product {
        Product::Files => format!("files at {} in {}, marked", store.at, store.service),
        Product::Postgres
        | Product::MySql
        | Product::MariaDb
        | Product::Sqlite
        | Product::Redis => format!("{product}, marked"),
        Product::MongoDb | Product::ClickHouse | Product::S3 => {
            format!("{product}, nothing is planted in it")
        }
    }
}

fn covered(store: &Store) -> String {
    let volume = store.volume.as_deref().unwrap_or("its volume");
    match &store.coverage {
        Coverage::Whole => format!("volume `{volume}` is backed up whole"),
        Coverage::Paths { paths } => {
            format!("of volume `{volume}` {} is backed up", paths.join(", "))
        }
        Coverage::Nothing { reason } => format!("not backed up: {reason}"),
    }
}

/// Returns what a result says of stores that the backup does not hold, one line for each.
pub(super) fn unprotected(found: &[Unprotected]) -> Vec<String> {
    let line = |store: &Unprotected| {
        let size = store.bytes.map(|bytes| format!(" ({})", size(bytes))).unwrap_or_default();
        let word = match store.status {
            Standing::Unprotected => "UNPROTECTED",
            Standing::Accepted | Standing::Unrecognized => store.status.word(),
        };
        format!("{word:<16} {}{size}: {}", store.store, store.reason)
    };
    found.iter().map(line).collect()
}

/// Returns what a result says of what stores hold, one line for each: how much, and whether it changed since the install.
pub(super) fn held(stores: &[StoreSeen]) -> Vec<String> {
    let line = |store: &StoreSeen| {
        let size = store.bytes.map_or_else(|| "of unknown size".to_owned(), size);
        let changed = match store.changed {
            Some(true) => ", changed since the install",
            Some(false) => ", as the install made it",
            None => "",
        };
        format!("{:<16} {}: {size}{changed}", "store", store.store)
    };
    stores.iter().map(line).collect()
}

fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut whole, mut unit) = (bytes, 0);
    while whole >= 1_000_000 && unit + 1 < units.len() {
        (whole, unit) = (whole / 1000, unit + 1);
    }
    format!("{}.{} {}", whole / 1000, whole % 1000 / 100, units[unit])
}

#[cfg(test)]
mod tests {
    use harness_core::name::ServiceName;

    use super::*;

    fn name(text: &str) -> ServiceName {
        ServiceName::try_from(text.to_owned()).expect("a service's name")
    }

    #[test]
    fn a_plan_names_each_store_with_what_the_labels_take_of_it() {
        let store = |product, at: &str, volume: Option<&str>, coverage| Store {
            product,
            service: name("db"),
            at: at.to_owned(),
            volume: volume.map(str::to_owned),
            coverage,
        };
        let stores = [
            store(
                Product::MariaDb,
                "/var/lib/mysql",
                Some("mysql"),
                Coverage::Paths { paths: vec!["backup.sql.gz".to_owned()] },
            ),
            store(
                Product::S3,
                "/data",
                None,
                Coverage::Nothing { reason: "no volume is there".to_owned() },
            ),
            store(Product::Files, "/srv", Some("files"), Coverage::Whole),
        ];
        let search = Unrecognized { service: name("search"), what: "meilisearch".to_owned() };
        assert_eq!(
            planned(&stores, &[search]),
            [
                "stores    db:mariadb: MariaDB, marked, of volume `mysql` backup.sql.gz is backed up",
                "          db:s3: S3, nothing is planted in it, not backed up: no volume is there",
                "          files: files at /srv in db, marked, volume `files` is backed up whole",
                "          search: meilisearch, nothing is planted in it, not recognized",
            ]
        );
        assert!(planned(&[], &[])[0].contains("none"));
    }

    #[test]
    fn what_stores_hold_is_said_as_far_as_it_is_known() {
        let of =
            |bytes, changed| StoreSeen { store: "data".to_owned(), volume: None, bytes, changed };
        let lines = held(&[of(Some(2_500), Some(true)), of(Some(0), Some(false)), of(None, None)]);
        let said = [
            "data: 2.5 kB, changed since the install",
            "data: 0 B, as the install made it",
            "data: of unknown size",
        ];
        assert_eq!(lines, said.map(|text| format!("store            {text}")));
    }

    #[test]
    fn what_is_unprotected_stands_out_with_its_size() {
        let of = |status, bytes| Unprotected {
            store: "db:mysql".to_owned(),
            bytes,
            status,
            reason: "left out".to_owned(),
        };
        assert_eq!(
            unprotected(&[
                of(Standing::Unprotected, Some(12_345_678)),
                of(Standing::Accepted, Some(12)),
                of(Standing::Unrecognized, None),
            ]),
            [
                "UNPROTECTED      db:mysql (12.3 MB): left out",
                "accepted         db:mysql (12 B): left out",
                "unrecognized     db:mysql: left out",
            ]
        );
        assert_eq!(size(1_999), "1.9 kB");
    }
}
