//! What becomes of a run whose dependency is kept warm.

use crate::cause::CauseClass;
use crate::event::Stop;
use crate::report::RunVerdict;
use crate::run_file::Phase;
use crate::tier::{Status, Tier};

use super::fake::{Act, Played, Scene, done};

fn scene() -> Scene {
    Scene::all_well().needing("b", &[], &[Tier::Custom]).warm()
}

fn is_made(played: &Played, call: &str) -> bool {
    played.calls().iter().any(|c| c.starts_with(call))
}

fn clean(played: &Played) -> bool {
    played.results().flags.clean_teardown
}

#[tokio::test(start_paused = true)]
async fn one_that_works_is_attached_to_and_stays_without_what_it_provided() {
    let played = scene().play().await;
    let results = played.results();
    assert_eq!((results.verdict, clean(&played)), (RunVerdict::Pass, true), "{:?}", results.cause);
    assert_eq!((results.deploys.planned, results.deploys.done), (1, 1));
    let dep = &results.dependencies[0];
    assert!(dep.ready && dep.warm && dep.domain == "warm-b.example.org", "{dep:?}");
    assert!(!is_made(&played, "b."), "{:?}", played.calls());
    assert!(!is_made(&played, "warm-b.undeploy") && !is_made(&played, "warm-b.remove_data"));
    let order = ["works install", "provide install", "create", "undeploy", "take back install"];
    let at = order.map(|call| played.calls().iter().position(|c| c.starts_with(call)).unwrap());
    assert!(at.is_sorted(), "{:?}", played.calls());
    for phase in [Phase::Works, Phase::Provide, Phase::TakeBack] {
        let (file, _) = played.files.iter().find(|(f, _)| f.phase == phase).unwrap();
        assert_eq!(file.app.domain.as_str(), "warm-b.example.org");
        assert_eq!(file.consumer.as_ref().unwrap().app.domain.as_str(), "cust-123456.example.org");
    }
    let (check, _) = played.files.iter().find(|(f, _)| f.phase == Phase::Check).unwrap();
    assert!(check.deps.values().all(|dep| dep.warm));
}

#[tokio::test(start_paused = true)]
async fn one_that_does_not_work_is_left_alone_and_another_is_deployed() {
    let host = || Act::Fail(CauseClass::Host, "connection refused");
    let refused = vec![done("works", Status::Fail, Some(CauseClass::App))];
    for (scene, why) in [
        (scene().on("warm-b.get", 0, host()), "connection refused"),
        (scene().on("warm-b.observe", 0, host()), "connection refused"),
        (scene().says(Phase::Works, Tier::Install, refused), "works saw something"),
    ] {
        let played = scene.play().await;
        let results = played.results();
        assert_eq!((results.verdict, clean(&played)), (RunVerdict::Pass, true), "{why}");
        assert_eq!((results.deploys.planned, results.deploys.done), (2, 2));
        let dep = &results.dependencies[0];
        assert!(dep.ready && !dep.warm && dep.domain == "b-123456.example.org", "{dep:?}");
        let note = played.notes().iter().any(|n| n.contains("kept warm as") && n.contains(why));
        assert!(note, "{:?}", played.notes());
        assert!(is_made(&played, "b.undeploy") && !is_made(&played, "take back"), "{why}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_dies_in_the_middle_is_the_hosts_fault() {
    let failed = vec![done("serves", Status::Fail, Some(CauseClass::App))];
    let red = scene().says(Phase::Check, Tier::Custom, failed.clone()).play().await;
    assert_eq!(red.results().verdict, RunVerdict::Fail, "it is there: the failure stands");
    // Its last answer is the one that is asked for when the tier has failed.
    let (scene, last) =
        (scene().says(Phase::Check, Tier::Custom, failed), red.counts["warm-b.get"]);
    let gone = Act::Fail(CauseClass::Host, "connection refused");
    let played = scene.on("warm-b.get", last, gone).play().await;
    let cause = played.results().cause.unwrap();
    assert_eq!(played.results().verdict, RunVerdict::NotVerified);
    assert_eq!(cause.class, CauseClass::Host);
    assert!(cause.evidence.contains("dependency b was lost meanwhile"), "{cause:?}");
    assert!(!is_made(&played, "b."), "nothing is deployed in its place: {:?}", played.calls());
    assert!(is_made(&played, "take back"));
}

#[tokio::test(start_paused = true)]
async fn one_that_provides_nothing_is_the_hosts_fault_and_what_it_began_is_taken_back() {
    let failed = vec![done("provide", Status::Fail, Some(CauseClass::App))];
    let played = scene().says(Phase::Provide, Tier::Install, failed).play().await;
    assert_eq!(played.results().verdict, RunVerdict::NotVerified);
    assert_eq!(played.results().cause.unwrap().class, CauseClass::Host);
    assert!(is_made(&played, "take back") && clean(&played));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_taken_back_is_not_clean() {
    let failed = vec![done("take_back", Status::Fail, Some(CauseClass::Host))];
    let played = scene().says(Phase::TakeBack, Tier::Install, failed).play().await;
    assert!(!clean(&played));
    let step = played.teardown().into_iter().find(|(name, _)| *name == "b: take back").unwrap();
    assert!(step.1.unwrap().contains("take_back saw something"), "{step:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_it_is_provided_for_takes_it_back() {
    let stopped = scene().on("provide install", 0, Act::StopAndHang(Stop::Terminate)).play().await;
    assert!(is_made(&stopped, "take back") && clean(&stopped), "{:?}", stopped.calls());
    assert!(!is_made(&stopped, "create"));
    let before = scene().on("warm-b.get", 0, Act::StopAndHang(Stop::Terminate)).play().await;
    assert!(!is_made(&before, "take back"), "nothing was made at it");
}
