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
    /// Stores that no backup needs to hold, by id, with the suite's reason.
    pub accepted: &'a BTreeMap<String, String>,
}

/// What was seen of one store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Whether the snapshot has anything of what the labels say that it takes of this store.
    pub in_snapshot: bool,
    /// How much the store holds, where that could be seen.
    pub bytes: Option<u64>,
    /// What of a volume's files no label takes, where that could be seen.
    pub outside: Option<Outside>,
    /// Why its files could not be seen, where they could not.
    pub unseen: Option<String>,
}

/// What of a volume's files no label takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outside {
    /// How many bytes they are.
    pub bytes: u64,
    /// Those of them that are new or others since the install, without what keeps no data.
    pub changed: Vec<String>,
    /// How many bytes those are.
    pub changed_bytes: u64,
}

/// A store that is named, and whether the recipe is held to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// What is said of it.
    pub found: Unprotected,
    /// Whether it is lost by what the labels say, so that the recipe is wrong. What they take and the snapshot lacks is
    /// for whoever reads the snapshot.
    pub is_left_out: bool,
}

/// Decides which stores the backup does not hold, and what that means. A store of which nothing can be lost is not
/// named: files that are as the install made them.
pub fn audit(what: &Audit<'_>, seen: impl Fn(&Store) -> Held) -> Vec<Audited> {
    let mut found = Vec::new();
    for store in what.stores {
        let held = seen(store);
        let Some(judged) = judge(store, &held) else { continue };
        let Judged { mut status, mut reason, bytes, mut is_left_out } = judged;
        if let Some(accepted) = what.accepted.get(&store.id()) {
            (status, reason, is_left_out) = (Standing::Accepted, accepted.clone(), false);
        }
        let found_one = Unprotected { store: store.id(), bytes, status, reason };
        found.push(Audited { found: found_one, is_left_out });
    }
    let unrecognized = what.unrecognized.iter().map(|server| Audited {
        found: Unprotected {
            store: server.service.to_string(),
            bytes: None,
            status: Standing::Unrecognized,
            reason: format!(
                "it is {}, which nothing here can look into: its files are looked for in the backup, and not whether they are of use",
                server.what
            ),
        },
        is_left_out: false,
    });
    found.extend(unrecognized);
    found
}

/// What is to be said of a store.
struct Judged {
    status: Standing,
    reason: String,
    bytes: Option<u64>,
    is_left_out: bool,
}

impl Judged {
    fn new(status: Standing, bytes: Option<u64>, reason: impl Into<String>) -> Self {
        let is_left_out = status == Standing::Unprotected;
        Self { status, reason: reason.into(), bytes, is_left_out }
    }
}

fn judge(store: &Store, held: &Held) -> Option<Judged> {
    if let Coverage::Whole | Coverage::Paths { .. } = &store.coverage
        && !held.in_snapshot
    {
        let is_empty = store.product == Product::Files && held.bytes == Some(0);
        let lacking = Judged::new(Standing::Unprotected, held.bytes, missing(store));
        return (!is_empty).then_some(Judged { is_left_out: false, ..lacking });
    }
    match (store.product, &store.coverage) {
        (Product::Files, Coverage::Whole) => None,
        (Product::Files, Coverage::Paths { .. } | Coverage::Nothing { .. }) => files(store, held),
        (Product::Redis, Coverage::Nothing { reason }) => {
            let reason = format!("Redis is taken for a cache: {reason}");
            Some(Judged::new(Standing::Accepted, held.bytes, reason))
        }
        (_, Coverage::Nothing { reason }) => {
            Some(Judged::new(Standing::Unprotected, held.bytes, reason))
        }
        (product, Coverage::Whole | Coverage::Paths { .. }) => opaque(product, held),
    }
}

/// Judges the files of a volume that the labels do not take whole: what changed since the install and is not taken is
/// lost.
fn files(store: &Store, held: &Held) -> Option<Judged> {
    let why = match &store.coverage {
        Coverage::Paths { paths } => format!("the labels take only {} of it", paths.join(", ")),
        Coverage::Nothing { reason } => reason.clone(),
        Coverage::Whole => return None,
    };
    let Some(outside) = &held.outside else {
        let unseen = held.unseen.as_deref().unwrap_or("nobody looked");
        let reason =
            format!("{why}, and whether anything else changed could not be seen: {unseen}");
        return Some(Judged::new(Standing::Unrecognized, held.bytes, reason));
    };
    let first = outside.changed.first()?;
    let reason = match outside.changed.len() {
        1 => format!("{why}, and `{first}` changed since the install"),
        count => format!(
            "{why}, and {count} files changed since the install ({} bytes), such as `{first}`",
            outside.changed_bytes
        ),
    };
    Some(Judged::new(Standing::Unprotected, Some(outside.bytes), reason))
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
fn opaque(product: Product, held: &Held) -> Option<Judged> {
    match product {
        Product::MongoDb | Product::ClickHouse | Product::S3 => {
            let reason = format!(
                "nothing can be planted in {product} here: that its backup is of use was not checked"
            );
            Some(Judged::new(Standing::Unrecognized, held.bytes, reason))
        }
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
        held: &Held,
        accepted: &BTreeMap<String, String>,
    ) -> Option<Audited> {
        let store = Store {
            product,
            service: name("db"),
            at: "/data".to_owned(),
            volume: Some("data".to_owned()),
            coverage,
        };
        let what = Audit { stores: &[store], unrecognized: &[], accepted };
        audit(&what, |_| held.clone()).pop()
    }

    fn held() -> Held {
        Held { in_snapshot: true, ..Held::default() }
    }

    fn empty() -> Held {
        Held { bytes: Some(0), ..Held::default() }
    }

    fn unseen() -> Held {
        Held { unseen: Some("it is too large".to_owned()), ..held() }
    }

    /// Returns what is seen of a volume in which these files changed that no label takes.
    fn changed(files: &[&str]) -> Held {
        let changed: Vec<_> = files.iter().map(|f| (*f).to_owned()).collect();
        let changed_bytes = changed.len() as u64 * 10;
        let outside = Outside { bytes: changed_bytes + 1, changed, changed_bytes };
        Held { outside: Some(outside), bytes: Some(500), ..held() }
    }

    use Standing::{Accepted, Unprotected as Lost, Unrecognized as Unclear};

    #[rstest]
    #[case::whole(Product::Files, Coverage::Whole, held(), None)]
    #[case::dumped(Product::Postgres, dump(), held(), None)]
    #[case::gone(Product::Files, Coverage::Whole, Held::default(), Some((Lost, false, "has nothing of it")))]
    #[case::no_dump(Product::MariaDb, dump(), Held::default(), Some((Lost, false, "take dump.sql of volume `data`")))]
    #[case::empty(Product::Files, Coverage::Whole, empty(), None)]
    #[case::left_out(Product::Files, nothing(), changed(&["a", "b"]), Some((Lost, true, "leaves it out, and 2 files changed since the install (20 bytes), such as `a`")))]
    #[case::left_out_as_installed(Product::Files, nothing(), changed(&[]), None)]
    #[case::left_out_unseen(Product::Files, nothing(), unseen(), Some((Unclear, false, "could not be seen: it is too large")))]
    #[case::in_part(Product::Files, dump(), changed(&["up/x"]), Some((Lost, true, "only dump.sql of it, and `up/x` changed")))]
    #[case::in_part_as_installed(Product::Files, dump(), changed(&[]), None)]
    #[case::database_left_out(Product::Postgres, nothing(), held(), Some((Lost, true, "leaves it out")))]
    #[case::database_left_out_empty(Product::Sqlite, nothing(), empty(), Some((Lost, true, "leaves it out")))]
    #[case::cache(Product::Redis, nothing(), held(), Some((Accepted, false, "cache")))]
    #[case::opaque(Product::ClickHouse, Coverage::Whole, held(), Some((Unclear, false, "ClickHouse")))]
    fn a_store_is_protected_or_named(
        #[case] product: Product,
        #[case] coverage: Coverage,
        #[case] held: Held,
        #[case] expected: Option<(Standing, bool, &str)>,
    ) {
        let seen = audited(product, coverage, &held, &BTreeMap::new());
        let short = seen.as_ref().map(|a| (a.found.status, a.is_left_out));
        assert_eq!(short, expected.map(|e| (e.0, e.1)), "{seen:?}");
        if let (Some(seen), Some((_, _, said))) = (seen, expected) {
            assert!(seen.found.reason.contains(said), "{}", seen.found.reason);
        }
    }

    #[test]
    fn of_a_volume_it_is_what_no_label_takes_that_has_a_size() {
        let seen = audited(Product::Files, dump(), &changed(&["up/x"]), &BTreeMap::new());
        assert_eq!(seen.unwrap().found.bytes, Some(11));
    }

    #[test]
    fn what_the_suite_accepts_is_listed_with_its_reason_unless_nothing_is_lost() {
        let accepted = ["db:postgres", "data"].map(|id| (id.to_owned(), "made again".to_owned()));
        let accepted = BTreeMap::from(accepted);
        let of = |product, coverage, held: &Held| {
            let seen = audited(product, coverage, held, &accepted);
            seen.map(|a| (a.found.status, a.found.reason, a.is_left_out))
        };
        let listed = Some((Accepted, "made again".to_owned(), false));
        assert_eq!(of(Product::Postgres, nothing(), &held()), listed);
        assert_eq!(of(Product::Postgres, Coverage::Whole, &Held::default()), listed);
        assert_eq!(of(Product::Postgres, Coverage::Whole, &held()), None);
        assert_eq!(of(Product::Files, dump(), &changed(&["x"])), listed);
        assert_eq!(of(Product::Files, dump(), &unseen()), listed);
        assert_eq!(of(Product::Files, dump(), &changed(&[])), None);
    }

    #[test]
    fn what_nothing_here_can_look_into_is_named() {
        let search = Unrecognized { service: name("search"), what: "meilisearch".to_owned() };
        let what = Audit { stores: &[], unrecognized: &[search], accepted: &BTreeMap::new() };
        let found = audit(&what, |_| Held::default());
        assert_eq!((found[0].found.store.as_str(), found[0].found.status), ("search", Unclear));
        assert!(found[0].found.reason.contains("meilisearch") && !found[0].is_left_out);
    }
}
