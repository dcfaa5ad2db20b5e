use camino::Utf8PathBuf;
use harness_core::name::RecipeName;
use harness_core::process::{Cmd, Deadline};
use harness_core::tier::Tier;
use rstest::rstest;
use tempfile::TempDir;

use super::*;
use crate::settings::Given;

/// A catalogue with one recipe, and a fork of it whose owner moved a release and opened a pull request.
struct World {
    _temp: TempDir,
    root: Utf8PathBuf,
    base: BaseEnv,
}

impl World {
    async fn new() -> Self {
        let temp = TempDir::new().expect("a temporary folder");
        let root = Utf8PathBuf::from_path_buf(temp.path().to_owned()).expect("UTF-8");
        let world = Self { _temp: temp, root, base: BaseEnv::capture() };
        world.catalogue().await;
        world.fork().await;
        world
    }

    /// `first` is an annotated release, `second` a lightweight one, `topic` a branch, `main` is one ahead.
    async fn catalogue(&self) {
        let at = "catalogue/ghost";
        std::fs::create_dir_all(self.root.join(at)).expect("a folder in a temporary one");
        self.git(at, &["init", "--quiet", "--initial-branch=main"]).await;
        self.commit(at, "first").await;
        self.git(at, &["tag", "--annotate", "--message=r", "1.9.0+1"]).await;
        self.commit(at, "second").await;
        self.git(at, &["tag", "1.10.0+1"]).await;
        self.git(at, &["checkout", "--quiet", "-b", "topic"]).await;
        self.commit(at, "topic").await;
        self.git(at, &["checkout", "--quiet", "main"]).await;
        self.commit(at, "main").await;
    }

    async fn fork(&self) {
        let at = "forge/me/ghost";
        std::fs::create_dir_all(self.root.join("forge/me")).expect("a folder in a temporary one");
        self.git("", &["clone", "--quiet", "catalogue/ghost", at]).await;
        self.commit(at, "theirs").await;
        self.git(at, &["update-ref", "refs/pull/12/head", "HEAD"]).await;
        self.git(at, &["tag", "--force", "1.10.0+1"]).await;
    }

    async fn commit(&self, at: &str, message: &str) {
        self.git(at, &["commit", "--quiet", "--allow-empty", "--message", message]).await;
    }

    async fn git(&self, at: &str, args: &[&str]) -> String {
        let limit = Deadline::after(Duration::from_secs(30));
        let identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"];
        let cmd = Cmd::new("git", &self.base, limit)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .cwd(self.root.join(at))
            .args(identity)
            .args(args);
        cmd.run().await.expect("git can do it").stdout.trim().to_owned()
    }

    /// Opens what the words ask for: `source=path`, `ref=topic`.
    async fn open(&self, words: &str) -> Result<(String, Source), SourceError> {
        let asked = |name: &str| {
            words.split_whitespace().find_map(|w| w.strip_prefix(name)?.strip_prefix('='))
        };
        let path = self.root.join("catalogue/ghost");
        let target = Target {
            recipe: RecipeName::try_from("ghost".to_owned()).expect("a recipe's name"),
            source: asked("source").map(|kind| match kind {
                "path" => SourceKind::Path(path),
                _ => SourceKind::Catalogue,
            }),
            src: asked("src").map(str::to_owned),
            pr: asked("pr").map(|number| number.parse().expect("a number")),
            reference: asked("ref").map(str::to_owned),
            version: asked("version").map(|v| Version::try_from(v.to_owned()).expect("a version")),
            stages: Tier::USUAL.to_vec(),
        };
        target.validate().expect("the target fits together");
        let given = Given { state_dir: Some(self.root.join("state")), ..Given::default() };
        let mut settings = Settings::resolve(given, &self.base, None).expect("there is no file");
        settings.catalogue.value = format!("{}/catalogue/", self.root);
        settings.forge.value = format!("{}/forge/", self.root);
        let source = open(&target, &settings, &self.root.join("clone"), &self.base).await?;
        let message = ["log", "-1", "--format=%s", source.head.as_str()];
        Ok((self.git("clone", &message).await, source))
    }
}

#[rstest]
// What is checked out; a branch; tags of both kinds; a release by its version.
#[case("source=path", "main")]
#[case("source=path ref=topic", "topic")]
#[case("source=path ref=origin/topic", "topic")]
#[case("source=path ref=1.9.0+1", "first")]
#[case("source=path ref=1.10.0+1", "second")]
#[case("source=path version=1.9.0+1", "first")]
#[case("source=path version=1.10.0+1", "second")]
// As an operator would get it: the newest release, by number and not by text.
#[case("source=catalogue", "second")]
#[case("source=catalogue version=1.9.0+1", "first")]
// A pull request: a branch is the fork's own, also where the catalogue has one of that name.
#[case("src=me/ghost ref=main", "theirs")]
#[case("src=me/ghost pr=12 ref=main", "theirs")]
#[case("src=me/ghost ref=topic", "")]
#[tokio::test]
async fn what_is_asked_for_leads_to_a_commit(#[case] words: &str, #[case] message: &str) {
    let world = World::new().await;
    match world.open(words).await {
        Ok((found, source)) => {
            assert_eq!(found, message);
            // Whoever opens a pull request does not move a release.
            let second = world.git("catalogue/ghost", &["rev-parse", "1.10.0+1"]).await;
            let tag = source.tags.iter().find(|t| t.name == "1.10.0+1").unwrap();
            assert_eq!((tag.commit.as_str(), tag.annotated), (second.as_str(), false));
        }
        // The fork was cloned before the branch was made there.
        Err(error) => assert!(message.is_empty(), "{error}"),
    }
}

#[tokio::test]
async fn what_is_not_there_is_refused_with_what_is() {
    let world = World::new().await;
    let error = world.open("source=path ref=mian").await.unwrap_err().to_string();
    assert!(error.contains("`mian` is no branch, tag or commit") && error.contains("`main`"));
}

#[tokio::test]
async fn a_release_that_is_not_there_is_refused_with_those_that_are() {
    let world = World::new().await;
    let error = world.open("source=path version=9.9.9+1").await.unwrap_err().to_string();
    assert!(error.contains("no release 9.9.9+1") && error.contains("1.9.0+1, 1.10.0+1"), "{error}");
}

#[test]
fn only_commit_ids_mean_the_same_in_every_repository() {
    assert!(is_commit("eb96de94") && is_commit(&"a".repeat(40)));
    for name in ["main", "v1", "abc", "feature/deadbeef", &"a".repeat(41)] {
        assert!(!is_commit(name), "{name}");
    }
}
