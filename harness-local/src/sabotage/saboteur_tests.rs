//! A small run under the saboteur's hands: what each sabotage changes in it, and that it says so.

use super::*;
use crate::sabotage::{Area, CLASSES, Class};

/// What can be seen of a run: volumes after the upgrade, what ran, the backup, which restore hook ran, and volumes
/// after the restore.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    upgraded: Volumes,
    image: String,
    backup: Vec<Kept>,
    hook_ran: bool,
    restored: Volumes,
}

fn rows(count: usize) -> Vec<u8> {
    let rows: Vec<[usize; 1]> = (0..count).map(|n| [n]).collect();
    serde_json::to_vec(&serde_json::json!({ "tables": { "posts": { "rows": rows } } })).unwrap()
}

fn put(volumes: &mut Volumes, path: &str, bytes: &[u8]) {
    volumes.entry("v".to_owned()).or_default().insert(path.to_owned(), bytes.to_vec());
}

/// A hook: it dumps the database into a file.
fn dump(volumes: &mut Volumes) {
    let database = volumes["v"].get("d/tables.json").cloned().unwrap_or_default();
    put(volumes, "dump.sql", &[b"dump of ", database.as_slice()].concat());
}

/// A hook: it reads the dump into the database.
fn load(volumes: &mut Volumes) {
    let dump = volumes["v"].get("dump.sql").cloned().unwrap_or_default();
    let database = dump.strip_prefix(b"dump of ").unwrap_or_default().to_vec();
    put(volumes, "d/tables.json", &database);
}

/// Plays install, upgrade, backup, a mutation and the restore.
fn play(what: Sabotage) -> (Seen, bool) {
    let mut saboteur = Saboteur::new(what);
    let mut volumes = Volumes::from([("v".to_owned(), BTreeMap::new())]);
    saboteur.at_deploy(&mut volumes);
    saboteur.image("app", "app:1");
    put(&mut volumes, "d/tables.json", &rows(2));
    put(&mut volumes, "a.txt", b"installed");
    saboteur.before_write(|| volumes.clone());
    put(&mut volumes, "b.txt", b"before the upgrade");
    put(&mut volumes, "d/tables.json", &rows(4));
    saboteur.at_deploy(&mut volumes);
    let image = saboteur.image("app", "app:2");
    let upgraded = volumes.clone();
    // What the upgrade broke is not what the rest is about.
    put(&mut volumes, "a.txt", b"installed");
    put(&mut volumes, "b.txt", b"before the upgrade");
    put(&mut volumes, "d/tables.json", &rows(4));
    saboteur.before_write(|| volumes.clone());
    put(&mut volumes, "b.txt", b"original");
    put(&mut volumes, "d/tables.json", &rows(6));

    let before_hooks = volumes.clone();
    dump(&mut volumes);
    let kept = |path: &str| ("v".to_owned(), path.to_owned(), volumes["v"][path].clone());
    let mut backup = ["a.txt", "b.txt", "dump.sql"].map(kept).to_vec();
    saboteur.spoil_backup(&before_hooks, &mut backup);
    if let Some(mut yesterday) = saboteur.dumps_of().cloned() {
        dump(&mut yesterday);
        saboteur.swap_dumps(&before_hooks, &mut backup, &yesterday);
    }

    put(&mut volumes, "a.txt", b"mutated");
    put(&mut volumes, "b.txt", b"mutated");
    put(&mut volumes, "d/tables.json", &rows(9));
    let mut files = backup.clone();
    saboteur.spoil_restore(&volumes, &mut files);
    for (_, path, bytes) in files {
        put(&mut volumes, &path, &bytes);
    }
    let hook_ran = !saboteur.skips_hook(true);
    if hook_ran {
        load(&mut volumes);
    }
    saboteur.after_restore(&mut volumes);
    let hit = saboteur.came_to_something();
    (Seen { upgraded, image, backup, hook_ran, restored: volumes }, hit)
}

#[test]
fn each_sabotage_of_data_changes_what_is_there_and_says_so() {
    let honest = Sabotage::Answers(InAnswers::AsBytes);
    let (sound, hit) = play(honest);
    assert!(!hit, "there was no answer");
    assert_eq!(sound.restored["v"]["b.txt"], b"original");
    assert_eq!(sound.image, "app:2");
    let of_data = |c: &&Class| ![Area::Answers, Area::Conversations].contains(&c.area);
    let own = CLASSES.iter().filter(of_data).filter(|c| c.what.fault().is_none());
    for class in own {
        let (seen, hit) = play(class.what);
        assert!(hit, "{} came to nothing", class.name);
        assert_ne!(seen, sound, "{} changes nothing", class.name);
        let at = |area: Area| class.area == area;
        assert!(at(Area::Upgrade) || seen.upgraded == sound.upgraded, "{}", class.name);
        assert!(at(Area::Backup) || seen.backup == sound.backup, "{}", class.name);
    }
}

#[test]
fn another_backup_of_what_the_hooks_had_made_is_spoiled_too() {
    let mut saboteur = Saboteur::new(Sabotage::Backup(InBackup::DumpEmpty));
    let mut volumes = Volumes::from([("v".to_owned(), BTreeMap::new())]);
    put(&mut volumes, "d/tables.json", &rows(2));
    for _ in 0..2 {
        let before_hooks = volumes.clone();
        dump(&mut volumes);
        let content = volumes["v"]["dump.sql"].clone();
        let mut files = vec![("v".to_owned(), "dump.sql".to_owned(), content)];
        saboteur.spoil_backup(&before_hooks, &mut files);
        assert!(files[0].2.is_empty());
    }
}

#[test]
fn without_data_there_is_nothing_to_break() {
    for class in CLASSES.iter().filter(|c| c.what.fault().is_none()) {
        let mut saboteur = Saboteur::new(class.what);
        let mut volumes = Volumes::new();
        for _ in 0..2 {
            saboteur.at_deploy(&mut volumes);
            saboteur.before_write(Volumes::new);
            saboteur.image("app", "app:1");
        }
        let mut files = Vec::new();
        saboteur.spoil_backup(&Volumes::new(), &mut files);
        saboteur.spoil_restore(&volumes, &mut files);
        saboteur.after_restore(&mut volumes);
        assert!(!saboteur.came_to_something(), "{}", class.name);
    }
}

#[test]
fn an_old_version_runs_where_the_new_one_is_named() {
    let (seen, _) = play(Sabotage::Upgrade(AtUpgrade::KeepsOldVersion));
    assert_eq!(seen.image, "app:1");
}

#[test]
fn a_backup_of_yesterday_lacks_what_is_new_and_keeps_the_hooks_dump() {
    let (seen, _) = play(Sabotage::Backup(InBackup::OfYesterday));
    let (sound, _) = play(Sabotage::Answers(InAnswers::AsBytes));
    assert_eq!(seen.backup[1].2, b"before the upgrade");
    assert_eq!(seen.backup[2], sound.backup[2]);
}

#[test]
fn writes_are_dropped_from_the_beginning_or_once_the_upgrade_was_made() {
    let drops = |what: InAnswers, deploys: u32| {
        let mut saboteur = Saboteur::new(Sabotage::Answers(what));
        for _ in 0..deploys {
            saboteur.at_deploy(&mut Volumes::new());
        }
        saboteur.drops_writes()
    };
    assert!(drops(InAnswers::WritesDropped, 1) && drops(InAnswers::WritesDropped, 2));
    assert!(!drops(InAnswers::WritesDroppedLater, 1) && drops(InAnswers::WritesDroppedLater, 2));
    assert!(!drops(InAnswers::Cut, 2));
}
