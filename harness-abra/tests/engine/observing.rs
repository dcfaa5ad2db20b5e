//! Observation, convergence and hints.

use std::time::Duration;

use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{CreateContainerOptionsBuilder, UpdateServiceOptionsBuilder};
use harness_abra::engine::{STACK_LABEL, Watch};
use harness_core::cause::CauseClass;
use harness_core::converge::{Before, decide};
use harness_core::observation::{TaskState, UpdatePhase};
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};
use serde_json::json;
use tokio::time::Instant;

use crate::world::{IMAGE, World, service};

#[tokio::test]
async fn a_healthy_service_converges_and_an_observation_is_quick() {
    World::run("00aa01", async |world| {
        let probe =
            json!({"Test": ["CMD", "curl", "-f", "http://localhost/"], "Interval": 1_000_000_000});
        world.service("app", json!({"ContainerSpec": {"HealthCheck": probe}}), json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        let seen = world.engine.observe(world.stack()).await.unwrap();
        let task = &seen.service(&service("app")).unwrap().tasks[0];
        assert!(task.is_current && task.should_run && task.state == TaskState::Running);
        let mut times = Vec::new();
        for _ in 0..20 {
            let began = Instant::now();
            world.engine.observe(world.stack()).await.unwrap();
            times.push(began.elapsed());
        }
        times.sort();
        assert!(
            times[10] < Duration::from_millis(15),
            "half of the observations took {:?}",
            times[10]
        );
    })
    .await;
}

#[tokio::test]
async fn a_crash_loop_is_hopeless_and_its_log_is_there() {
    World::run("00aa02", async |world| {
        let command = json!(["sh", "-c", "echo no such table; exit 3"]);
        let restart = json!({"Condition": "any", "Delay": 200_000_000});
        let task = json!({"ContainerSpec": {"Command": command}, "RestartPolicy": restart});
        world.service("app", task, json!({})).await;
        let look = async || {
            let seen = world.engine.observe(world.stack()).await.unwrap();
            match decide(&seen, &[service("app")], &Before::nothing()) {
                // For a moment, between two crashes.
                Readiness::Ready(()) => Readiness::NotYet("running".to_owned()),
                other @ (Readiness::NotYet(_) | Readiness::Hopeless(_)) => other,
            }
        };
        let pace = Pace::within(Duration::from_secs(60));
        let error = until(pace, &Hint::default(), look, |_| {}).await.unwrap_err();
        let WaitError::Hopeless(cause) = error else { panic!("{error}") };
        assert_eq!(cause.class, CauseClass::App);
        assert!(cause.evidence.contains("exit code 3"), "{cause}");
        let log = world.engine.logs(world.stack(), &service("app"), 20).await.unwrap();
        assert!(log.len() >= 3 && log.iter().all(|l| l == "no such table"), "{log:?}");
        let short = world.engine.logs(world.stack(), &service("app"), 2).await.unwrap();
        assert_eq!(short.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn an_update_is_seen_from_its_beginning_to_its_end() {
    World::run("00aa03", async |world| {
        world.service("app", json!({}), json!({})).await;
        world.converge(&["app"], 60).await.unwrap();
        let before = world.engine.observe(world.stack()).await.unwrap();
        let name = world.full("app");
        let old = world.docker.inspect_service(&name, None).await.unwrap();
        let mut spec = old.spec.unwrap();
        let template = spec.task_template.as_mut().unwrap();
        template.container_spec.as_mut().unwrap().env = Some(vec!["NEW=1".to_owned()]);
        let version = i32::try_from(old.version.unwrap().index.unwrap()).unwrap();
        let options = UpdateServiceOptionsBuilder::new().version(version).build();
        world.docker.update_service(&name, spec, options, None).await.unwrap();
        let at_once = world.engine.observe(world.stack()).await.unwrap();
        let names = [service("app")];
        let before = Before::from_observation(&before);
        assert!(matches!(decide(&at_once, &names, &before), Readiness::NotYet(_)));
        let mut phases = Vec::new();
        let look = async || {
            let seen = world.engine.observe(world.stack()).await.unwrap();
            phases.extend(seen.services[0].update.as_ref().map(|u| u.phase));
            decide(&seen, &names, &before)
        };
        let pace = Pace::within(Duration::from_secs(60));
        until(pace, &Hint::default(), look, |_| {}).await.unwrap();
        assert_eq!(phases.first(), Some(&UpdatePhase::Updating));
        assert_eq!(phases.last(), Some(&UpdatePhase::Completed));
        let after = world.engine.observe(world.stack()).await.unwrap();
        assert_eq!(after.services[0].tasks.iter().filter(|t| t.is_current).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_hint_comes_within_milliseconds_of_the_change() {
    World::run("00aa04", async |world| {
        let labels = [(STACK_LABEL.to_owned(), world.stack().to_string())].into();
        let body = ContainerCreateBody {
            image: Some(IMAGE.to_owned()),
            labels: Some(labels),
            ..Default::default()
        };
        let name = world.full("hint");
        let options = CreateContainerOptionsBuilder::new().name(&name).build();
        world.docker.create_container(Some(options), body).await.unwrap();
        let watch = Watch::begin(&world.engine);
        watch.mind(world.stack().as_str());
        // The stream has to be open before something happens.
        let opened = Pace::within(Duration::from_millis(600));
        drop(
            until(
                opened,
                &Hint::default(),
                async || Readiness::<()>::NotYet(String::new()),
                |_| {},
            )
            .await,
        );
        let mut times = Vec::new();
        for _ in 0..10 {
            times.push(noticed(world, &watch, &name).await);
        }
        times.sort();
        assert!(times[5] < Duration::from_millis(50), "half of the hints took {:?}", times[5]);
        assert!(times[9] < Duration::from_millis(300), "the slowest hint took {:?}", times[9]);
    })
    .await;
}

/// Returns how long after a container was renamed the next look was made.
async fn noticed(world: &World, watch: &Watch, name: &str) -> Duration {
    let slow = Duration::from_secs(10);
    let pace = Pace { quick: slow, slow, limit: slow };
    let renamed = tokio::sync::OnceCell::new();
    let look = async || {
        renamed
            .get()
            .map_or(Readiness::NotYet(String::new()), |at: &Instant| Readiness::Ready(at.elapsed()))
    };
    let change = async {
        tokio::task::yield_now().await;
        let other = format!("{name}2");
        world
            .docker
            .rename_container(
                name,
                bollard::query_parameters::RenameContainerOptionsBuilder::new()
                    .name(&other)
                    .build(),
            )
            .await
            .unwrap();
        renamed.set(Instant::now()).unwrap();
        world
            .docker
            .rename_container(
                &other,
                bollard::query_parameters::RenameContainerOptionsBuilder::new().name(name).build(),
            )
            .await
            .unwrap();
    };
    tokio::join!(until(pace, watch.hint(), look, |_| {}), change).0.unwrap()
}
