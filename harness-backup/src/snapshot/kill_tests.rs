//! A kill at every step of taking, restoring and recovering, and a loss of power that undoes what was not synced.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use harness_core::name::StackName;

use super::swap::STAGING;
use super::*;

/// Says that nothing runs.
struct Nobody(StackName);

impl Witness for Nobody {
    fn stack(&self) -> &StackName {
        &self.0
    }
    fn tasks(&self) -> Result<Vec<String>, String> {
        Ok(Vec::new())
    }
}

fn nobody() -> Nobody {
    Nobody(StackName::try_from("app_example_org".to_owned()).expect("a stack"))
}

fn volumes() -> Vec<Volume> {
    let volume = |name: &str| Volume { name: name.to_owned(), path: format!("/v/{name}").into() };
    vec![volume("content"), volume("db")]
}

/// Archives in several writes, and no threads.
fn shelf(disk: &MemoryDisk) -> Shelf<MemoryDisk> {
    let packing = Packing { level: 1, workers: 0, chunk: 600 };
    Shelf::on(disk.clone(), "/shelf/app").packing(packing)
}

/// What a disk holds below a folder: kind, content and attributes by path.
type Tree = BTreeMap<PathBuf, (Look, Vec<u8>)>;

fn tree(disk: &MemoryDisk, root: &str) -> Tree {
    let (mut all, mut todo) = (Tree::new(), vec![PathBuf::from(root)]);
    while let Some(path) = todo.pop() {
        let look = disk.look(&path).expect("it is there");
        let content = match look.kind {
            Kind::File => disk.open(&path).expect("a file").into_inner(),
            Kind::Link => {
                disk.read_link(&path).expect("a link").into_os_string().into_encoded_bytes()
            }
            Kind::Folder => {
                todo.extend(disk.list(&path).expect("a folder").iter().map(|name| path.join(name)));
                Vec::new()
            }
            Kind::Other(_) => Vec::new(),
        };
        // Two files are told apart by what is in them; which number they have does not matter.
        all.insert(path, (Look { identity: (0, 0), ..look }, content));
    }
    all
}

fn attributes(mode: u32, seconds: i64) -> Attributes {
    Attributes { mode, uid: 33, gid: 44, seconds, nanos: 7, xattrs: Vec::new() }
}

fn put(disk: &MemoryDisk, path: &str, content: &[u8], seconds: i64) {
    use std::io::Write as _;
    let mut file = disk.create(Path::new(path)).expect("it can be made");
    file.write_all(content).expect("it can be written");
    disk.set(Path::new(path), &attributes(0o640, seconds)).expect("it can be set");
}

/// Bytes that no compressor makes smaller.
fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut hash = blake3::Hasher::new();
    hash.update(&[seed]);
    let mut bytes = vec![0; length];
    hash.finalize_xof().fill(&mut bytes);
    bytes
}

/// Fills the volumes with what `seed` says. Some names are the same for each seed, some are not.
fn fill(disk: &MemoryDisk, seed: u8) {
    for volume in ["/v/content", "/v/db"] {
        for name in disk.list(Path::new(volume)).expect("a volume") {
            let path = Path::new(volume).join(name);
            match disk.look(&path).expect("it is there").kind {
                Kind::Folder => disk.remove_tree(&path).expect("it can go"),
                Kind::File | Kind::Link | Kind::Other(_) => {
                    disk.remove(&path).expect("it can go");
                }
            }
        }
    }
    let folder = |path: &str| disk.create_folder(Path::new(path)).expect("it can be made");
    put(disk, "/v/content/post", &noise(seed, 900), i64::from(seed));
    put(disk, &format!("/v/content/only-{seed}"), b"", -3);
    folder("/v/content/images");
    put(disk, "/v/content/images/logo", &[seed; 100], 3);
    disk.add_name(Path::new("/v/content/images/logo"), Path::new("/v/content/same"))
        .expect("a name");
    folder(&format!("/v/content/images/empty-{seed}"));
    disk.create_link(Path::new("../nowhere"), Path::new("/v/db/link")).expect("a link");
    put(disk, "/v/db/data", &noise(seed, 700), 9);
    for path in ["/v/content", "/v/db", "/v/content/images"] {
        disk.set(Path::new(path), &attributes(0o711, 100 + i64::from(seed)))
            .expect("it can be set");
    }
    disk.sync_below(Path::new("/v")).expect("it can be kept");
}

/// A disk with volumes, and a snapshot of the seed 1.
fn begun() -> MemoryDisk {
    let disk = MemoryDisk::new();
    for path in ["/v", "/v/content", "/v/db"] {
        disk.create_folder(Path::new(path)).expect("it can be made");
    }
    disk.sync_folder(Path::new("/")).expect("it can be kept");
    fill(&disk, 1);
    take(&volumes(), &shelf(&disk), &nobody()).expect("a snapshot");
    disk.after(Crash::Nothing)
}

/// Every way to lose what was not synced.
fn crashes(disk: &MemoryDisk) -> Vec<Crash> {
    let mut all = vec![Crash::Nothing, Crash::Content];
    all.extend((0..disk.pending()).map(Crash::After));
    all.extend((1..6).map(Crash::Some));
    all
}

/// What is on the disk that was found after a kill, once it is recovered: which snapshot, and what the volumes hold.
struct Found {
    /// What the snapshot says that it holds, and holds.
    snapshot: Option<Manifest>,
    volumes: Tree,
}

fn found(disk: &MemoryDisk, said: &str) -> Found {
    let shelf = shelf(disk);
    recover(&shelf, &nobody()).unwrap_or_else(|e| panic!("{said}: {e}"));
    let volumes_now = tree(disk, "/v");
    let staging = |path: &PathBuf| path.iter().any(|part| part == STAGING);
    assert!(!volumes_now.keys().any(staging), "{said}: something is staged");
    let snapshot = shelf.snapshot().unwrap_or_else(|e| panic!("{said}: {e}")).map(|manifest| {
        let mut expected = vec![OsString::from(format!("data-{}", manifest.generation))];
        expected.push("snapshot.json".into());
        assert_eq!(disk.list(Path::new("/shelf/app")).expect("a shelf"), expected, "{said}");
        verify(&shelf).unwrap_or_else(|e| panic!("{said}: {e}"))
    });
    Found { snapshot, volumes: volumes_now }
}

/// Plays something with a kill at every step, every loss of power after it, and, for some of them, a kill at every step
/// of the recovery too. Returns how many endings were judged.
fn killed_everywhere(
    begin: &MemoryDisk,
    play: impl Fn(&MemoryDisk) -> bool,
    judge: impl Fn(&Found, &str),
) -> usize {
    let steps = {
        let disk = begin.after(Crash::Nothing);
        assert!(play(&disk), "without a kill it is done");
        disk.steps()
    };
    let mut endings = 0;
    for step in 0..steps {
        let disk = begin.after(Crash::Nothing);
        disk.die_at(step);
        assert!(!play(&disk) || step + 8 > steps, "step {step} of {steps} passed");
        let all = crashes(&disk);
        for (nth, &crash) in all.iter().enumerate() {
            let said = format!("killed at {step} of {steps}, {crash:?}");
            judge(&found(&disk.after(crash), &said), &said);
            endings += 1;
            if nth % 11 == 0 {
                endings += killed_again(&disk.after(crash), &said, &judge);
            }
        }
    }
    endings
}

/// Kills the recovery at every step.
fn killed_again(begin: &MemoryDisk, said: &str, judge: &impl Fn(&Found, &str)) -> usize {
    let mut endings = 0;
    for step in 0.. {
        let disk = begin.after(Crash::Nothing);
        disk.die_at(step);
        if recover(&shelf(&disk), &nobody()).is_ok() {
            break;
        }
        for crash in
            [Crash::Nothing, Crash::After(0), Crash::After(disk.pending() / 2), Crash::Some(step)]
        {
            let said = format!("{said}, and again at {step} of the recovery, {crash:?}");
            judge(&found(&disk.after(crash), &said), &said);
            endings += 1;
        }
    }
    endings
}

/// A disk whose snapshot and volumes differ, and all that may be found on it: what the volumes held when the snapshot
/// was taken, what they hold now, the snapshot, and the one that is taken next.
fn begun_and_changed() -> (MemoryDisk, [Tree; 2], [Manifest; 2]) {
    let disk = begun();
    let first = tree(&disk, "/v");
    let old = verify(&shelf(&disk)).expect("a snapshot");
    fill(&disk, 2);
    let second = tree(&disk, "/v");
    let disk = disk.after(Crash::Nothing);
    let next = disk.after(Crash::Nothing);
    let new = take(&volumes(), &shelf(&next), &nobody()).expect("a snapshot").manifest;
    restore(&shelf(&next), &volumes(), &nobody()).expect("a restore");
    assert!(tree(&next, "/v") == second && first != second && old != new);
    (disk, [first, second], [old, new])
}

#[test]
fn a_snapshot_killed_at_any_step_leaves_the_old_one_or_the_new_one() {
    let (disk, [_, second], [old, new]) = begun_and_changed();
    let (olds, news) = (Cell::new(0), Cell::new(0));
    let endings = killed_everywhere(
        &disk,
        |disk| take(&volumes(), &shelf(disk), &nobody()).is_ok_and(|t| t.old_not_removed.is_none()),
        |found, said| {
            assert!(found.volumes == second, "{said}: the volumes were touched");
            let (is_old, is_new) =
                (found.snapshot.as_ref() == Some(&old), found.snapshot.as_ref() == Some(&new));
            assert!(is_old || is_new, "{said}: neither, but {:?}", found.snapshot);
            olds.set(olds.get() + usize::from(is_old));
            news.set(news.get() + usize::from(is_new));
        },
    );
    assert!(olds.get() > 100 && news.get() > 20, "{olds:?} and {news:?} of {endings}");
}

#[test]
fn a_first_snapshot_killed_at_any_step_leaves_none_or_itself() {
    let disk = MemoryDisk::new();
    for path in ["/v", "/v/content", "/v/db"] {
        disk.create_folder(Path::new(path)).unwrap();
    }
    disk.sync_folder(Path::new("/")).unwrap();
    fill(&disk, 1);
    let first = tree(&disk, "/v");
    killed_everywhere(
        &disk,
        |disk| take(&volumes(), &shelf(disk), &nobody()).is_ok(),
        |found, said| {
            assert!(found.volumes == first, "{said}");
            assert!(found.snapshot.as_ref().is_none_or(|s| s.generation == 1), "{said}");
        },
    );
}

#[test]
fn a_restore_killed_at_any_step_leaves_all_volumes_as_they_were_or_as_the_snapshot_has_them() {
    let (disk, [first, second], [old, _]) = begun_and_changed();
    let (olds, news) = (Cell::new(0), Cell::new(0));
    let endings = killed_everywhere(
        &disk,
        |disk| restore(&shelf(disk), &volumes(), &nobody()).is_ok(),
        |found, said| {
            let (is_old, is_new) = (found.volumes == second, found.volumes == first);
            assert!(is_old || is_new, "{said}: neither, but {:#?}", found.volumes.keys());
            assert!(found.snapshot.as_ref() == Some(&old), "{said}");
            olds.set(olds.get() + usize::from(is_old));
            news.set(news.get() + usize::from(is_new));
        },
    );
    assert!(olds.get() > 300 && news.get() > 300, "{olds:?} and {news:?} of {endings}");
}

#[test]
fn a_full_disk_at_any_step_leaves_what_was_and_the_next_try_succeeds() {
    let begin = begun();
    let first = tree(&begin, "/v");
    fill(&begin, 2);
    let second = tree(&begin, "/v");
    let begin = begin.after(Crash::Nothing);
    for step in 0.. {
        let disk = begin.after(Crash::Nothing);
        disk.fail_at(step);
        let taken = take(&volumes(), &shelf(&disk), &nobody());
        if disk.steps() <= step {
            break;
        }
        verify(&shelf(&disk)).unwrap_or_else(|e| panic!("full at {step}: {e}"));
        assert!(tree(&disk, "/v") == second, "full at {step}");
        take(&volumes(), &shelf(&disk), &nobody())
            .unwrap_or_else(|e| panic!("{step}: {taken:?}, {e}"));
    }
    for step in 0.. {
        let disk = begin.after(Crash::Nothing);
        disk.fail_at(step);
        let restored = restore(&shelf(&disk), &volumes(), &nobody());
        if disk.steps() <= step {
            break;
        }
        restore(&shelf(&disk), &volumes(), &nobody())
            .unwrap_or_else(|e| panic!("{step}: {restored:?}, {e}"));
        assert!(tree(&disk, "/v") == first, "full at {step}");
    }
}
