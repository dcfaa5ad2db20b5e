//! The whole platform, with the abra that was built beside these tests.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_abra::{ConnectError, Limits, Swarm, SwarmSettings};
use harness_core::cause::CauseClass;
use harness_core::converge::{Before, decide};
use harness_core::http::wait_for_http;
use harness_core::lint::LintStatus;
use harness_core::observation::Observation;
use harness_core::platform::{App, Platform, Revision};
use harness_core::process::BaseEnv;
use harness_core::suite::Laid;
use harness_core::wait::{Pace, until};

use crate::recipe::{Recipe, recipe};
use crate::world::{DOCKER_HOST, World, is_asked_for, service};

const LIMIT: Duration = Duration::from_secs(60);

/// Returns where the local server keeps what it made.
fn state() -> Utf8PathBuf {
    Utf8PathBuf::from("/var/lib/cc-ci")
}

fn built_abra() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/abra")
}

fn settings(dir: &Utf8Path, abra: &Utf8Path, recipe: &Recipe) -> SwarmSettings {
    SwarmSettings {
        docker_host: DOCKER_HOST.to_owned(),
        abra: abra.to_owned(),
        abra_home: dir.join("home"),
        run_dir: dir.join("run"),
        https: "127.0.0.1:18443".parse().unwrap(),
        ca: Some(state().join("server/ca.pem")),
        server: "default".to_owned(),
        base_env: BaseEnv::capture(),
        repository: recipe.repository.clone(),
        laid: Laid::default(),
        others: std::collections::BTreeMap::new(),
        domains: Vec::new(),
        limits: Limits::default(),
    }
}

async fn converged(swarm: &Swarm, app: &App, before: &Before) -> Observation {
    let look = async || {
        let seen = swarm.observe(app).await.unwrap();
        decide(&seen, &[service("app")], before)
    };
    until(Pace::within(LIMIT), swarm.hint(), look, |_| {}).await.unwrap();
    swarm.observe(app).await.unwrap()
}

fn label(seen: &Observation, app: &App, name: &str) -> String {
    let label = format!("coop-cloud.{}.{name}", app.stack);
    seen.services[0].labels.get(&label).cloned().unwrap_or_default()
}

#[tokio::test]
async fn a_recipe_goes_through_all_verbs_and_leaves_nothing() {
    if !built_abra().exists() {
        // The whole workspace was not built: `cargo xtask test` builds it first.
        assert!(!is_asked_for(), "{} is not built: `cargo build -p harness-local`", built_abra());
        return;
    }
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    World::run("00dd01", async |world| {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let recipe = recipe(dir, &BaseEnv::capture(), None).await;
        let swarm = Swarm::connect(settings(dir, &built_abra(), &recipe)).await.unwrap();
        let app = &world.app;
        let before = swarm.census().await.unwrap();

        let report = swarm.lint(app, &recipe.head, LIMIT).await.unwrap();
        assert_eq!(report.status, LintStatus::Pass, "{report:?}");
        assert!(!dir.join("run/lint").exists());
        up(&swarm, app, &recipe.base).await;
        let first = converged(&swarm, app, &Before::nothing()).await;
        assert_eq!(label(&first, app, "version"), "1.0.0+1.22.1");
        let ask = async || swarm.get(app, "/", Duration::from_secs(5)).await;
        wait_for_http(Pace::within(LIMIT), &[200], ask, |_| {}).await.unwrap();

        swarm.place(app, &recipe.head, &[]).await.unwrap();
        swarm.deploy(app, &recipe.head, LIMIT).await.unwrap();
        let second = converged(&swarm, app, &Before::from_observation(&first)).await;
        let stamp = label(&second, app, "chaos-version");
        assert!(recipe.head.commit.is_stamped_by(&stamp), "{stamp}");
        assert_eq!(second.services[0].image, "nginx:1.26.3");

        backed_up(&swarm, app, dir).await;
        down(&swarm, app).await;
        let after = swarm.census().await.unwrap();
        assert_eq!(after.left_behind_since(&before, app.stack.as_str()), []);
        assert!(!dir.join("run/abra").exists());
        down(&swarm, app).await;
    })
    .await;
}

#[tokio::test]
async fn a_release_that_needs_no_overlay_is_deployed_as_one_and_its_upgrade_carries_a_clean_stamp()
{
    if !built_abra().exists() {
        assert!(!is_asked_for(), "{} is not built", built_abra());
        return;
    }
    World::run("00dd04", async |world| {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let recipe = recipe(dir, &BaseEnv::capture(), Some("vip")).await;
        let swarm = Swarm::connect(settings(dir, &built_abra(), &recipe)).await.unwrap();
        let app = &world.app;
        swarm.create(app, &recipe.base, &[], LIMIT).await.unwrap();
        swarm.deploy(app, &recipe.base, LIMIT).await.unwrap();
        let first = converged(&swarm, app, &Before::nothing()).await;
        assert_eq!(label(&first, app, "chaos"), "false");
        assert_eq!(label(&first, app, "version"), "1.0.0+1.22.1");
        swarm.place(app, &recipe.head, &[]).await.unwrap();
        swarm.deploy(app, &recipe.head, LIMIT).await.unwrap();
        let second = converged(&swarm, app, &Before::from_observation(&first)).await;
        assert_eq!(label(&second, app, "chaos-version"), recipe.head.commit.short());
        down(&swarm, app).await;
    })
    .await;
}

async fn up(swarm: &Swarm, app: &App, at: &Revision) {
    let env = [("GREETING".to_owned(), "pa$$ #1".to_owned())];
    swarm.create(app, at, &env, LIMIT).await.unwrap();
    assert_eq!(swarm.secrets().len(), 1);
    assert_eq!(swarm.secrets()[0].expose().len(), 32);
    let again = swarm.create(app, at, &env, LIMIT).await.unwrap_err();
    assert!(again.cause.evidence.contains("already exists"), "{again}: {}", again.cause);
    swarm.place(app, at, &env).await.unwrap();
    assert_eq!(swarm.pull(app, LIMIT).await.unwrap(), Vec::<String>::new());
    swarm.deploy(app, at, LIMIT).await.unwrap();
}

async fn backed_up(swarm: &Swarm, app: &App, dir: &Utf8Path) {
    let snapshot = swarm.back_up(app, &dir.join("work"), LIMIT).await.unwrap();
    assert!(
        snapshot.paths.iter().any(|p| p.ends_with("_content/_data/index.html")),
        "{snapshot:?}"
    );
    assert_eq!(snapshot.hook_errors, Vec::<String>::new());
    assert!(snapshot.archive.as_ref().unwrap().exists());
    swarm.restore(app, &snapshot, LIMIT).await.unwrap();
}

async fn down(swarm: &Swarm, app: &App) {
    swarm.undeploy(app, LIMIT).await.unwrap();
    assert_eq!(swarm.remove_data(app, LIMIT).await.unwrap(), Vec::<String>::new());
    swarm.forget(app).await.unwrap();
}

#[tokio::test]
async fn an_abra_that_hangs_is_the_harness_fault_and_the_engine_takes_the_app_down() {
    World::run("00dd02", async |world| {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let recipe = recipe(dir, &BaseEnv::capture(), None).await;
        let abra = hanging_abra(dir);
        let swarm = Swarm::connect(settings(dir, &abra, &recipe)).await.unwrap();
        let limit = Duration::from_millis(400);
        let error = swarm.create(&world.app, &recipe.base, &[], limit).await.unwrap_err();
        assert_eq!(error.cause.class, CauseClass::Harness);
        assert!(error.cause.evidence.contains("abra hung in `app new`"), "{}", error.cause);
        world.service("app", serde_json::json!({}), serde_json::json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        std::fs::write(
            dir.join("home/servers/default").join(format!("{}.env", world.app.domain)),
            "TYPE=mini\n",
        )
        .unwrap();
        swarm.undeploy(&world.app, Duration::from_secs(8)).await.unwrap();
        assert!(world.engine.left_of(world.stack()).await.unwrap().is_nothing());
    })
    .await;
}

fn hanging_abra(dir: &Utf8Path) -> Utf8PathBuf {
    let path = dir.join("abra");
    let script = "#!/bin/sh\n[ \"$1\" = --version ] && echo 'abra version 0.13.0-beta' && exit 0\nexec sleep 600\n";
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[tokio::test]
async fn an_image_that_nobody_has_is_the_registrys_fault() {
    if !built_abra().exists() {
        assert!(!is_asked_for(), "{} is not built", built_abra());
        return;
    }
    World::run("00dd03", async |world| {
        let temp = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(temp.path()).unwrap();
        let recipe = recipe(dir, &BaseEnv::capture(), None).await;
        let swarm = Swarm::connect(settings(dir, &built_abra(), &recipe)).await.unwrap();
        let env = [("TAG".to_owned(), "0.0.0-nobody-has-this".to_owned())];
        swarm.create(&world.app, &recipe.base, &env, LIMIT).await.unwrap();
        let error = swarm.pull(&world.app, LIMIT).await.unwrap_err();
        assert_eq!(error.cause.class, CauseClass::Registry, "{}", error.cause);
        assert!(error.cause.evidence.contains("nginx:0.0.0-nobody-has-this"), "{}", error.cause);
    })
    .await;
}

#[tokio::test]
async fn each_thing_that_is_missing_is_named_with_the_next_step() {
    let temp = tempfile::tempdir().unwrap();
    let dir = Utf8Path::from_path(temp.path()).unwrap();
    let recipe = recipe(dir, &BaseEnv::capture(), None).await;
    let mut nowhere = settings(dir, Utf8Path::new("abra"), &recipe);
    nowhere.docker_host = format!("unix://{dir}/no.sock");
    let error = Swarm::connect(nowhere).await.unwrap_err();
    assert_eq!(error.class(), CauseClass::Host);
    assert!(harness_core::chain::Chain(&error).to_string().contains("does not answer"));
    if is_asked_for() {
        let missing = settings(dir, &dir.join("no-abra"), &recipe);
        let error = Swarm::connect(missing).await.unwrap_err();
        assert!(matches!(error, ConnectError::Abra(_)), "{error}");
        assert!(harness_core::chain::Chain(&error).to_string().contains("no-abra"));
    }
}
