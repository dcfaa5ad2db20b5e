//! Waiting for an app: what is noticed when, and whose fault it is called.

use std::time::Duration;

use rstest::rstest;

use super::fake::{Act, Played, Scene, answer};
use crate::cause::CauseClass;
use crate::converge::{Decided, sample};
use crate::event::Happened;
use crate::http::HttpError;
use crate::observation::{Observation, TaskState, UpdatePhase};
use crate::plan::Planned;
use crate::tier::{Status, Tier};

const DEPLOY: Duration = Duration::from_mins(10);
const HTTP: Duration = Duration::from_mins(5);

/// A run of the install tier alone: the shortest in which something is waited for.
fn install() -> Scene {
    [Tier::Upgrade, Tier::Backup, Tier::Restore, Tier::Custom]
        .into_iter()
        .fold(Scene::all_well(), |scene, tier| scene.without(tier, Planned::Unproven))
}

/// Returns the last check of the install tier, its class, its evidence and when its verdict was given.
fn verdict(played: &Played) -> (String, Status, CauseClass, String, Duration) {
    let (status, cause, _) = played.tier(Tier::Install);
    let cause = cause.expect("there is a cause");
    let (name, of_check, class) = played.checks(Tier::Install).pop().unwrap();
    assert_eq!((of_check, class), (status, Some(cause.class)));
    (name, status, cause.class, cause.evidence, played.time_of("undeploy 90s"))
}

fn starting(observation: &mut Observation, error: Option<&str>) {
    for service in &mut observation.services {
        service.tasks[0].state = TaskState::Pending;
        service.tasks[0].error = error.map(str::to_owned);
    }
}

fn about(time: Duration, expected: Duration) -> bool {
    time >= expected && time < expected + Duration::from_secs(1)
}

#[tokio::test(start_paused = true)]
async fn an_app_that_never_converges_is_red_when_its_time_is_over() {
    let played = install().shows(|_, seen| starting(seen, None)).play().await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Fail, CauseClass::App));
    assert_eq!(evidence, "did not converge within 600s: app: 0/1 pending");
    assert_eq!(time, DEPLOY);
    assert!(!played.calls().contains(&"get / 10s"));
}

#[tokio::test(start_paused = true)]
async fn an_app_for_which_the_host_is_too_small_is_the_hosts() {
    let full = "no suitable node (insufficient resources on 1 node)";
    let played = install().shows(move |_, seen| starting(seen, Some(full))).play().await;
    let (name, status, class, ..) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Unver, CauseClass::Host));
}

#[tokio::test(start_paused = true)]
async fn an_app_whose_port_another_run_has_is_the_hosts_and_says_where_to_look() {
    let taken = "no suitable node (host-mode port already in use on 1 node)";
    let played = install().shows(move |_, seen| starting(seen, Some(taken))).play().await;
    let (name, status, class, evidence, _) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Unver, CauseClass::Host));
    assert!(evidence.contains("`cc-ci gc` lists the runs"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn an_app_that_converges_at_the_last_moment_is_given_its_time_to_answer() {
    let refuse = || HttpError::Broken { url: "/".to_owned(), reason: "cut".to_owned() };
    let played = install()
        .shows(|look, seen| {
            if look < 2390 {
                starting(seen, None);
            }
        })
        .answers(move |n| if n < 1100 { Err(refuse()) } else { Ok(answer(200, "hello")) })
        .play()
        .await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    let time = played.time_of("check install");
    assert!(time > DEPLOY && time < DEPLOY + HTTP, "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_is_noticed_long_before_the_time_is_over() {
    let crashes = |_, seen: &mut Observation| {
        let now = seen.at;
        let crash =
            |i| crate::observation::Task { created: now, ..sample::task(TaskState::Failed, i) };
        seen.services[0].tasks = (0..3).map(crash).collect();
    };
    let mut scene = install().shows(crashes);
    scene.logs = vec!["no database".to_owned()];
    let played = scene.play().await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Fail, CauseClass::App));
    assert!(evidence.contains("keeps crashing"), "{evidence}");
    assert_eq!(time, Duration::ZERO);
    assert!(played.said(|e| matches!(e, Happened::LogsGathered { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_after_it_had_converged_is_still_no_convergence() {
    let played = install()
        .shows(|look, seen| {
            if look > 3 {
                let crash = |i| sample::task(TaskState::Failed, i);
                seen.services[0].tasks = (0..3).map(crash).collect();
            }
        })
        .answers(|_| Ok(answer(500, "not yet")))
        .play()
        .await;
    assert_eq!(verdict(&played).0, "converged");
}

#[tokio::test(start_paused = true)]
async fn an_app_that_leaves_convergence_again_has_not_answered() {
    let played = install()
        .shows(|look, seen| {
            if look > 3 {
                starting(seen, None);
            }
        })
        .answers(|_| Ok(answer(500, "not yet")))
        .play()
        .await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("answered", Status::Fail, CauseClass::App));
    assert!(evidence.contains("not ready after 900s"), "{evidence}");
    assert!(about(time, DEPLOY + HTTP), "{time:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_passes_is_none() {
    let played = install()
        .shows(|look, seen| {
            if (2..20).contains(&look) {
                seen.services[0].update = sample::update(UpdatePhase::Paused, 1);
            }
        })
        .play()
        .await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_lasts_is_red_after_ten_seconds() {
    let played = install()
        .shows(|_, seen| seen.services[0].update = sample::update(UpdatePhase::Paused, 1))
        .play()
        .await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Fail, CauseClass::Recipe));
    assert!(evidence.contains("was paused by Swarm"), "{evidence}");
    assert_eq!(time, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_is_paused_after_it_had_converged_is_no_answer() {
    let played = install()
        .shows(|look, seen| {
            if look > 3 {
                seen.services[0].update = sample::update(UpdatePhase::Paused, 1);
            }
        })
        .answers(|_| Ok(answer(500, "not yet")))
        .play()
        .await;
    assert_eq!(verdict(&played).0, "answered");
}

#[rstest]
#[case(
    500,
    "oops",
    CauseClass::App,
    "expected one of [200, 301, 302], seen status 500, 4 bytes: oops"
)]
#[case(404, "404 page not found\n", CauseClass::Recipe, "the router knows no app by this host")]
#[case(502, "Bad Gateway", CauseClass::Recipe, "the router reaches nothing on the app's port")]
#[tokio::test(start_paused = true)]
async fn an_answer_that_stays_wrong_is_red(
    #[case] code: u16,
    #[case] body: &'static str,
    #[case] expected: CauseClass,
    #[case] text: &str,
) {
    let played = install().answers(move |_| Ok(answer(code, body))).play().await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("answered", Status::Fail, expected));
    assert!(evidence.starts_with("no right answer on / within 300s: "), "{evidence}");
    assert!(evidence.contains(text), "{evidence}");
    assert!(about(time, HTTP), "{time:?}");
}

#[rstest]
#[case(HttpError::Connect { url: "/".to_owned(), reason: "refused".to_owned() }, CauseClass::Host)]
#[case(HttpError::Tls { url: "/".to_owned(), reason: "expired".to_owned() }, CauseClass::Host)]
#[case(HttpError::Broken { url: "/".to_owned(), reason: "cut".to_owned() }, CauseClass::App)]
#[case(HttpError::TimedOut { url: "/".to_owned(), limit: Duration::from_secs(10) }, CauseClass::App)]
#[tokio::test(start_paused = true)]
async fn no_answer_is_the_apps_unless_the_router_cannot_be_reached(
    #[case] error: HttpError,
    #[case] expected: CauseClass,
) {
    let played = install().answers(move |_| Err(error.clone())).play().await;
    let (name, status, class, ..) = verdict(&played);
    let by_host = if expected == CauseClass::Host { Status::Unver } else { Status::Fail };
    assert_eq!((name.as_str(), status, class), ("answered", by_host, expected));
}

#[tokio::test(start_paused = true)]
async fn the_suite_says_which_answers_are_right_and_where() {
    let mut scene = install().answers(|_| Ok(answer(401, "who are you?")));
    scene.settings.health.ok = vec![401];
    scene.settings.health.path = "/api".to_owned();
    let played = scene.play().await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    assert!(played.calls().contains(&"get /api 10s"));
}

fn gone() -> Act {
    Act::Fail(CauseClass::Host, "no such socket")
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_gone_for_twelve_looks_is_the_hosts() {
    let played = install().on("observe", 0, gone()).play().await;
    let (name, status, class, evidence, time) = verdict(&played);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Unver, CauseClass::Host));
    assert_eq!(evidence, "no such socket");
    assert_eq!(played.counts["observe"], 12);
    assert!(time < Duration::from_secs(10), "{time:?}");
    assert!(played.said(|e| matches!(e, Happened::StatusChanged { phase, status }
        if phase == "converge" && status == "the engine does not answer: no such socket")));
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_comes_back_is_waited_for_and_its_count_begins_anew() {
    let mut scene = install().shows(|look, seen| {
        if look < 24 {
            starting(seen, None);
        }
    });
    for look in (1..=11).chain(13..=23) {
        scene = scene.on("observe", look, gone());
    }
    let played = scene.play().await;
    assert_eq!(played.tier(Tier::Install).0, Status::Pass);
    assert_eq!(played.counts["observe"], 24);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_ends_while_the_engine_is_silent_is_the_engines() {
    // Each look fails too slowly for twelve of them.
    let slow = Act::TakeAndFail(Duration::from_secs(50), CauseClass::Host, "i/o timeout");
    let mut scene = install().on("observe", 0, slow);
    scene.limits.deploy = Duration::from_mins(2);
    scene.limits.http = Duration::from_mins(2);
    let (name, status, class, evidence, _) = verdict(&scene.play().await);
    assert_eq!((name.as_str(), status, class), ("converged", Status::Unver, CauseClass::Host));
    assert_eq!(evidence, "i/o timeout");
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_hangs_is_the_hosts_and_not_the_apps() {
    for minutes in [2, 60] {
        let mut scene = install().on("observe", 0, Act::Hang);
        scene.limits.deploy = Duration::from_mins(minutes);
        let played = scene.play().await;
        let (name, status, class, ..) = verdict(&played);
        assert_eq!((name.as_str(), status, class), ("converged", Status::Unver, CauseClass::Host));
    }
}

#[tokio::test(start_paused = true)]
async fn the_phases_of_a_wait_are_told_apart() {
    let played = install()
        .shows(|look, seen| {
            if look < 4 {
                starting(seen, None);
            }
        })
        .answers(|n| if n < 3 { Ok(answer(500, "not yet")) } else { Ok(answer(200, "hello")) })
        .play()
        .await;
    let mut heard = Vec::new();
    for event in &played.events {
        if let Happened::PhaseStarted { phase, .. } = &event.what {
            heard.push(format!("{phase} began"));
        } else if let Happened::PhaseFinished { phase, ok } = &event.what {
            heard.push(format!("{phase} ended {ok}"));
        } else if let Happened::StatusChanged { phase, .. } = &event.what {
            heard.push(format!("{phase} status"));
        }
    }
    heard.retain(|h| h.starts_with("converge") || h.starts_with("answer"));
    assert_eq!(
        heard,
        [
            "converge began",
            "converge status",
            "converge ended true",
            "answer began",
            "answer status",
            "answer ended true"
        ]
    );
    let failed = install().answers(|_| Ok(answer(500, "no"))).play().await;
    assert!(
        failed.said(
            |e| matches!(e, Happened::PhaseFinished { phase, ok: false } if phase == "answer")
        )
    );
}

#[tokio::test(start_paused = true)]
async fn what_decided_is_said_once_for_each_decision_and_without_labels() {
    let played = install()
        .shows(|look, seen| {
            if look < 4 {
                starting(seen, None);
            }
        })
        .answers(|n| if n < 3 { Ok(answer(500, "not yet")) } else { Ok(answer(200, "hello")) })
        .play()
        .await;
    let mut heard = Vec::new();
    for event in &played.events {
        if let Happened::Observed { tier, observation, decided } = &event.what {
            assert_eq!(*tier, Tier::Install);
            assert!(observation.services.iter().all(|s| s.labels.is_empty()));
            heard.push((observation.services[0].tasks[0].state, decided.clone()));
        }
    }
    assert_eq!(
        heard,
        [
            (TaskState::Pending, Decided::NotYet("app: 0/1 pending".to_owned())),
            (TaskState::Running, Decided::Ready),
        ]
    );
}
