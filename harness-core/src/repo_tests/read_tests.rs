//! Repositories that try to be read otherwise than as files of a commit.

use std::os::unix::fs::symlink;

use camino::Utf8PathBuf;
use tempfile::TempDir;

use super::*;
use crate::process::{BaseEnv, Cmd, Deadline};

struct Origin {
    _root: TempDir,
    dir: Utf8PathBuf,
    base: BaseEnv,
}

impl Origin {
    async fn new() -> Self {
        let root = TempDir::new().expect("a folder can be made");
        let dir = Utf8PathBuf::from_path_buf(root.path().join("origin")).expect("UTF-8");
        let base = BaseEnv::capture().with("HOME", root.path());
        std::fs::create_dir_all(dir.join("tests")).expect("a folder can be made");
        let origin = Self { _root: root, dir, base };
        origin.git(&["init", "--quiet"]).await;
        origin
    }

    async fn git(&self, args: &[&str]) -> String {
        let limit = Deadline::after(std::time::Duration::from_secs(30));
        let cmd = Cmd::new("git", &self.base, limit).cwd(self.dir.clone());
        let cmd = cmd.args(["-c", "user.name=T", "-c", "user.email=t@example.org"]).args(args);
        cmd.run().await.expect("git does it").stdout.trim().to_owned()
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.dir.join(path), text).expect("a file can be written");
    }

    async fn read(&self, is_approved: bool) -> RepoTests {
        self.git(&["add", "--all"]).await;
        self.git(&["commit", "--quiet", "--allow-empty", "--message=c"]).await;
        let id = self.git(&["rev-parse", "HEAD"]).await;
        let commit = Commit::try_from(id).expect("a commit");
        let repository = Repository::at(&self.dir, &self.base);
        repository.repo_tests(&commit, is_approved).await.expect("git can read it")
    }
}

#[tokio::test]
async fn what_is_committed_is_read_and_what_lies_in_the_work_tree_is_not() {
    let origin = Origin::new().await;
    origin.write("tests/b.hurl", "GET {{base_url}}\nHTTP 200\n");
    origin.write("tests/a.hurl", "GET {{base_url}}/ä\nHTTP 200\n");
    origin.read(false).await;
    origin.write("tests/b.hurl", "changed");
    origin.write("tests/late.hurl", "not committed");
    let commit = Commit::try_from(origin.git(&["rev-parse", "HEAD"]).await).unwrap();
    let read = Repository::at(&origin.dir, &origin.base).repo_tests(&commit, false).await.unwrap();
    let paths: Vec<_> = read.run.iter().map(|t| t.path.as_str()).collect();
    assert_eq!(paths, ["tests/a.hurl", "tests/b.hurl"]);
    assert_eq!(read.run[0].text, "GET {{base_url}}/ä\nHTTP 200\n");
    assert!(read.run[1].text.ends_with("HTTP 200\n") && read.not_run.is_empty());
}

#[tokio::test]
async fn no_symbolic_link_is_followed() {
    let origin = Origin::new().await;
    let dir = origin.dir.as_std_path();
    symlink("/etc/passwd", dir.join("tests/passwd.hurl")).unwrap();
    symlink("../../../../../etc/shadow", dir.join("tests/up.hurl")).unwrap();
    let read = origin.read(true).await;
    assert!(read.run.is_empty());
    let said = read.lines().join("\n");
    assert_eq!(said.matches("it is a symbolic link").count(), 2, "{said}");
}

#[tokio::test]
async fn a_tests_folder_that_is_a_link_or_is_not_there_is_none() {
    let origin = Origin::new().await;
    assert_eq!(origin.read(true).await, RepoTests::default());
    std::fs::remove_dir(origin.dir.join("tests")).unwrap();
    symlink("/etc", origin.dir.as_std_path().join("tests")).unwrap();
    let read = origin.read(true).await;
    assert!(read.run.is_empty());
    assert_eq!(
        read.lines(),
        ["tests is not run: it is a symbolic link: put the file itself there"]
    );
}

#[tokio::test]
async fn a_folder_with_far_too_much_in_it_is_bounded() {
    let origin = Origin::new().await;
    origin.write("tests/00-big.hurl", &"# x\n".repeat(100_000));
    for n in 0..300 {
        origin.write(&format!("tests/{n:03}.hurl"), "GET {{base_url}}\nHTTP 200\n");
    }
    let read = origin.read(false).await;
    assert_eq!(read.run.len(), 64);
    let said = read.lines().join("\n");
    assert!(said.contains("00-big.hurl is not run: it is longer than"), "{said}");
    assert!(said.contains("217 more things in there are not run either"), "{said}");
}

#[tokio::test]
async fn scripts_are_read_for_approved_recipes_only() {
    let origin = Origin::new().await;
    origin.write("tests/check.sh", "#!/bin/sh\ntrue\n");
    let read = origin.read(false).await;
    assert!(read.run.is_empty() && read.lines()[0].contains("repo-local-approved.txt"));
    assert_eq!(origin.read(true).await.run[0].name, "script_check");
}
