//! What is sent and kept, as git itself reads it.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline};

use super::git::{Commit, Object, Pack};

const BY: &str = "A <a@example.org> 1764000000 +0000";

/// A folder that git works in.
pub(super) struct Folder {
    _temp: tempfile::TempDir,
    pub(super) path: Utf8PathBuf,
}

impl Folder {
    pub(super) fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(temp.path().to_owned()).unwrap();
        Self { _temp: temp, path }
    }

    fn cmd(&self) -> Cmd {
        let cmd = Cmd::new("git", &BaseEnv::capture(), Deadline::after(Duration::from_secs(20)));
        let cmd = cmd.cwd(&self.path).env("GIT_CONFIG_GLOBAL", "/dev/null");
        cmd.args(["-c", "safe.directory=*", "-c", "user.name=A", "-c", "user.email=a@example.org"])
    }

    /// Runs git, which must end well; returns what it printed.
    pub(super) async fn git(&self, words: &[&str]) -> String {
        self.cmd().args(words.iter().copied()).run().await.unwrap().stdout
    }

    async fn with(&self, words: &[&str], said: Vec<u8>) -> String {
        self.cmd().args(words.iter().copied()).stdin(said).run().await.unwrap().stdout
    }
}

/// Returns the name of a commit with one file, and the pack that holds it.
fn packed(content: &str) -> (String, Pack) {
    let mut pack = Pack::default();
    let blob = pack.add(Object::blob(content.as_bytes()));
    let tree = pack.add(Object::tree(&BTreeMap::from([("marker.txt".to_owned(), blob)])));
    let commit =
        Commit { tree, parents: Vec::new(), by: BY.to_owned(), message: "first".to_owned() };
    (pack.add(commit.to_object()), pack)
}

#[tokio::test]
async fn git_takes_our_pack_and_knows_its_objects_by_the_same_names() {
    let (folder, (commit, pack)) = (Folder::new(), packed(&"long enough ".repeat(40)));
    folder.git(&["init", "--quiet", "--bare"]).await;
    folder.with(&["unpack-objects", "-q", "--strict"], pack.to_bytes()).await;
    folder.git(&["update-ref", "refs/heads/main", &commit]).await;
    folder.git(&["fsck", "--strict", "--full"]).await;
    let shown = folder.git(&["show", "refs/heads/main:marker.txt"]).await;
    assert_eq!(shown.trim_end(), "long enough ".repeat(40).trim_end());
    assert_eq!(Pack::read(&pack.to_bytes()), Ok(pack));
}

#[tokio::test]
async fn what_git_sends_as_a_difference_is_read() {
    let folder = Folder::new();
    folder.git(&["init", "--quiet", "--initial-branch=main"]).await;
    let text: String = (0..200).map(|n| format!("line {n} of {}\n", n * 7919)).collect();
    for (number, text) in [text.clone(), format!("{text}one more\n")].iter().enumerate() {
        std::fs::write(folder.path.join("long.txt"), text).unwrap();
        folder.git(&["add", "long.txt"]).await;
        folder.git(&["commit", "--quiet", "-m", &number.to_string()]).await;
    }
    let said = b"main\n".to_vec();
    let name = folder.with(&["pack-objects", "-q", "--revs", "sent"], said).await;
    let file = folder.path.join(format!("sent-{}.pack", name.trim()));
    let chains = folder.git(&["verify-pack", "-v", file.as_str()]).await;
    assert!(chains.contains("chain length = 1: "), "no difference was sent: {chains}");
    let pack = Pack::read(&std::fs::read(&file).unwrap()).unwrap();
    let newest = folder.git(&["rev-parse", "main:long.txt"]).await;
    let older = folder.git(&["rev-parse", "main~1:long.txt"]).await;
    let of = |id: &str| String::from_utf8(pack.0[id.trim()].content.clone()).unwrap();
    assert_eq!((of(&older), of(&newest)), (text.clone(), format!("{text}one more\n")));
}

#[test]
fn what_is_no_pack_is_refused() {
    let bytes = packed("a").1.to_bytes();
    let (mut changed, mut more) = (bytes.clone(), bytes.clone());
    changed[20] ^= 1;
    more.push(0);
    for bad in [&bytes[..bytes.len() / 2], &changed, &more, b"PACK", b"", b"<!doctype html>"] {
        assert!(Pack::read(bad).is_err(), "{bad:?}");
    }
}

/// Lays files down below a folder.
pub(super) fn lay(folder: &Utf8Path, files: &BTreeMap<String, Vec<u8>>) {
    for (path, bytes) in files {
        let at = folder.join(path);
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, bytes).unwrap();
    }
}
