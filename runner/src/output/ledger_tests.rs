use super::*;

fn entry(store: &str, planted: Age, event: LedgerEvent, fate: Fate) -> LedgerEntry {
    LedgerEntry { store: store.to_owned(), planted, event, fate }
}

fn lost(seen: &str) -> Fate {
    Fate::Lost { seen: seen.to_owned() }
}

fn not_checked(reason: &str) -> Fate {
    Fate::NotChecked { reason: reason.to_owned() }
}

/// A ledger in which every marker of the stores survived the upgrade, the backup and the restore.
fn survived(stores: &[&str]) -> Vec<LedgerEntry> {
    let mut entries = Vec::new();
    for store in stores {
        entries.push(entry(store, Age::BeforeUpgrade, LedgerEvent::Upgrade, Fate::Survived));
        for event in [LedgerEvent::Backup, LedgerEvent::Restore] {
            entries.extend(Age::ALL.map(|age| entry(store, age, event, Fate::Survived)));
        }
    }
    entries
}

fn change(entries: &mut [LedgerEntry], store: &str, event: LedgerEvent, fates: [Fate; 3]) {
    for (age, fate) in Age::ALL.into_iter().zip(fates) {
        let is_it = |e: &&mut LedgerEntry| e.store == store && e.event == event && e.planted == age;
        entries.iter_mut().find(is_it).expect("an entry of that store and event").fate = fate;
    }
}

#[test]
fn nothing_planted_is_nothing_shown() {
    assert_eq!(ledger(&[], 100), Vec::<String>::new());
}

#[test]
fn what_survived_is_a_short_table() {
    insta::assert_snapshot!(ledger(&survived(&["content", "db:mariadb"]), 100).join("\n"), @r"
    planted data, and what became of it:
      store       upgrade  backup  restore
      content     ✔··      ✔✔✔     ✔✔✔
      db:mariadb  ✔··      ✔✔✔     ✔✔✔
      a mark for each planting (before upgrade, after upgrade, before backup): ✔ survived, ✘ lost, ≠
      altered, – not checked
    ");
}

#[test]
fn what_did_not_survive_is_told_below_it_once_and_first() {
    let mut entries = survived(&["content", "db:mariadb", "cache"]);
    let gone = "no such table: the dump is in the backup and nothing reads it back";
    let changed = || Fate::Altered { seen: "the value is `broken`".to_owned() };
    let fates = [changed(), changed(), lost(gone)];
    change(&mut entries, "db:mariadb", LedgerEvent::Restore, fates);
    let left_out =
        || not_checked("not covered: the label `backupbot.backup.volumes.cache` is `false`");
    for event in [LedgerEvent::Backup, LedgerEvent::Restore] {
        change(&mut entries, "cache", event, [left_out(), left_out(), left_out()]);
    }
    insta::assert_snapshot!(ledger(&entries, 72).join("\n"), @r"
    planted data, and what became of it:
      store       upgrade  backup  restore
      content     ✔··      ✔✔✔     ✔✔✔
      db:mariadb  ✔··      ✔✔✔     ≠≠✘
      cache       ✔··      –––     –––
      a mark for each planting (before upgrade, after upgrade, before
      backup): ✔ survived, ✘ lost, ≠ altered, – not checked
      ≠ db:mariadb, restore (planted before upgrade, after upgrade):
        altered: the value is `broken`
      ✘ db:mariadb, restore (planted before backup): lost: no such table:
        the dump is in the backup and nothing reads it back
      – cache, backup and restore: not checked: not covered: the label
        `backupbot.backup.volumes.cache` is `false`
    ");
}

#[test]
fn without_an_upgrade_its_age_takes_no_room() {
    let mut entries = survived(&["content"]);
    entries.retain(|e| e.planted != Age::BeforeUpgrade);
    let shown = ledger(&entries, 100);
    assert_eq!(shown[1..3], ["  store    backup  restore", "  content  ✔✔      ✔✔"]);
}

#[test]
fn a_narrow_terminal_shortens_names_and_no_line_is_wider() {
    let mut entries = survived(&["app:sqlite:/var/lib/mumble-server/mumble-server.sqlite"]);
    entries[0].fate = lost("the file is not there");
    let loss = entry("x", Age::BeforeBackup, LedgerEvent::RestoreAfterLoss, Fate::Survived);
    entries.push(loss);
    for width in [40, 60, 80, 200] {
        for line in ledger(&entries, width) {
            let is_word = !line.trim().contains(' ') || line.contains("/mumble-server.sqlite");
            assert!(line.chars().count() <= width.max(51) || is_word, "{width}: {line}");
        }
    }
    assert!(ledger(&entries, 80)[2].contains('…'));
}
