//! Backup: nothing that the app keeps is left outside of it, but what somebody answers for.

use harness_backup::probe::{is_at_or_below, within};
use harness_backup::{Audit, Coverage, Held, Standing, Store, Unprotected, audit};
use harness_core::name::StackName;

use super::{Finding, harness};
use crate::check::Check;
use crate::ctx::Ctx;

/// Every store is in the backup, or somebody accepts that it is not.
pub(super) async fn nothing_unprotected(ctx: Ctx) -> Check {
    let run = ctx.run();
    let snapshot =
        run.snapshot.as_ref().ok_or_else(|| harness("the run file names no snapshot"))?;
    let what = Audit {
        stores: &run.stores,
        unrecognized: &run.unrecognized,
        left_out: &run.claims.excluded,
        accepted: &run.unprotected,
    };
    let seen = |store: &Store| Held {
        in_snapshot: is_in(&snapshot.paths, &ctx.app().stack, store),
        ..Held::default()
    };
    let found = audit(&what, seen);
    let finding = judge(&run.stores, &found);
    ctx.audited(found)?;
    finding.into_check()
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
fn judge(stores: &[Store], found: &[Unprotected]) -> Finding {
    if stores.is_empty() && found.is_empty() {
        return Finding::Nothing("nothing was found in which the app keeps data".to_owned());
    }
    let is_left_out = |unprotected: &&Unprotected| {
        let is_it = |s: &&Store| s.id() == unprotected.store;
        let coverage = stores.iter().find(is_it).map(|s| &s.coverage);
        unprotected.status == Standing::Unprotected
            && matches!(coverage, Some(Coverage::Nothing { .. }))
    };
    let left_out: Vec<&Unprotected> = found.iter().filter(is_left_out).collect();
    let Some(first) = left_out.first() else { return Finding::Right };
    let seen: Vec<_> = left_out.iter().map(|u| format!("`{}`: {}", u.store, u.reason)).collect();
    Finding::wrong(
        "everything that the app keeps data in to be in the backup",
        format!(
            "{}. Cover it with a label, or name the volume of its dumps in recipe.toml as `volume` of a `[[store]]`, or accept it there under `[backup]`: unprotected = {{ \"{}\" = \"why\" }}",
            seen.join("; "),
            first.store
        ),
    )
}

#[cfg(test)]
mod tests {
    use harness_backup::Product;

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

    #[test]
    fn a_database_that_the_labels_leave_out_is_wrong_and_says_what_to_write() {
        let reason = "no volume is mounted there".to_owned();
        let stores = [store(None, Coverage::Nothing { reason: reason.clone() })];
        let unprotected = |status| Unprotected {
            store: "db:postgres".to_owned(),
            bytes: None,
            status,
            reason: reason.clone(),
        };
        let wrong = judge(&stores, &[unprotected(Standing::Unprotected)]);
        assert!(
            matches!(&wrong, Finding::Wrong { seen, .. }
                if seen.contains("`db:postgres`: no volume is mounted there")
                    && seen.contains("unprotected = { \"db:postgres\" = \"why\" }")),
            "{wrong:?}"
        );
        assert_eq!(judge(&stores, &[unprotected(Standing::Accepted)]), Finding::Right);
        let taken = [store(Some("pg"), Coverage::Whole)];
        assert_eq!(judge(&taken, &[unprotected(Standing::Unprotected)]), Finding::Right);
        assert!(matches!(judge(&[], &[]), Finding::Nothing(_)));
    }
}
