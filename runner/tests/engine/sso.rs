//! Runs that sign people in by a real Keycloak: one that is kept warm and is shared, and ones of their own that do not come
//! up, or die. `cargo xtask test --real sso` keeps one warm for them.

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use harness_core::wait::{Hint, Pace, Readiness, until};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use runner::lease::{Attempt, FileLeases, Leases as _};
use serde_json::{Value, json};

use super::Work;
use super::killed::send;
use super::world::{Ended, World, docker, ended};

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![
        ("real::sso::two_share_a_warm_one_and_one_is_killed".to_owned(), two_share),
        ("real::sso::a_cold_one_that_never_comes_up_is_the_hosts".to_owned(), never_up),
        ("real::sso::a_cold_one_that_dies_in_the_custom_tier_is_the_hosts".to_owned(), dies),
        ("real::sso::what_it_gives_is_in_no_artefact".to_owned(), planted),
    ]
}

const RECIPE: &str = "oidc-page";

/// A run of the page with a head of its own, so that its domain is.
struct Run<'a> {
    world: &'a World,
    id: &'static str,
    clone: Utf8PathBuf,
}

impl<'a> Run<'a> {
    fn of(world: &'a World, id: &'static str) -> Result<Self, Failed> {
        let clone = world.own_clone(RECIPE)?;
        // Two heads that differ in nothing but their message have one name each all the same.
        let own = world.dir.join(id);
        std::fs::rename(&clone, &own)?;
        world.commit(&own, id)?;
        Ok(Self { world, id, clone: own })
    }

    fn dir(&self) -> Utf8PathBuf {
        self.world.dir.join("runs").join(self.id)
    }

    async fn ends(&self, more: &[&str]) -> Result<Ended, Failed> {
        let out = self.world.dir.join("runs");
        let run = ["run", "--platform", "swarm", "--recipe", RECIPE, "--run-id", self.id];
        let places = ["--source", self.clone.as_str(), "--out", out.as_str()];
        let cmd = self.world.cc_ci(&[&run[..], &places[..], more].concat());
        Ok(ended(&cmd.env("CCCI_LOG", "debug").output().await?, &self.dir()))
    }
}

/// Returns the realms of the Keycloak that is kept warm, as its own administration says them.
fn realms(world: &World) -> Result<Vec<String>, Failed> {
    let filter = "label=com.docker.swarm.service.name=warm-keycloak_ccci_test_app";
    let ids = world.tool(docker(), &["ps", "--quiet", "--filter", filter])?;
    let id = ids.lines().next().ok_or("no Keycloak is kept warm: `cc-ci warm up keycloak`")?;
    let script = "set -e
        kcadm=/opt/keycloak/bin/kcadm.sh
        $kcadm config credentials --config /tmp/kcadm --server http://127.0.0.1:8080 --realm master \
            --user admin --password \"$(cat /run/secrets/admin_password)\" >/dev/null 2>&1
        $kcadm get realms --config /tmp/kcadm --fields realm";
    let said = world.tool(docker(), &["exec", id, "bash", "-c", script])?;
    let said: Value = serde_json::from_str(&said)?;
    let names = said.as_array().into_iter().flatten().filter_map(|realm| realm["realm"].as_str());
    Ok(names.map(str::to_owned).collect())
}

/// Waits until a line of a run's event log has all of these.
fn wait_for(world: &World, dir: &Utf8Path, parts: &[&str]) -> Result<(), Failed> {
    let log = dir.join("events.jsonl");
    let look = async || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        if text.lines().any(|line| parts.iter().all(|part| line.contains(part))) {
            Readiness::Ready(())
        } else {
            Readiness::NotYet(format!("{parts:?}"))
        }
    };
    let pace = Pace {
        quick: std::time::Duration::from_millis(20),
        slow: std::time::Duration::from_millis(20),
        limit: std::time::Duration::from_secs(300),
    };
    Ok(world.block_on(until(pace, &Hint::default(), look, |_| {}))?)
}

/// Waits until nobody holds the lease of a run's app.
fn free(world: &World, dir: &Utf8Path) -> Result<(), Failed> {
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(dir.join("plan.json"))?)?;
    let domain = plan["app"]["domain"].as_str().unwrap_or_default();
    let domain = Domain::try_from(domain.to_owned())?;
    let leases = FileLeases::new(&world.state_dir());
    let look = async || match leases.try_take(&domain, false) {
        Ok(Attempt::Taken(_)) => Readiness::Ready(()),
        Ok(Attempt::Held) | Err(_) => Readiness::NotYet("it lives".to_owned()),
    };
    let pace = Pace::within(std::time::Duration::from_secs(20));
    Ok(world.block_on(until(pace, &Hint::default(), look, |_| {}))?)
}

/// Two runs have a realm each. One is killed; what is collected is its realm, and the other goes on to green, and is kept
/// with its own.
fn two_share(world: &World) -> Result<(), Failed> {
    assert_eq!(realms(world)?, ["master"], "nobody else is at it");
    let (killed, other) = (Run::of(world, "sso-killed")?, Run::of(world, "sso-other")?);
    let (first, second, seen) = std::thread::scope(|scope| {
        let first = scope.spawn(|| world.block_on(killed.ends(&[])));
        let second = scope.spawn(|| world.block_on(other.ends(&["--keep", "always"])));
        let seen = scope.spawn(|| {
            wait_for(world, &killed.dir(), &["tier-finished", "install"])?;
            wait_for(world, &other.dir(), &["dependency-seen"])?;
            let both = realms(world)?.len();
            send(&killed.dir(), Signal::SIGKILL, world)?;
            // It is dead when its lock is free.
            free(world, &killed.dir())?;
            let collected = world.block_on(world.cc_ci(&["gc"]).output())?;
            Ok::<_, Failed>((both, collected.stdout, realms(world)?.len()))
        });
        (first.join(), second.join(), seen.join())
    });
    let panicked = |_| Failed::from("a thread panicked");
    let (both, collected, left) = seen.map_err(panicked)??;
    assert_eq!((both, left), (3, 2), "{collected}");
    assert!(
        collected.contains("of run sso-killed") && collected.contains("kept warm: "),
        "{collected}"
    );
    assert_eq!(first.map_err(panicked)??.code, None, "it was killed");
    let ended = second.map_err(panicked)??;
    ended.exits_with(0)?;
    ended.says("/level", &json!(5))?;
    ended.says("/deploys", &json!({"planned": 1, "done": 1}))?;
    ended.says("/dependencies/0/warm", &json!(true))?;
    // It is kept, so its realm is; it goes with it.
    assert_eq!(realms(world)?.len(), 2);
    let collected = world.block_on(world.cc_ci(&["gc", "--kept", other.id]).output())?;
    assert!(collected.stdout.contains("removed: "), "{}", collected.stdout);
    assert_eq!(realms(world)?, ["master"]);
    world.nothing_is_left_of(&killed.dir())?;
    world.nothing_is_left_of(&other.dir())
}

/// Checks that the run is nobody's verdict, for the Keycloak's sake.
fn is_the_hosts(ended: &Ended, why: &str) -> Result<(), Failed> {
    ended.exits_with(3)?;
    ended.says("/verdict", &json!("not-verified"))?;
    ended.says("/cause/class", &json!("host"))?;
    let evidence = ended.results.as_ref().and_then(|r| r["cause"]["evidence"].as_str());
    let evidence = evidence.unwrap_or_default();
    if !evidence.contains(why) {
        return Err(format!("expected {why} in: {evidence}").into());
    }
    ended.says("/results/install", &json!("pass"))?;
    ended.says("/census/left_behind", &json!([]))
}

/// The page is up long before a Keycloak can be: the time that is enough for it is none for a JVM.
fn never_up(world: &World) -> Result<(), Failed> {
    let run = Run::of(world, "sso-never-up")?;
    let ended = world.block_on(run.ends(&["--cold", "--deploy-timeout", "12s"]))?;
    is_the_hosts(&ended, "dependency keycloak is not there")?;
    ended.says("/results/custom", &json!("unver"))?;
    world.nothing_is_left_of(&run.dir())
}

/// The Keycloak is ended while people sign in, for good.
fn dies(world: &World) -> Result<(), Failed> {
    let run = Run::of(world, "sso-dies")?;
    let (output, seen) = std::thread::scope(|scope| {
        let seen = scope.spawn(|| {
            wait_for(world, &run.dir(), &["tier-finished", "\"upgrade\""])?;
            let plan = std::fs::read_to_string(run.dir().join("plan.json"))?;
            let plan: Value = serde_json::from_str(&plan)?;
            let stack =
                plan["deps"][0]["app"]["stack"].as_str().ok_or("no dependency is planned")?;
            // At once, and for good.
            let service = format!("label=com.docker.swarm.service.name={stack}_app");
            let ids = world.tool(docker(), &["ps", "--quiet", "--filter", &service])?;
            world.tool(docker(), &["kill", ids.trim()])?;
            let scaled = format!("{stack}_app=0");
            world.tool(docker(), &["service", "scale", "--detach", &scaled])
        });
        (world.block_on(run.ends(&["--cold"])), seen.join())
    });
    seen.map_err(|_| "the thread that ends the Keycloak panicked")??;
    let ended = output?;
    is_the_hosts(&ended, "dependency keycloak was lost meanwhile")?;
    ended.says("/results/upgrade", &json!("pass"))?;
    ended.says("/results/custom", &json!("unver"))?;
    world.nothing_is_left_of(&run.dir())
}

/// The page prints its client's secret in its log, which is gathered as a check of it fails. What the run handed to its
/// checks is read from where it lies while it runs; all of it must be hidden in everything that stays, at the most talkative
/// level of the log too.
fn planted(world: &World) -> Result<(), Failed> {
    let run = Run::of(world, "sso-planted")?;
    let told = "    entrypoint: [\"sh\", \"-c\", \"echo told $$OIDC_CLIENT_SECRET; exec docker-entrypoint.sh\"]\n    secrets:\n      - session_key\n";
    world.edit(&run.clone, "compose.yml", "    secrets:\n      - session_key\n", told)?;
    world.edit(&run.clone, "compose.yml", "OIDC_STRANGERS=auth", "OIDC_STRANGERS=pass")?;
    let (output, secrets) = std::thread::scope(|scope| {
        let spy = scope.spawn(|| {
            wait_for(world, &run.dir(), &["tier-finished", "install"])?;
            secrets(&run.dir())
        });
        (world.block_on(run.ends(&[])), spy.join())
    });
    let secrets = secrets.map_err(|_| "the thread that reads the secrets panicked")??;
    let ended = output?;
    ended.exits_with(1)?;
    ended.says("/results/custom", &json!("fail"))?;
    let mut searched = 0;
    for secret in &secrets {
        assert!(secret.len() >= 8 && !ended.text.contains(secret), "a secret was printed");
        super::secrets::search(&run.dir(), secret, &mut searched)?;
    }
    let log = std::fs::read_to_string(run.dir().join("logs/app.log"))?;
    assert!(log.contains("told ") && !log.contains(secrets[0].as_str()), "it was told: {log}");
    assert!(searched >= 6 * secrets.len(), "only {searched} artefacts were searched");
    Ok(())
}

/// Returns what the provider gave, as the checks are handed it: the client's secret first.
fn secrets(dir: &Utf8Path) -> Result<Vec<String>, Failed> {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(dir.join("run.json"))?)?;
    let facts = &file["deps"]["keycloak"]["facts"];
    let of = |key: &str| {
        let text = facts[key].as_str().map(str::to_owned);
        text.ok_or_else(|| Failed::from(format!("nothing is provided as {key}")))
    };
    ["client_secret", "password", "disabled_password"].map(of).into_iter().collect()
}
