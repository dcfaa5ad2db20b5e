use super::*;

struct Fixture {
    _temp: tempfile::TempDir,
    abra: AbraDir,
    dir: Utf8PathBuf,
    base: BaseEnv,
}

async fn git(base: &BaseEnv, dir: &camino::Utf8Path, args: &[&str]) {
    let identity =
        ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
    let cmd = Cmd::new("git", base, Deadline::after(Duration::from_secs(20)))
        .cwd(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    cmd.args(identity).args(args.iter().copied()).run().await.unwrap();
}

impl Fixture {
    async fn new() -> Self {
        let temp = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::try_from(temp.path().to_owned()).unwrap();
        let base = BaseEnv::capture();
        let dir = root.join("recipes/r");
        std::fs::create_dir_all(&dir).unwrap();
        git(&base, &dir, &["init", "--quiet"]).await;
        for (number, tag) in ["1.0.0+1", "1.10.0+1", "1.9.0+1"].iter().enumerate() {
            std::fs::write(dir.join("compose.yml"), format!("# {number}\n")).unwrap();
            git(&base, &dir, &["add", "."]).await;
            git(&base, &dir, &["commit", "--quiet", "-m", tag]).await;
            git(&base, &dir, &["tag", "-a", tag, "-m", tag]).await;
        }
        Self { _temp: temp, abra: AbraDir::new(root), dir, base }
    }

    async fn checkout(&self) -> Checkout {
        let recipe = RecipeName::try_from("r".to_owned()).unwrap();
        Checkout::present(&self.abra, &recipe, &self.base, true).await.unwrap()
    }
}

#[tokio::test]
async fn an_untracked_file_makes_the_tree_dirty_and_plain_commands_refuse() {
    let fixture = Fixture::new().await;
    let checkout = fixture.checkout().await;
    checkout.clean_and_current(true).await.unwrap();
    std::fs::write(fixture.dir.join("notes"), "x").unwrap();
    let error = checkout.clean_and_current(true).await.unwrap_err();
    assert!(error.to_string().contains("has locally unstaged changes"), "{error}");
}

#[tokio::test]
async fn the_newest_release_is_by_number_and_can_be_checked_out() {
    let fixture = Fixture::new().await;
    let checkout = fixture.checkout().await;
    let tags = checkout.tags().await.unwrap();
    let newest = newest(&tags).unwrap().clone();
    assert_eq!(newest.to_string(), "1.10.0+1");
    checkout.move_to(&Choice::Release(newest)).await.unwrap();
    assert_eq!(std::fs::read_to_string(fixture.dir.join("compose.yml")).unwrap(), "# 1\n");
    assert!(matches!(checkout.resolve("9.9.9+9").await, Err(CheckoutError::NoVersion { .. })));
}

#[tokio::test]
async fn a_recipe_that_is_not_there_is_not_fetched_offline() {
    let fixture = Fixture::new().await;
    let other = RecipeName::try_from("other".to_owned()).unwrap();
    let missing = Checkout::present(&fixture.abra, &other, &fixture.base, true).await;
    assert!(matches!(missing, Err(CheckoutError::Offline { .. })));
}

#[tokio::test]
async fn an_origin_that_is_gone_ends_a_plain_command_but_not_an_offline_one() {
    let fixture = Fixture::new().await;
    git(&fixture.base, &fixture.dir, &["remote", "add", "origin", "/nowhere/at/all"]).await;
    let checkout = fixture.checkout().await;
    assert!(matches!(checkout.clean_and_current(false).await, Err(CheckoutError::Fetch { .. })));
    checkout.clean_and_current(true).await.unwrap();
}
