//! Census, and removal down to nothing.

use std::time::Duration;

use bollard::models::{ConfigSpec, ContainerCreateBody, HostConfig, SecretSpec};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use camino::Utf8Path;
use harness_abra::engine::{RemoveError, STACK_LABEL, Stacks, Stopping};
use harness_core::census::{Census, Kind};
use serde_json::json;

use crate::world::{IMAGE, World, service};

const LIMIT: Duration = Duration::from_secs(30);

async fn census(world: &World) -> Census {
    let mut stacks = Stacks::new();
    stacks.add(world.stack().as_str());
    world.engine.census(Utf8Path::new("/nonexistent"), stacks).await.unwrap()
}

async fn full_stack(world: &World) {
    world.volume("data").await;
    let network = json!({"Name": world.full("internal"), "Driver": "overlay", "Labels": {STACK_LABEL: world.stack()}});
    world.docker.create_network(serde_json::from_value(network).unwrap()).await.unwrap();
    let name = Some(world.full("db_password_v1"));
    let data = Some("aHVudGVyMjI=".to_owned());
    let secret = SecretSpec { name, data: data.clone(), ..Default::default() };
    world.docker.create_secret(secret).await.unwrap();
    let config = ConfigSpec { name: Some(world.full("conf_v1")), data, ..Default::default() };
    world.docker.create_config(config).await.unwrap();
    let mounts = json!([{"Type": "volume", "Source": world.full("data"), "Target": "/data"}]);
    let task = json!({
        "ContainerSpec": {"Mounts": mounts},
        "Networks": [{"Target": world.full("internal")}],
    });
    let route = json!({"Labels": {"traefik.http.routers.mini.rule": "Host(`a`)"}});
    world.service("app", task, route).await;
    world.converge(&["app"], 60).await.unwrap();
}

async fn holder(world: &World, name: &str, stack: Option<&str>) -> String {
    let labels = stack.map(|s| [(STACK_LABEL.to_owned(), s.to_owned())].into());
    let host = HostConfig {
        binds: Some(vec![format!("{}:/x", world.full("data"))]),
        ..Default::default()
    };
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        labels,
        host_config: Some(host),
        ..Default::default()
    };
    let options = CreateContainerOptionsBuilder::new().name(name).build();
    world.docker.create_container(Some(options), body).await.unwrap();
    world.docker.start_container(name, None).await.unwrap();
    name.to_owned()
}

#[tokio::test]
async fn everything_of_a_stack_is_counted_and_nothing_of_it_is_left() {
    World::run("00cc01", async |world| {
        let before = census(world).await;
        full_stack(world).await;
        let stack = world.stack().as_str();
        let made = census(world).await.left_behind_since(&before, stack);
        let kinds: Vec<Kind> = made.iter().map(|i| i.kind).collect();
        for kind in [
            Kind::Service,
            Kind::Task,
            Kind::Container,
            Kind::Network,
            Kind::Volume,
            Kind::Secret,
            Kind::Config,
            Kind::Route,
        ] {
            assert!(kinds.contains(&kind), "{kind:?} is missing in {made:?}");
        }
        let began = tokio::time::Instant::now();
        world.engine.remove_running(world.stack(), Stopping::Gently, LIMIT).await.unwrap();
        let gone_after = began.elapsed();
        let left = census(world).await.left_behind_since(&before, stack);
        let kinds: Vec<Kind> = left.iter().map(|i| i.kind).collect();
        assert_eq!(kinds, [Kind::Volume, Kind::Secret, Kind::Config], "{left:?}");
        assert!(gone_after < Duration::from_secs(5), "gone after {gone_after:?}");
        assert_eq!(world.engine.remove_kept(world.stack(), LIMIT).await.unwrap(), []);
        let after = census(world).await;
        assert_eq!(after.left_behind_since(&before, stack), []);
        world.engine.remove_running(world.stack(), Stopping::Gently, LIMIT).await.unwrap();
        world.engine.remove_kept(world.stack(), LIMIT).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_stray_container_that_holds_a_volume_is_removed_and_named() {
    World::run("00cc02", async |world| {
        full_stack(world).await;
        let stray = holder(world, "habr-stray", None).await;
        world.engine.remove_running(world.stack(), Stopping::AtOnce, LIMIT).await.unwrap();
        let removed = world.engine.remove_kept(world.stack(), LIMIT).await.unwrap();
        assert_eq!(removed.len(), 1);
        assert_eq!(removed[0].name, stray);
        assert_eq!(removed[0].volumes, [world.full("data")]);
        assert!(world.docker.inspect_volume(&world.full("data")).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_container_of_another_stack_is_never_removed() {
    World::run("00cc03", async |world| {
        world.volume("data").await;
        let neighbor = holder(world, "habr-neighbor", Some("another")).await;
        let error = world.engine.remove_kept(world.stack(), LIMIT).await.unwrap_err();
        let still_there = world.docker.inspect_container(&neighbor, None).await.is_ok();
        let options = RemoveContainerOptionsBuilder::new().force(true).build();
        world.docker.remove_container(&neighbor, Some(options)).await.unwrap();
        assert!(still_there);
        assert!(matches!(error, RemoveError::Held { .. }), "{error}");
        assert!(error.to_string().contains("of another"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn one_service_is_pruned_and_the_others_stay() {
    World::run("00cc04", async |world| {
        world.service("app", json!({}), json!({})).await;
        world.service("sidecar", json!({}), json!({})).await;
        world.converge(&["app", "sidecar"], 60).await.unwrap();
        world.engine.remove_service(world.stack(), &service("sidecar"), LIMIT).await.unwrap();
        world.engine.remove_service(world.stack(), &service("sidecar"), LIMIT).await.unwrap();
        let seen = world.engine.observe(world.stack()).await.unwrap();
        assert_eq!(seen.services.len(), 1);
        world.converge(&["app"], 5).await.unwrap();
    })
    .await;
}
