//! Which stores the backup does not hold. Pure. Main function: [`audit`].

use std::collections::BTreeMap;

use harness_core::store::{Coverage, Product, Standing, Store, Unprotected, Unrecognized};

/// What is known of a stack's stores.
#[derive(Clone, Copy, Debug)]
pub struct Audit<'a> {
    /// The stores.
    pub stores: &'a [Store],
    /// Servers of data that nothing here can look into.
    pub unrecognized: &'a [Unrecognized],
    /// Volumes that the recipe's labels leave out by name.
    pub left_out: &'a [String],
    /// Stores that no backup needs to hold, by id, with the suite's reason.
    pub accepted: &'a BTreeMap<String, String>,
}

/// What was seen of one store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Whether the snapshot has anything of what the labels say that it takes of this store.
    pub in_snapshot: bool,
    /// How much the store holds, where that could be seen.
    pub bytes: Option<u64>,
    /// Whether it changed since the install, where that could be seen.
    pub changed: Option<bool>,
}

/// Decides which stores the backup does not hold, and what that means. A store of which nothing can be lost is not
/// named: one that is empty, or left out and as the install made it.
pub fn audit(what: &Audit<'_>, seen: impl Fn(&Store) -> Held) -> Vec<Unprotected> {
    let mut found = Vec::new();
    for store in what.stores {
        let held = seen(store);
        let judged = match what.accepted.get(&store.id()) {
            Some(reason) if !is_held(store, held) => Some((Standing::Accepted, reason.clone())),
            Some(_) => None,
            None => judge(store, held, what.left_out),
        };
        found.extend(judged.map(|(status, reason)| Unprotected {
            store: store.id(),
            bytes: held.bytes,
            status,
            reason,
        }));
    }
    let unrecognized = what.unrecognized.iter().map(|server| Unprotected {
        store: server.service.to_string(),
        bytes: None,
        status: Standing::Unrecognized,
        reason: format!(
            "it is {}, which nothing here can look into: its files are looked for in the backup, and not whether they are of use",
            server.what
        ),
    });
    found.extend(unrecognized);
    found
}

fn is_held(store: &Store, held: Held) -> bool {
    !matches!(store.coverage, Coverage::Nothing { .. }) && held.in_snapshot
}

fn judge(store: &Store, held: Held, left_out: &[String]) -> Option<(Standing, String)> {
    let is_files = store.product == Product::Files;
    let is_idle = is_files && (held.changed == Some(false) || held.bytes == Some(0));
    match &store.coverage {
        Coverage::Nothing { .. } if is_idle => None,
        Coverage::Nothing { reason } if store.product == Product::Redis => {
            Some((Standing::Accepted, format!("Redis is taken for a cache: {reason}")))
        }
        Coverage::Nothing { reason } => {
            let by_name = store.volume.as_ref().is_some_and(|volume| left_out.contains(volume));
            let status =
                if is_files && by_name { Standing::Accepted } else { Standing::Unprotected };
            Some((status, reason.clone()))
        }
        Coverage::Whole | Coverage::Paths { .. } if !held.in_snapshot => {
            let is_empty = held.bytes == Some(0);
            (!is_empty).then(|| (Standing::Unprotected, missing(store)))
        }
        Coverage::Paths { paths } if is_files && !is_idle => {
            let reason = format!("the labels take only {} of it", paths.join(", "));
            Some((Standing::Accepted, reason))
        }
        Coverage::Whole | Coverage::Paths { .. } => opaque(store.product),
    }
}

fn missing(store: &Store) -> String {
    let volume = store.volume.as_deref().unwrap_or("its volume");
    match &store.coverage {
        Coverage::Paths { paths } => format!(
            "the labels take {} of volume `{volume}`, and the snapshot does not have it",
            paths.join(", ")
        ),
        Coverage::Whole | Coverage::Nothing { .. } => {
            format!("the labels take volume `{volume}`, and the snapshot has nothing of it")
        }
    }
}

/// What the snapshot holds of these is a copy of files that were written to meanwhile, or a dump that nothing here can
/// read.
fn opaque(product: Product) -> Option<(Standing, String)> {
    match product {
        Product::MongoDb | Product::ClickHouse | Product::S3 => Some((
            Standing::Unrecognized,
            format!(
                "nothing can be planted in {product} here: that its backup is of use was not checked"
            ),
        )),
        Product::Files
        | Product::Postgres
        | Product::MySql
        | Product::MariaDb
        | Product::Sqlite
        | Product::Redis => None,
    }
}

#[cfg(test)]
mod tests {
    use harness_core::name::ServiceName;
    use rstest::rstest;

    use super::*;

    fn nothing() -> Coverage {
        Coverage::Nothing { reason: "label leaves it out".to_owned() }
    }

    fn dump() -> Coverage {
        Coverage::Paths { paths: vec!["dump.sql".to_owned()] }
    }

    fn name(text: &str) -> ServiceName {
        ServiceName::try_from(text.to_owned()).expect("a service's name")
    }

    fn audited(
        product: Product,
        coverage: Coverage,
        held: Held,
        accepted: &BTreeMap<String, String>,
    ) -> Option<(Standing, String)> {
        let store = Store {
            product,
            service: name("db"),
            at: "/data".to_owned(),
            volume: Some("data".to_owned()),
            coverage,
        };
        let left_out = ["data".to_owned()];
        let what = Audit { stores: &[store], unrecognized: &[], left_out: &left_out, accepted };
        audit(&what, |_| held).pop().map(|u| (u.status, u.reason))
    }

    const HELD: Held = Held { in_snapshot: true, bytes: None, changed: None };
    const NOT_HELD: Held = Held { in_snapshot: false, bytes: None, changed: None };
    const EMPTY: Held = Held { in_snapshot: false, bytes: Some(0), changed: Some(true) };
    const UNCHANGED: Held = Held { in_snapshot: false, bytes: Some(9), changed: Some(false) };

    #[rstest]
    #[case::whole(Product::Files, Coverage::Whole, HELD, None)]
    #[case::dumped(Product::Postgres, dump(), HELD, None)]
    #[case::gone(Product::Files, Coverage::Whole, NOT_HELD, Some((Standing::Unprotected, "has nothing of it")))]
    #[case::no_dump(Product::MariaDb, dump(), NOT_HELD, Some((Standing::Unprotected, "take dump.sql of volume `data`")))]
    #[case::empty(Product::Files, Coverage::Whole, EMPTY, None)]
    #[case::left_out(Product::Files, nothing(), NOT_HELD, Some((Standing::Accepted, "leaves it out")))]
    #[case::left_out_as_installed(Product::Files, nothing(), UNCHANGED, None)]
    #[case::database_left_out(Product::Postgres, nothing(), NOT_HELD, Some((Standing::Unprotected, "leaves it out")))]
    #[case::database_left_out_as_installed(Product::Sqlite, nothing(), UNCHANGED, Some((Standing::Unprotected, "leaves it out")))]
    #[case::cache(Product::Redis, nothing(), NOT_HELD, Some((Standing::Accepted, "cache")))]
    #[case::in_part(Product::Files, dump(), HELD, Some((Standing::Accepted, "only dump.sql")))]
    #[case::opaque(Product::ClickHouse, Coverage::Whole, HELD, Some((Standing::Unrecognized, "ClickHouse")))]
    fn a_store_is_protected_or_named(
        #[case] product: Product,
        #[case] coverage: Coverage,
        #[case] held: Held,
        #[case] expected: Option<(Standing, &str)>,
    ) {
        let found = audited(product, coverage, held, &BTreeMap::new());
        assert_eq!(found.as_ref().map(|f| f.0), expected.map(|e| e.0), "{found:?}");
        if let (Some((_, reason)), Some((_, said))) = (found, expected) {
            assert!(reason.contains(said), "{reason}");
        }
    }

    #[test]
    fn what_the_suite_accepts_is_listed_with_its_reason_unless_the_backup_has_it() {
        let accepted = BTreeMap::from([("db:postgres".to_owned(), "made again".to_owned())]);
        let of = |coverage, held| audited(Product::Postgres, coverage, held, &accepted);
        let listed = Some((Standing::Accepted, "made again".to_owned()));
        assert_eq!(of(nothing(), NOT_HELD), listed);
        assert_eq!(of(Coverage::Whole, NOT_HELD), listed);
        assert_eq!(of(Coverage::Whole, HELD), None);
    }

    #[test]
    fn what_lies_in_a_volume_that_no_label_names_is_unprotected() {
        let store = Store {
            product: Product::Files,
            service: name("app"),
            at: "/data".to_owned(),
            volume: Some("theirs".to_owned()),
            coverage: Coverage::Nothing { reason: "volume `theirs` is external".to_owned() },
        };
        let search = Unrecognized { service: name("search"), what: "meilisearch".to_owned() };
        let what = Audit {
            stores: &[store],
            unrecognized: &[search],
            left_out: &[],
            accepted: &BTreeMap::new(),
        };
        let found = audit(&what, |_| NOT_HELD);
        let shown: Vec<_> = found.iter().map(|u| (u.store.as_str(), u.status)).collect();
        let expected = [("theirs", Standing::Unprotected), ("search", Standing::Unrecognized)];
        assert_eq!(shown, expected);
    }
}
