//! Ready probes and apps without a route: what is asked when, and whose fault it is called.

use std::time::Duration;

use super::Reach;
use super::fake::{Played, Scene, answer};
use crate::cause::CauseClass;
use crate::event::Happened;
use crate::name::RecipeName;
use crate::observation::TaskState;
use crate::plan::Planned;
use crate::platform::ConnectError;
use crate::suite::Settings;
use crate::tier::{Status, Tier};

fn recipe() -> RecipeName {
    RecipeName::try_from("mumble".to_owned()).expect("a recipe's name")
}

fn scene(ready: &str) -> Scene {
    let mut scene = Scene::all_well();
    scene.settings = Settings::parse(&recipe(), ready).unwrap();
    scene
}

/// A run of the install tier alone.
fn install(ready: &str) -> Scene {
    [Tier::Upgrade, Tier::Backup, Tier::Restore, Tier::Custom]
        .into_iter()
        .fold(scene(ready), |scene, tier| scene.without(tier, Planned::Unproven))
}

const PORT: &str = "[[ready]]\ntcp = '{domain}:7'\n";
const PAGE: &str = "[[ready]]\nhttp = 'https://docs-{domain}/up'\n";

fn closed(port: u16) -> ConnectError {
    ConnectError::Refused { port, reason: "connection refused".to_owned() }
}

fn ended(played: &Played) -> (String, Status, CauseClass, String) {
    let (status, cause, _) = played.tier(Tier::Install);
    let cause = cause.expect("there is a cause");
    let (name, ..) = played.checks(Tier::Install).pop().unwrap();
    (name, status, cause.class, cause.evidence)
}

fn statuses(played: &Played) -> Vec<String> {
    let mut heard = Vec::new();
    for event in &played.events {
        if let Happened::StatusChanged { status, .. } = &event.what {
            heard.push(status.clone());
        }
    }
    heard
}

#[tokio::test(start_paused = true)]
async fn a_port_must_hold_three_connections_in_a_row_with_time_between_them() {
    // The second one is refused: the port changes hands.
    let dial = |nth, port| if nth == 2 { Err(closed(port)) } else { Ok(()) };
    let played = install(PORT).connects(dial).play().await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    assert_eq!(played.counts["connect"], 5);
    let name = "ready probe tcp cust-123456.example.org:7";
    let refused = format!("{name}: nothing holds a connection to port 7: connection refused");
    let of = |n| format!("{name}: {n} of 3 connections in a row");
    assert_eq!(statuses(&played), [of(1), refused, of(1), of(2)]);
    assert!(played.time_of("check install") >= Duration::from_millis(750));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_leaves_convergence_begins_its_connections_anew() {
    let played = install(PORT)
        .shows(|look, seen| {
            if look == 3 {
                seen.services[0].tasks[0].state = TaskState::Starting;
            }
        })
        .play()
        .await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    // The one before counts no more.
    assert_eq!(played.counts["connect"], 4);
}

#[tokio::test(start_paused = true)]
async fn a_port_that_stays_closed_is_the_apps_when_the_time_for_an_answer_is_over() {
    let played = install(PORT).connects(|_, port| Err(closed(port))).play().await;
    let (name, status, class, evidence) = ended(&played);
    assert_eq!((name.as_str(), status, class), ("answered", Status::Fail, CauseClass::App));
    assert!(evidence.starts_with("no right answer within 300s: ready probe tcp"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn a_port_that_nothing_publishes_is_the_recipes_at_once() {
    let dial = |_, port| Err(ConnectError::not_published(port, &[443]));
    let played = install(PORT).connects(dial).play().await;
    let (name, status, class, evidence) = ended(&played);
    assert_eq!((name.as_str(), status, class), ("answered", Status::Fail, CauseClass::Recipe));
    assert!(evidence.contains("what is published is 443"), "{evidence}");
    assert_eq!(played.time_of("undeploy 90s"), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_cannot_be_asked_is_no_verdict() {
    let reason = || "no route".to_owned();
    let dial = move |_, port| Err(ConnectError::Unreachable { port, reason: reason() });
    let (_, status, class, _) = ended(&install(PORT).connects(dial).play().await);
    assert_eq!((status, class), (Status::Unver, CauseClass::Host));
}

#[tokio::test(start_paused = true)]
async fn a_page_is_asked_of_its_own_host_after_the_health_path_and_must_answer_200() {
    let played = install(PAGE)
        .answers(|n| Ok(answer(if n % 2 == 0 && n < 5 { 302 } else { 200 }, "hello")))
        .play()
        .await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    assert_eq!(played.counts["get"], 6);
    let page = "get https://docs-cust-123456.example.org/up 10s";
    assert!(played.calls().contains(&page), "{:?}", played.calls());
    let status = "ready probe https://docs-cust-123456.example.org/up: expected one of [200], seen";
    assert!(statuses(&played)[0].starts_with(status), "{:?}", statuses(&played));
}

#[tokio::test(start_paused = true)]
async fn probes_are_asked_at_install_upgrade_and_restore() {
    let played = scene(PORT).play().await;
    assert_eq!(played.tier(Tier::Restore).0, Status::Pass);
    // Each wait has its own three: install, upgrade, before the backup, before and after the restore.
    assert_eq!(played.counts["connect"], 15);
}

#[tokio::test(start_paused = true)]
async fn a_probe_of_a_compose_file_that_only_head_has_is_asked_from_the_upgrade_on() {
    let mut scene = scene(&format!("{PORT}when-compose-file = 'compose.host-ports.yml'\n"));
    scene.reach[1].compose_files.push("compose.host-ports.yml".to_owned());
    let played = scene.play().await;
    let calls = played.calls();
    let at = |wanted: &str| calls.iter().position(|c| c.starts_with(wanted)).unwrap();
    assert!(at("connect 7") > at("check install"), "{calls:?}");
    assert_eq!(played.counts["connect"], 12);
}

fn unrouted() -> Reach {
    Reach { routed: false, ..Reach::default() }
}

#[tokio::test(start_paused = true)]
async fn an_app_without_a_route_is_not_asked_for_http_and_its_checks_are_told() {
    let mut scene = install(PORT);
    scene.reach = [unrouted(), unrouted()];
    let played = scene.play().await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    assert!(!played.counts.contains_key("get"));
    assert!(played.files.iter().all(|(file, _)| !file.routed));
    assert!(played.notes()[0].contains("ready probe {domain}:7"), "{:?}", played.notes());
}

#[tokio::test(start_paused = true)]
async fn an_app_that_nothing_shows_to_serve_is_never_made() {
    let mut scene = install("");
    scene.reach = [unrouted(), unrouted()];
    let played = scene.play().await;
    let (name, status, class, evidence) = ended(&played);
    assert_eq!((name.as_str(), status, class), ("can_be_seen", Status::Fail, CauseClass::Suite));
    assert!(evidence.contains("add a probe to recipe.toml"), "{evidence}");
    assert!(!played.counts.contains_key("create"));
}

#[tokio::test(start_paused = true)]
async fn a_head_that_lost_its_route_is_the_recipes_fault() {
    let mut scene = scene(PORT);
    scene.reach[1] = unrouted();
    let played = scene.play().await;
    let (status, cause, _) = played.tier(Tier::Upgrade);
    assert_eq!((status, cause.unwrap().class), (Status::Fail, CauseClass::Recipe));
    assert_eq!(played.counts["deploy"], 1);
}
