//! What becomes of a run whose recipe needs others.

use std::time::Duration;

use serde_json::json;

use crate::cause::CauseClass;
use crate::event::Stop;
use crate::report::RunVerdict;
use crate::run_file::{Phase, TrialLine};
use crate::suite::Template;
use crate::tier::{Status, Tier};

use super::fake::{Act, Played, Scene, done};

const PROVIDED: [&str; 2] = ["provide", "client_id"];

fn fact() -> Vec<TrialLine> {
    let (key, value) = (PROVIDED[1].to_owned(), json!("blog"));
    vec![TrialLine::Fact { key, value }, done(PROVIDED[0], Status::Pass, None)]
}

fn scene() -> Scene {
    Scene::all_well().needing("b", &[], &[Tier::Custom]).says(Phase::Provide, Tier::Install, fact())
}

fn place_of(played: &Played, call: &str) -> usize {
    played.calls().iter().position(|c| c.starts_with(call)).unwrap_or_else(|| panic!("{call}"))
}

fn cause(played: &Played) -> (RunVerdict, Option<CauseClass>, String) {
    let results = played.results();
    let cause = results.cause;
    let evidence = cause.as_ref().map(|c| c.evidence.clone()).unwrap_or_default();
    (results.verdict, cause.map(|c| c.class), evidence)
}

#[tokio::test(start_paused = true)]
async fn a_dependency_is_up_and_provides_before_the_app_is_made_and_goes_after_it() {
    let mut scene = scene();
    let text = "{dep.b.domain} {dep.b.client_id}";
    scene.settings.env.set("ID".to_owned().try_into().unwrap(), Template::parse(text).unwrap());
    let played = scene.play().await;
    assert_eq!(cause(&played).0, RunVerdict::Pass, "{:?}", cause(&played));
    let places = ["b.create", "b.deploy", "provide install", "create", "undeploy", "b.undeploy"];
    let places = places.map(|call| place_of(&played, call));
    assert!(places.is_sorted(), "{places:?} {:?}", played.calls());
    let created = played.calls()[places[3]].to_owned();
    assert!(created.ends_with("ID=b-123456.example.org blog"), "{created}");
    let results = played.results();
    assert_eq!((results.deploys.planned, results.deploys.done), (2, 2));
    let dependency = &results.dependencies[0];
    assert!(dependency.ready && dependency.domain == "b-123456.example.org");
    let steps: Vec<_> = played.teardown().iter().map(|(name, _)| name.to_string()).collect();
    assert!(steps.contains(&"b: undeploy".to_owned()), "{steps:?}");
    let (check, _) = played.files.iter().find(|(f, _)| f.phase == Phase::Check).unwrap();
    assert_eq!(check.deps.values().next().unwrap().facts["client_id"], json!("blog"));
    let (provide, _) = played.files.iter().find(|(f, _)| f.phase == Phase::Provide).unwrap();
    assert_eq!(provide.consumer.as_ref().unwrap().app, check.app);
}

#[tokio::test(start_paused = true)]
async fn those_that_do_not_need_each_other_come_up_side_by_side() {
    let slow = || Act::Take(Duration::from_secs(30));
    let scene = Scene::all_well()
        .needing("b", &[], &[])
        .needing("c", &[], &[])
        .needing("d", &["b", "c"], &[])
        .on("b.deploy", 0, slow())
        .on("c.deploy", 0, slow());
    let played = scene.play().await;
    let (b, c, d) =
        (played.time_of("b.create 5.0.0+1 120s"), "c.create 5.0.0+1 120s", "d.create 5.0.0+1 120s");
    assert_eq!(b, played.time_of(c));
    let waited = played.time_of(d) - b;
    assert!(waited >= Duration::from_secs(30) && waited < Duration::from_secs(50), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_come_up_is_never_green_and_is_not_the_recipes_fault() {
    let scene = scene().on("b.deploy", 0, Act::Fail(CauseClass::Recipe, "no such thing"));
    let played = scene.play().await;
    let (verdict, class, evidence) = cause(&played);
    assert_eq!((verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    assert!(evidence.contains("dependency b is not there: deployed"), "{evidence}");
    assert_eq!(played.tier(Tier::Install).0, Status::Pass, "what needs nothing is judged");
    assert!(played.calls().iter().any(|call| call.starts_with("b.undeploy")));
    assert!(!played.results().dependencies[0].ready);
}

#[tokio::test(start_paused = true)]
async fn what_fails_without_its_dependency_is_not_verified() {
    let scene = scene().on("b.deploy", 0, Act::Fail(CauseClass::Registry, "no such image")).on(
        "deploy",
        0,
        Act::Fail(CauseClass::App, "it wants b"),
    );
    let played = scene.play().await;
    let (verdict, class, evidence) = cause(&played);
    assert_eq!((verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Registry)));
    assert!(evidence.contains("dependency b"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn one_that_is_lost_on_the_way_is_not_the_apps_fault() {
    let failed = vec![done("serves", Status::Fail, Some(CauseClass::App))];
    let red = scene().says(Phase::Check, Tier::Custom, failed.clone()).play().await;
    assert_eq!(cause(&red).0, RunVerdict::Fail, "it is there: the failure stands");
    let gone = || Act::Fail(CauseClass::Host, "connection refused");
    let scene = scene().says(Phase::Check, Tier::Custom, failed);
    let before = red.counts["b.get"];
    let played = scene.on("b.get", before, gone()).play().await;
    let (verdict, class, evidence) = cause(&played);
    assert_eq!((verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    assert!(evidence.contains("dependency b was lost meanwhile"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn what_fails_beside_one_that_hardly_answers_is_not_verified() {
    let failed = vec![done("serves", Status::Fail, Some(CauseClass::App))];
    let scene = || scene().says(Phase::Check, Tier::Custom, failed.clone());
    let before = scene().play().await.counts["b.get"];
    let of = async |seconds| {
        let slow = Act::Take(Duration::from_secs(seconds));
        cause(&scene().on("b.get", before, slow).play().await)
    };
    assert_eq!(of(1).await.0, RunVerdict::Fail, "it is there: the failure stands");
    let (verdict, class, evidence) = of(5).await;
    assert_eq!((verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    assert!(evidence.contains("lost meanwhile: it took 5.0s for an answer"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn a_check_that_is_skipped_though_its_dependency_is_there_fails() {
    let skipped = vec![done("serves", Status::Skip, None)];
    let played = scene().says(Phase::Check, Tier::Custom, skipped.clone()).play().await;
    let (verdict, class, evidence) = cause(&played);
    assert_eq!((verdict, class), (RunVerdict::Fail, Some(CauseClass::Suite)));
    assert!(evidence.contains("b was deployed for it"), "{evidence}");
    let other = scene().says(Phase::Check, Tier::Backup, skipped).play().await;
    assert_ne!(cause(&other).0, RunVerdict::Fail, "nothing was deployed for that one");
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_provides_nothing_leaves_no_dependency() {
    let failed = vec![done("provide", Status::Fail, Some(CauseClass::App))];
    let played = scene().says(Phase::Provide, Tier::Install, failed).play().await;
    let (verdict, class, evidence) = cause(&played);
    assert_eq!((verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    assert!(evidence.contains("provide saw something"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn what_a_stopped_run_began_of_a_dependency_is_removed() {
    let played = scene().on("b.deploy", 0, Act::StopAndHang(Stop::Terminate)).play().await;
    assert!(played.calls().iter().any(|call| call.starts_with("b.remove_data")));
    assert!(!played.calls().iter().any(|call| call.starts_with("create")));
}
