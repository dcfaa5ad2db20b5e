//! The suite's own steps between the app's making and its first deploy.

use rstest::rstest;

use super::fake::{Act, Played, Scene};
use crate::cause::{Cause, CauseClass};
use crate::event::Happened;
use crate::secret::Secret;
use crate::suite::StepsRan;
use crate::tier::{Status, Tier};

fn scene(steps: StepsRan) -> Scene {
    let mut scene = Scene::all_well();
    scene.install_steps = Some("prepare");
    scene.steps = steps;
    scene
}

fn logged(played: &Played) -> Vec<String> {
    let mut logged = Vec::new();
    for event in &played.events {
        if let Happened::LogsGathered { service, lines } = &event.what {
            logged.extend(lines.iter().map(|line| format!("{service}: {line}")));
        }
    }
    logged
}

#[tokio::test(start_paused = true)]
async fn they_are_done_once_after_the_app_is_made_and_before_it_is_deployed() {
    let lines = vec!["made the key hunter22".to_owned()];
    let secrets = vec![Secret::new("hunter22".to_owned())];
    let played = scene(StepsRan { lines, secrets, trouble: None }).play().await;
    let calls = played.calls();
    let at = |wanted: &str| calls.iter().position(|c| c.starts_with(wanted)).unwrap();
    assert!(at("create") < at("install_steps") && at("install_steps") < at("place"), "{calls:?}");
    assert_eq!(played.counts["install_steps"], 1);
    assert!(calls.contains(&"install_steps prepare 600s"), "{calls:?}");
    let names: Vec<_> = played.checks(Tier::Install).into_iter().map(|(n, ..)| n).collect();
    assert_eq!(names[..3], ["created", "install_steps", "placed"]);
    // What they keep secret is hidden before what they said is told.
    assert_eq!(logged(&played), ["install_steps: made the key <redacted>"]);
}

#[tokio::test(start_paused = true)]
async fn steps_that_fail_are_the_suites_and_nothing_is_deployed() {
    let cause = Cause::new(CauseClass::Suite, "install_steps.sh ended with exit status: 3");
    let lines = vec!["last words".to_owned()];
    let played = scene(StepsRan { lines, secrets: Vec::new(), trouble: Some(cause.clone()) });
    let played = played.play().await;
    assert_eq!(played.tier(Tier::Install).0, Status::Fail);
    assert_eq!(played.tier(Tier::Install).1, Some(cause));
    assert_eq!(logged(&played), ["install_steps: last words"]);
    assert!(!played.counts.contains_key("deploy") && played.counts.contains_key("undeploy"));
}

#[rstest]
#[case(Act::Fail(CauseClass::Harness, "not playable in virtual time"), CauseClass::Harness)]
#[case(Act::Hang, CauseClass::Host)]
#[tokio::test(start_paused = true)]
async fn steps_that_could_not_be_run_are_nobodys_verdict(
    #[case] act: Act,
    #[case] class: CauseClass,
) {
    let played = scene(StepsRan::default()).on("install_steps", 1, act).play().await;
    let (status, cause, _) = played.tier(Tier::Install);
    assert_eq!((status, cause.unwrap().class), (Status::Unver, class));
}
