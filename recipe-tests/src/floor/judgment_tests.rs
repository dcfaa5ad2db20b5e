use harness_core::ledger::LedgerEvent;
use rstest::rstest;

use super::*;
use crate::floor::sample::{database, files_of, met, name, planted};

fn lost() -> Fate {
    Fate::Lost { seen: "it is not there".to_owned() }
}

fn altered() -> Fate {
    Fate::Altered { seen: "half of it".to_owned() }
}

/// A database of which the labels take a dump.
fn dumped() -> Store {
    let mut store = database(Product::MariaDb, "db");
    store.volume = Some("mysql".to_owned());
    store.coverage = Coverage::Paths { paths: vec!["backup.sql".to_owned()] };
    store
}

fn all(store: &Store, fates: [Fate; 3]) -> Vec<Met> {
    Age::ALL.into_iter().zip(fates).map(|(age, fate)| met(store, age, fate)).collect()
}

fn hooks(hooks: &[(&str, &str)]) -> Claims {
    let hooks = hooks.iter().map(|(of, label)| (name(of), (*label).to_owned())).collect();
    Claims { hooks, ..Claims::default() }
}

const PRE: (&str, &str) = ("db", "backupbot.backup.pre-hook");
const POST: (&str, &str) = ("db", "backupbot.restore.post-hook");

fn only(said: Vec<String>) -> String {
    assert_eq!(said.len(), 1, "{said:?}");
    said.into_iter().next().unwrap_or_default()
}

#[rstest]
#[case::no_hook(dumped(), [lost(), lost(), lost()], &[], "no service has a `backupbot.backup.pre-hook`")]
#[case::hook(dumped(), [lost(), lost(), lost()], &[PRE], "does the `backupbot.backup.pre-hook` of service `db` dump")]
#[case::other_hook(dumped(), [lost(), lost(), lost()], &[("app", PRE.1)], "of service `app` dump")]
#[case::stale(dumped(), [Fate::Survived, Fate::Survived, lost()], &[PRE], "it holds an older state")]
#[case::cut(dumped(), [Fate::Survived, lost(), lost()], &[PRE], "after the deploy and right before the backup")]
#[case::whole(files_of("data", "app", "/data"), [lost(), lost(), lost()], &[], "take volume `data` whole")]
fn what_a_backup_lacks_names_the_label_to_look_at(
    #[case] store: Store,
    #[case] fates: [Fate; 3],
    #[case] labels: &[(&str, &str)],
    #[case] expected: &str,
) {
    let said = only(in_backup(&all(&store, fates), &hooks(labels)));
    assert!(said.contains(expected), "{said}");
}

fn entries(store: &Store, fate: &Fate) -> Vec<LedgerEntry> {
    let entry = |age| LedgerEntry {
        store: store.id(),
        planted: age,
        event: LedgerEvent::Backup,
        fate: fate.clone(),
    };
    Age::ALL.map(entry).to_vec()
}

/// What a restore leaves that does nothing.
fn as_broken() -> [Fate; 3] {
    [harness_backup::marker::untouched(), harness_backup::marker::untouched(), lost()]
}

#[rstest]
#[case::no_hook(dumped(), as_broken(), &[PRE], "the dump is in the backup and nothing reads it back: no service has a `backupbot.restore.post-hook`")]
#[case::hook(dumped(), as_broken(), &[PRE, POST], "the `backupbot.restore.post-hook` of service `db` did not read it back")]
#[case::raw(Store { coverage: Coverage::Whole, ..dumped() }, as_broken(), &[], "a database needs a dump")]
#[case::files(files_of("data", "app", "/data"), as_broken(), &[], "the restore did not touch it")]
#[case::older(dumped(), [Fate::Survived, Fate::Survived, lost()], &[PRE, POST], "brought back an older state")]
#[case::part(dumped(), [lost(), altered(), Fate::Survived], &[PRE, POST], "what was planted after the deploy: half of it")]
fn what_a_restore_did_not_bring_back_names_the_hook_to_look_at(
    #[case] store: Store,
    #[case] fates: [Fate; 3],
    #[case] labels: &[(&str, &str)],
    #[case] expected: &str,
) {
    let backup = entries(&store, &Fate::Survived);
    let said = only(after_restore(&all(&store, fates), &backup, &hooks(labels)));
    assert!(said.contains(expected), "{said}");
}

#[test]
fn a_dump_that_nobody_saw_in_the_backup_is_not_said_to_be_there() {
    let store = dumped();
    let backup = entries(&store, &Fate::NotChecked { reason: "it is encrypted".to_owned() });
    let said = only(after_restore(&all(&store, as_broken()), &backup, &hooks(&[])));
    assert!(said.contains("if a dump is in the backup, nothing reads it back"), "{said}");
}

#[test]
fn what_survived_and_what_nobody_looked_at_is_no_complaint() {
    let (store, whole) = (dumped(), || [Fate::Survived, Fate::Survived, Fate::Survived]);
    assert!(in_backup(&all(&store, whole()), &hooks(&[])).is_empty());
    assert!(after_restore(&all(&store, whole()), &[], &hooks(&[])).is_empty());
    let reason = "its image has no client".to_owned();
    let unseen = met(&store, Age::BeforeBackup, Fate::NotChecked { reason });
    assert!(in_backup(std::slice::from_ref(&unseen), &hooks(&[])).is_empty());
    assert!(after_restore(&[unseen], &[], &hooks(&[])).is_empty());
}

#[test]
fn stores_are_judged_each_by_itself() {
    let files = files_of("data", "app", "/data");
    let mut both = all(&dumped(), [Fate::Survived, Fate::Survived, Fate::Survived]);
    both.extend(all(&files, [lost(), lost(), lost()]));
    assert!(only(in_backup(&both, &hooks(&[PRE]))).contains("volume `data`"));
}

#[test]
fn a_store_without_a_marker_is_named_once() {
    let mut refused = planted(&dumped(), Age::AfterUpgrade);
    refused.refused = Some("no client".to_owned());
    let twice = [Met::not_checked(refused.clone(), "x"), Met::not_checked(refused, "x")];
    let said = unasked(&twice).unwrap();
    assert_eq!(said.matches("`db:mariadb` (no client)").count(), 1, "{said}");
    assert_eq!(unasked(&all(&dumped(), as_broken())), None);
}
