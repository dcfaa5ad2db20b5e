//! Real files on a real disk.

use std::cell::Cell;
use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::StackName;
use harness_core::process::{BaseEnv, Cmd, Deadline};
use tempfile::TempDir;

use super::*;

/// Says that something runs from the n-th time on that it is asked.
struct Sees {
    stack: StackName,
    asked: Cell<u32>,
    from: u32,
}

impl Witness for Sees {
    fn stack(&self) -> &StackName {
        &self.stack
    }
    fn tasks(&self) -> Result<Vec<String>, String> {
        self.asked.set(self.asked.get() + 1);
        let runs = self.asked.get() >= self.from;
        Ok(if runs { vec!["app.1".to_owned(), "db.1".to_owned()] } else { Vec::new() })
    }
}

fn stack(name: &str) -> StackName {
    StackName::try_from(name.to_owned()).expect("a stack")
}

fn sees(from: u32) -> Sees {
    Sees { stack: stack("app_example_org"), asked: Cell::new(0), from }
}

fn nobody() -> Sees {
    sees(u32::MAX)
}

/// A folder for a test, with a volume and a shelf in it.
struct Place {
    _dir: TempDir,
    root: Utf8PathBuf,
    volumes: [Volume; 1],
    shelf: Shelf,
}

fn place() -> Place {
    let dir = tempfile::tempdir().expect("a folder");
    let root = Utf8PathBuf::try_from(dir.path().to_owned()).expect("UTF-8");
    let path = root.join("volume");
    fs::create_dir(&path).expect("a volume");
    let volumes = [Volume { name: "content".to_owned(), path }];
    Place { shelf: Shelf::new(root.join("warm/app")), root, volumes, _dir: dir }
}

impl Place {
    fn at(&self, name: &str) -> Utf8PathBuf {
        self.volumes[0].path.join(name)
    }

    fn put(&self, name: &str, content: &[u8]) {
        fs::write(self.at(name), content).expect("a file");
    }

    fn archive(&self) -> Utf8PathBuf {
        self.root.join("warm/app/data-1/content.tar.zst")
    }
}

/// What there is below a folder, as text: everything that a restore is to bring back.
fn described(root: &Utf8Path) -> Vec<String> {
    let (mut all, mut todo) = (Vec::new(), vec![PathBuf::from(root)]);
    while let Some(path) = todo.pop() {
        let look = RealDisk.look(&path).expect("it is there");
        let content = match look.kind {
            Kind::File => blake3::hash(&fs::read(&path).expect("a file")).to_hex().to_string(),
            Kind::Link => format!("{:?}", fs::read_link(&path).expect("a link")),
            Kind::Folder => {
                todo.extend(RealDisk.list(&path).expect("a folder").iter().map(|n| path.join(n)));
                String::new()
            }
            Kind::Other(what) => what.to_owned(),
        };
        let Look { kind, size, names, attributes, .. } = look;
        let size = if kind == Kind::Folder { 0 } else { size };
        let names = if kind == Kind::Folder { 0 } else { names };
        let path = path.strip_prefix(root).expect("below");
        all.push(format!("{path:?} {kind:?} {size} {names} {attributes:?} {content}"));
    }
    all.sort();
    all
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Fills a volume with everything that a file system keeps.
fn fill(place: &Place) {
    let at = |name: &str| place.at(name);
    place.put("plain", b"hello");
    place.put("empty", b"");
    place.put("-rf", b"a name that looks like an option");
    place.put("two\nlines", b"");
    place.put(" blanks ", b"");
    let raw = at("").as_std_path().join(std::ffi::OsStr::from_bytes(b"not \xff utf-8"));
    fs::write(raw, b"x").expect("a file");
    place.put(&"long".repeat(60), b"a name of 240 characters");
    fs::create_dir_all(at(&"deep folder/".repeat(30))).expect("folders");
    place.put(&format!("{}leaf", "deep folder/".repeat(30)), b"x");
    fs::create_dir(at("empty folder")).expect("a folder");
    symlink("plain", at("link")).expect("a link");
    symlink("../../../nowhere/".repeat(12), at("long link")).expect("a link");
    fs::hard_link(at("plain"), at("deep folder/same")).expect("a name");
    let mut holes = fs::File::create(at("holes")).expect("a file");
    for offset in [1 << 20, 5 << 20, 9 << 20] {
        holes.seek(SeekFrom::Start(offset)).expect("it can be sought");
        holes.write_all(b"island").expect("it can be written");
    }
    holes.set_len(64 << 20).expect("it can grow");
    let file = fs::File::create(at("only a hole")).expect("a file");
    file.set_len(64 << 20).expect("it can grow");
    place.put("big", &(0..3_000_000_u32).flat_map(u32::to_le_bytes).collect::<Vec<u8>>());
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    xattr::set(at("empty"), "user.note", b"line\nbreak = %\0").expect("an attribute");
    xattr::set(at("empty folder"), "user.a=b", b"").expect("an attribute");
    if is_root() {
        std::os::unix::fs::lchown(at("link"), Some(101), Some(102)).expect("an owner");
        std::os::unix::fs::chown(at("plain"), Some(70_000), Some(4_000_000_000)).expect("an owner");
        std::os::unix::fs::chown(at(""), Some(999), Some(999)).expect("an owner");
        xattr::set(
            at("big"),
            "security.capability",
            &[1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        )
        .expect("a capability");
    }
    mode("plain", 0o6755);
    mode("empty folder", 0o1777);
    mode("deep folder", 0o500);
    mode("", 0o750);
    let past = std::time::UNIX_EPOCH + Duration::new(1_000_000_000, 123_456_789);
    let before = std::time::UNIX_EPOCH - Duration::new(5, 500);
    for (name, time) in [("plain", past), ("empty", before), ("empty folder", past), ("", past)] {
        fs::File::open(at(name)).and_then(|f| f.set_modified(time)).expect("a time");
    }
}

#[test]
fn everything_that_a_file_system_keeps_comes_back() {
    let place = place();
    fill(&place);
    let before = described(&place.volumes[0].path);
    let inode = fs::metadata(place.at("")).unwrap().ino();
    let taken = take(&place.volumes, &place.shelf, &nobody()).unwrap();
    assert!(taken.old_not_removed.is_none());
    assert_eq!(described(&place.volumes[0].path), before, "a snapshot changes nothing");
    assert_eq!(verify(&place.shelf).unwrap(), taken.manifest);

    fs::set_permissions(place.at("deep folder"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::remove_dir_all(place.at("deep folder")).unwrap();
    place.put("plain", b"broken");
    place.put("more", b"");
    fs::set_permissions(place.at(""), fs::Permissions::from_mode(0o777)).unwrap();
    restore(&place.shelf, &place.volumes, &nobody()).unwrap();
    let after = described(&place.volumes[0].path);
    for (before, after) in before.iter().zip(&after) {
        assert_eq!(before, after);
    }
    assert_eq!(before.len(), after.len());
    assert_eq!(fs::metadata(place.at("")).unwrap().ino(), inode, "the folder itself stays");
    let holes = fs::metadata(place.at("holes")).unwrap();
    assert!(holes.blocks() * 512 < 1 << 20, "{} blocks", holes.blocks());
    assert!(fs::metadata(place.at("only a hole")).unwrap().blocks() <= 8);
}

#[tokio::test]
async fn gnu_tar_reads_it_too() {
    let place = place();
    fill(&place);
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    let other = place.root.join("other");
    fs::create_dir(&other).unwrap();
    let base = BaseEnv::default().with("PATH", "/usr/bin:/bin");
    let tar = Cmd::new("tar", &base, Deadline::after(Duration::from_secs(60)))
        .args(["--zstd", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-xpf"])
        .args([place.archive().as_str(), "-C", other.as_str()]);
    tar.run().await.unwrap();
    assert_eq!(described(&other), described(&place.volumes[0].path));
}

#[test]
fn what_is_made_anew_by_its_owner_is_left_out_by_name() {
    let place = place();
    place.put("kept", b"");
    nix::unistd::mkfifo(place.at("pipe").as_std_path(), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(place.at("sock")).unwrap();
    let taken = take(&place.volumes, &place.shelf, &nobody()).unwrap();
    assert_eq!(taken.manifest.volumes[0].left_out, ["named pipe pipe", "socket sock"]);
    assert_eq!(taken.manifest.volumes[0].entries, 1);
}

#[test]
fn a_deployed_stack_is_refused_by_name_and_nothing_changes() {
    let place = place();
    place.put("post", b"one");
    // At the start, after clearing up, and once the archives are written.
    for from in [1, 2] {
        let error = take(&place.volumes, &place.shelf, &sees(from)).unwrap_err();
        assert_eq!(
            error.to_string(),
            "stack `app_example_org` is deployed (app.1, db.1): its volumes are touched only while nothing of it runs, so undeploy it first"
        );
        assert!(place.shelf.snapshot().unwrap().is_none());
    }
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    place.put("post", b"two");
    let before = described(&place.volumes[0].path);
    for from in [1, 2] {
        let error = restore(&place.shelf, &place.volumes, &sees(from)).unwrap_err();
        assert!(matches!(error, RestoreError::Deployed(_)), "{error}");
        assert_eq!(described(&place.volumes[0].path), before);
    }
    restore(&place.shelf, &place.volumes, &nobody()).unwrap();
    assert_eq!(fs::read(place.at("post")).unwrap(), b"one");
}

#[test]
fn a_damaged_archive_is_found_before_anything_is_touched() {
    let place = place();
    place.put("post", &[7; 5000]);
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    place.put("post", b"now");
    let before = described(&place.volumes[0].path);
    let good = fs::read(place.archive()).unwrap();
    let mut flipped = good.clone();
    flipped[good.len() / 2] ^= 1;
    let again = zstd::encode_all(&zstd::decode_all(&good[..]).unwrap()[..], 19).unwrap();
    let changed = zstd::encode_all(&[7; 10_240][..], 3).unwrap();
    let cut = good[..good.len() - 1].to_vec();
    let more = [&good[..], b"more"].concat();
    for (what, bytes) in [
        ("flipped", flipped),
        ("again", again),
        ("changed", changed),
        ("cut", cut),
        ("more", more),
        ("empty", Vec::new()),
    ] {
        fs::write(place.archive(), bytes).unwrap();
        let error = verify(&place.shelf).unwrap_err();
        assert!(matches!(error, RestoreError::Damaged { .. }), "{what}: {error}");
        let error = restore(&place.shelf, &place.volumes, &nobody()).unwrap_err();
        assert!(matches!(error, RestoreError::Damaged { .. }), "{what}: {error}");
        assert_eq!(described(&place.volumes[0].path), before, "{what}");
    }
    fs::remove_file(place.archive()).unwrap();
    let error = restore(&place.shelf, &place.volumes, &nobody()).unwrap_err().to_string();
    assert!(error.contains("content.tar.zst is not there"), "{error}");
    fs::write(place.archive(), good).unwrap();
    restore(&place.shelf, &place.volumes, &nobody()).unwrap();
}

#[test]
fn an_archive_that_leads_out_of_the_volume_is_refused() {
    let place = place();
    for (name, target) in [("../out", None), ("/out", None), ("link/out", Some("/tmp"))] {
        let mut tar = Vec::new();
        let mut entry = |name: &str, target: Option<&str>| {
            let mut head = tar::Header::new_gnu();
            head.set_size(0);
            head.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            if let Some(target) = target {
                head.set_entry_type(tar::EntryType::Symlink);
                head.set_link_name(target).expect("a target");
            }
            head.set_cksum();
            tar.extend_from_slice(head.as_bytes());
        };
        if target.is_some() {
            entry("link", target);
        }
        entry(name, None);
        tar.extend_from_slice(&[0; 1024]);
        let into = place.root.join("into");
        fs::create_dir(&into).unwrap();
        let error =
            super::unpack::unpack(&RealDisk, &tar[..], into.as_std_path(), 512).unwrap_err();
        assert!(matches!(error, super::unpack::UnpackError::Damaged(_)), "{name}: {error}");
        fs::remove_dir_all(into).unwrap();
    }
}

#[test]
fn a_snapshot_of_something_else_is_refused() {
    let place = place();
    let error = restore(&place.shelf, &place.volumes, &nobody()).unwrap_err();
    assert!(matches!(error, RestoreError::None(_)), "{error}");
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    let other = Sees { stack: stack("other_example_org"), ..nobody() };
    let error = restore(&place.shelf, &place.volumes, &other).unwrap_err();
    assert!(matches!(error, RestoreError::OtherStack { .. }), "{error}");
    let more =
        [place.volumes[0].clone(), Volume { name: "db".to_owned(), path: place.root.clone() }];
    let error = restore(&place.shelf, &more, &nobody()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the snapshot holds the volumes `content`, and `content`, `db` were given: create or name the same"
    );
    for (bad, why) in
        [(vec![], "no volumes"), (vec![more[0].clone(), more[0].clone()], "each once")]
    {
        let error = take(&bad, &place.shelf, &nobody()).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let evil = Volume { name: "../x".to_owned(), path: place.root.clone() };
    assert!(matches!(take(&[evil], &place.shelf, &nobody()), Err(TakeError::Name(_))));
    let gone = Volume { name: "gone".to_owned(), path: place.root.join("gone") };
    let error = take(&[gone], &place.shelf, &nobody()).unwrap_err().to_string();
    assert_eq!(error, format!("cannot look at {}/gone", place.root));
    assert!(verify(&place.shelf).is_ok(), "the old one is as it was");
}

#[test]
fn only_the_last_snapshot_is_kept_and_other_files_stay() {
    let place = place();
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    fs::write(place.root.join("warm/app/canonical.json"), "{}").unwrap();
    place.put("new", b"");
    take(&place.volumes, &place.shelf, &nobody()).unwrap();
    let names = RealDisk.list(Path::new(place.root.join("warm/app").as_str())).unwrap();
    assert_eq!(names, ["canonical.json", "data-2", "snapshot.json"]);
}
