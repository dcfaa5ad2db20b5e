//! Backup: nothing that the app keeps is left outside of it, but what somebody answers for.

use harness_backup::probe::{is_at_or_below, within};
use harness_backup::{Audit, Audited, Coverage, Held, Product, Store, audit};
use harness_core::name::StackName;

use super::holdings::{self, Holding, databases_in};
use super::{Finding, harness};
use crate::check::Check;
use crate::ctx::Ctx;

/// Every store is in the backup, and every file of the app's that changed since the install, or somebody accepts that
/// it is not.
pub(super) async fn nothing_unprotected(ctx: Ctx) -> Check {
    let run = ctx.run();
    let snapshot =
        run.snapshot.as_ref().ok_or_else(|| harness("the run file names no snapshot"))?;
    let holdings = holdings::now(&ctx).await;
    let what =
        Audit { stores: &run.stores, unrecognized: &run.unrecognized, accepted: &run.unprotected };
    let seen = |store: &Store| {
        let in_snapshot = is_in(&snapshot.paths, &ctx.app().stack, store);
        let holding = holdings.iter().find(|h| h.store == *store);
        let databases = databases_in(store, &run.stores, &run.services);
        holding.map_or_else(Held::default, |holding| held(holding, in_snapshot, &databases))
    };
    let found = audit(&what, seen);
    let finding = judge(&run.stores, &found);
    let named = found.into_iter().map(|audited| audited.found).collect();
    ctx.audited(named, holdings.iter().map(Holding::seen).collect())?;
    finding.into_check()
}

fn held(holding: &Holding, in_snapshot: bool, databases: &[String]) -> Held {
    let bytes = holding.bytes();
    if holding.store.product != Product::Files {
        return Held { in_snapshot, bytes, ..Held::default() };
    }
    match holding.outside(databases) {
        Ok(outside) => Held { in_snapshot, bytes, outside: Some(outside), unseen: None },
        Err(reason) => Held { in_snapshot, bytes, outside: None, unseen: Some(reason) },
    }
}

/// Returns whether the snapshot's list has anything of what the labels take of a store.
fn is_in(paths: &[String], stack: &StackName, store: &Store) -> bool {
    let Some(volume) = &store.volume else { return false };
    let inside = paths.iter().filter_map(|path| within(path, stack, volume));
    let mut inside = inside.map(|path| path.trim_end_matches('/')).filter(|path| !path.is_empty());
    match &store.coverage {
        Coverage::Nothing { .. } => false,
        Coverage::Whole => inside.next().is_some(),
        Coverage::Paths { paths } => {
            inside.any(|seen| paths.iter().any(|path| is_at_or_below(seen, path)))
        }
    }
}

/// Judges what the labels leave out. What they take and the snapshot lacks is the matter of the checks that look into
/// it; it is listed all the same.
fn judge(stores: &[Store], found: &[Audited]) -> Finding {
    if stores.is_empty() && found.is_empty() {
        return Finding::Nothing("nothing was found in which the app keeps data".to_owned());
    }
    let left_out: Vec<&Audited> = found.iter().filter(|a| a.is_left_out).collect();
    let Some(first) = left_out.first() else { return Finding::Right };
    let seen = left_out.iter().map(|a| {
        let size = a.found.bytes.map(|bytes| format!(" ({bytes} bytes)")).unwrap_or_default();
        format!("`{}`{size}: {}", a.found.store, a.found.reason)
    });
    let is_database = stores
        .iter()
        .any(|s| s.product != Product::Files && left_out.iter().any(|a| a.found.store == s.id()));
    let dumps = if is_database {
        "name the volume of its dumps in recipe.toml as `volume` of a `[[store]]`, or "
    } else {
        ""
    };
    Finding::wrong(
        "everything that the app keeps data in to be in the backup",
        format!(
            "{}. Cover it with a label, or {dumps}say why it need not be in recipe.toml, under `[backup]`: unprotected = {{ \"{}\" = \"why\" }}",
            seen.collect::<Vec<_>>().join("; "),
            first.found.store
        ),
    )
}

#[cfg(test)]
mod tests {
    use harness_backup::{Standing, Unprotected};

    use super::*;
    use crate::floor::sample::{name, stack};

    fn store(volume: Option<&str>, coverage: Coverage) -> Store {
        Store {
            product: Product::Postgres,
            service: name("db"),
            at: "/var/lib/postgresql/data".to_owned(),
            volume: volume.map(str::to_owned),
            coverage,
        }
    }

    fn paths(paths: &[&str]) -> Coverage {
        Coverage::Paths { paths: paths.iter().map(|p| (*p).to_owned()).collect() }
    }

    #[test]
    fn the_snapshot_has_a_store_if_it_lists_anything_that_the_labels_take_of_it() {
        let listed =
            |rest: &str| vec![format!("/var/lib/docker/volumes/{}_pg/_data{rest}", stack())];
        let is_in =
            |rest: &str, coverage| is_in(&listed(rest), &stack(), &store(Some("pg"), coverage));
        assert!(is_in("/base", Coverage::Whole));
        assert!(!is_in("", Coverage::Whole), "an empty volume");
        assert!(is_in("/backup.sql.gz", paths(&["x", "backup.sql.gz"])));
        assert!(is_in("/dumps/a", paths(&["dumps"])));
        assert!(!is_in("/dumps2", paths(&["dumps"])));
        assert!(!super::is_in(&listed("/a"), &stack(), &store(Some("p"), Coverage::Whole)));
        assert!(!super::is_in(&listed("/a"), &stack(), &store(None, Coverage::Whole)));
    }

    fn found(store: &str, status: Standing) -> Audited {
        let reason = "no volume is mounted there".to_owned();
        let found = Unprotected { store: store.to_owned(), bytes: Some(12), status, reason };
        Audited { is_left_out: status == Standing::Unprotected, found }
    }

    fn seen(stores: &[Store], found: &[Audited]) -> String {
        match judge(stores, found) {
            Finding::Wrong { seen, .. } => seen,
            Finding::Right => "right".to_owned(),
            Finding::Partly(unseen) => format!("partly: {unseen}"),
            Finding::Nothing(reason) => format!("nothing: {reason}"),
        }
    }

    #[test]
    fn a_database_that_the_labels_leave_out_is_wrong_and_says_what_to_write() {
        let stores = [store(None, Coverage::Nothing { reason: String::new() })];
        let wrong = seen(&stores, &[found("db:postgres", Standing::Unprotected)]);
        let said = [
            "`db:postgres` (12 bytes): no volume is mounted there",
            "`volume` of a `[[store]]`",
            "unprotected = { \"db:postgres\" = \"why\" }",
        ];
        assert!(said.iter().all(|text| wrong.contains(text)), "{wrong}");
        assert_eq!(seen(&stores, &[found("db:postgres", Standing::Accepted)]), "right");
    }

    #[test]
    fn files_that_changed_and_no_label_takes_are_wrong_too() {
        let paths = paths(&["dump.sql"]);
        let stores = [Store { product: Product::Files, ..store(Some("data"), paths) }];
        let wrong = seen(&stores, &[found("data", Standing::Unprotected)]);
        assert!(
            wrong.contains("{ \"data\" = \"why\" }") && !wrong.contains("[[store]]"),
            "{wrong}"
        );
        assert_eq!(seen(&stores, &[found("data", Standing::Unrecognized)]), "right");
        assert!(seen(&[], &[]).starts_with("nothing"));
    }

    #[test]
    fn what_the_labels_take_and_the_snapshot_lacks_is_for_other_checks() {
        let stores = [store(Some("pg"), Coverage::Whole)];
        let lacking = Audited { is_left_out: false, ..found("db:postgres", Standing::Unprotected) };
        assert_eq!(seen(&stores, &[lacking]), "right");
    }
}
