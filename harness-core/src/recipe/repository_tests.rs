use camino::Utf8PathBuf;
use rstest::rstest;
use tempfile::TempDir;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A repository with a branch, an annotated release, a lightweight one and a stray tag; the branch is one ahead.
pub(in crate::recipe) struct Origin {
    _root: TempDir,
    pub(in crate::recipe) dir: Utf8PathBuf,
    pub(in crate::recipe) base: BaseEnv,
}

impl Origin {
    pub(in crate::recipe) async fn new() -> Self {
        let root = TempDir::new().unwrap();
        let dir = Utf8PathBuf::from_path_buf(root.path().join("origin")).unwrap();
        let base = BaseEnv::capture().with("HOME", root.path());
        std::fs::create_dir(&dir).unwrap();
        let origin = Self { _root: root, dir, base };
        origin.git(&["init", "--quiet", "--initial-branch=main"]).await;
        origin
    }

    pub(in crate::recipe) async fn git(&self, args: &[&str]) -> String {
        let identity = [
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.org",
            "-c",
            "tag.gpgSign=false",
        ];
        let cmd = local(&self.dir, &self.base).args(identity).args(args);
        cmd.run().await.unwrap().stdout.trim().to_owned()
    }

    pub(in crate::recipe) async fn commit(&self, files: &[(&str, &str)]) -> Commit {
        for (path, text) in files {
            let path = self.dir.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        self.git(&["add", "--all"]).await;
        self.git(&["commit", "--quiet", "--allow-empty", "--message=change"]).await;
        Commit::try_from(self.git(&["rev-parse", "HEAD"]).await).unwrap()
    }

    pub(in crate::recipe) fn repository(&self) -> Repository {
        Repository::at(&self.dir, &self.base)
    }
}

#[tokio::test]
async fn tags_come_in_the_order_of_versions_with_their_commits() {
    let origin = Origin::new().await;
    let first = origin.commit(&[("a", "1")]).await;
    origin.git(&["tag", "--annotate", "--message=r", "0.10.0+1"]).await;
    origin.git(&["tag", "stray"]).await;
    let second = origin.commit(&[("a", "2")]).await;
    origin.git(&["tag", "0.9.0+3.14_alpine"]).await;
    origin.git(&["tag", "--annotate", "--message=t", "of-a-tree", "HEAD^{tree}"]).await;
    let tags = origin.repository().tags().await.unwrap();
    let seen: Vec<_> = tags.iter().map(|t| (t.name.as_str(), t.annotated, &t.commit)).collect();
    assert_eq!(
        seen,
        [
            ("stray", false, &first),
            ("0.9.0+3.14_alpine", false, &second),
            ("0.10.0+1", true, &first)
        ]
    );
    assert!(tags[0].version.is_none() && tags[1].version.is_some());
}

#[tokio::test]
async fn references_of_every_kind_lead_to_commits() {
    let origin = Origin::new().await;
    let first = origin.commit(&[("a", "1")]).await;
    origin.git(&["tag", "--annotate", "--message=r", "1.0.0+1"]).await;
    origin.git(&["branch", "topic/x"]).await;
    let second = origin.commit(&[("a", "2")]).await;
    let clone = origin.dir.with_file_name("clone");
    let repository =
        Repository::clone_from(origin.dir.as_str(), &clone, &origin.base, MINUTE).await.unwrap();
    for reference in ["1.0.0+1", "topic/x", "origin/topic/x", first.as_str(), first.short()] {
        assert_eq!(repository.resolve(reference).await.unwrap(), first, "{reference}");
    }
    assert_eq!(repository.resolve("main").await.unwrap(), second);
    assert_eq!(repository.head().await.unwrap(), second);
    repository.checkout(&first).await.unwrap();
    assert_eq!(repository.head().await.unwrap(), first);
    assert_eq!(repository.default_branch_tip().await.unwrap(), second);
    assert_eq!(std::fs::read_to_string(clone.join("a")).unwrap(), "1");
}

#[rstest]
#[case("1.0.1+1", "has `1.0.0+1`, ")]
#[case("mian", "has `main`, ")]
#[case("--all", "it has ")]
#[case("", "it has ")]
#[case("HEAD:a", "it has ")]
#[case("0000000000000000000000000000000000000000", "it has ")]
#[tokio::test]
async fn an_unknown_reference_is_answered_with_near_names(
    #[case] reference: &str,
    #[case] hint: &str,
) {
    let origin = Origin::new().await;
    origin.commit(&[("a", "1")]).await;
    origin.git(&["tag", "--annotate", "--message=r", "1.0.0+1"]).await;
    let error = origin.repository().resolve(reference).await.unwrap_err();
    assert!(error.to_string().contains(hint), "{error}");
}

#[tokio::test]
async fn a_checkout_overrules_what_lies_in_the_work_tree() {
    let origin = Origin::new().await;
    let first = origin.commit(&[("a", "1")]).await;
    origin.commit(&[("b", "2")]).await;
    let second = origin.repository().head().await.unwrap();
    let repository = origin.repository();
    repository.checkout(&first).await.unwrap();
    std::fs::write(origin.dir.join("b"), "in the way").unwrap();
    repository.checkout(&second).await.unwrap();
    assert_eq!(std::fs::read_to_string(origin.dir.join("b")).unwrap(), "2");
}

#[tokio::test]
async fn files_are_read_at_a_commit_not_in_the_work_tree() {
    let origin = Origin::new().await;
    let first = origin.commit(&[("a b", "1\n"), ("sub/ü", "no newline"), ("empty", "")]).await;
    origin.commit(&[("a b", "2\n")]).await;
    let repository = origin.repository();
    assert_eq!(repository.files_at(&first).await.unwrap(), ["a b", "empty", "sub/ü"]);
    let texts =
        repository.texts_at(&first, &["a b", "missing", "sub/ü", "sub", "empty"]).await.unwrap();
    let text = |t: &str| Some(t.to_owned());
    assert_eq!(texts, [text("1\n"), None, text("no newline"), None, text("")]);
    assert_eq!(repository.file_at(&first, "a b").await.unwrap(), text("1\n"));
}

#[tokio::test]
async fn fetching_brings_branches_and_moves_no_tag() {
    let origin = Origin::new().await;
    let other = Origin::new().await;
    let ours = origin.commit(&[("a", "1")]).await;
    origin.git(&["tag", "--annotate", "--message=r", "1.0.0+1"]).await;
    let theirs = other.commit(&[("a", "2")]).await;
    other.git(&["tag", "--annotate", "--message=r", "1.0.0+1"]).await;
    other.git(&["tag", "--annotate", "--message=r", "2.0.0+1"]).await;
    let repository = origin.repository();
    repository
        .fetch_from(other.dir.as_str(), &["main:refs/remotes/origin/pr"], MINUTE)
        .await
        .unwrap();
    assert_eq!(repository.resolve("pr").await.unwrap(), theirs);
    assert_eq!(repository.resolve("1.0.0+1").await.unwrap(), ours);
    assert!(repository.resolve("2.0.0+1").await.is_err());
}

#[tokio::test]
async fn a_folder_inside_another_clone_is_no_clone() {
    let origin = Origin::new().await;
    origin.commit(&[("sub/a", "1")]).await;
    let inside = Repository::at(&origin.dir.join("sub"), &origin.base);
    assert!(matches!(inside.tags().await, Err(GitError::Failed { .. })));
    let nowhere = Repository::at(&origin.dir.join("nowhere"), &origin.base);
    assert!(matches!(nowhere.tags().await, Err(GitError::Failed { .. })));
}

#[tokio::test]
async fn a_clone_that_fails_names_its_source_without_the_password() {
    let origin = Origin::new().await;
    let source = "file://me:hunter22@localhost/nowhere.git";
    let error = Repository::clone_from(source, &origin.dir.join("x"), &origin.base, MINUTE)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("file://localhost/nowhere.git"), "{error}");
    assert!(!format!("{error:?}").contains("hunter22"), "{error:?}");
    let no_path = BaseEnv::default().with("PATH", "/nowhere");
    let error =
        Repository::clone_from(source, &origin.dir.join("x"), &no_path, MINUTE).await.unwrap_err();
    assert!(matches!(error, CloneError::GitMissing(_)), "{error}");
}

#[test]
fn a_password_in_a_url_is_not_shown() {
    assert_eq!(without_credentials("https://me:pw@example.org/x.git"), "https://example.org/x.git");
    for source in ["/tmp/x", "https://example.org/a@b.git", "git@example.org:x.git"] {
        assert_eq!(without_credentials(source), source);
    }
}
