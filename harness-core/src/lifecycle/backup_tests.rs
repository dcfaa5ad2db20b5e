//! The whole backup made again where it is wrong, and what is not.

use super::fake::{Act, Played, Scene, done};
use crate::cause::CauseClass;
use crate::event::{Happened, Stop};
use crate::observation::TaskState;
use crate::replay::replay;
use crate::report::{RunVerdict, junit};
use crate::run_file::Phase;
use crate::tier::{Status, Tier};

const CUT: Act = Act::Fail(CauseClass::Recipe, "the dump is cut short");

/// Returns each attempt: status, snapshot, whether another one follows.
fn attempts(played: &Played) -> Vec<(Status, Option<String>, bool)> {
    let mut attempts = Vec::new();
    for event in &played.events {
        if let Happened::AttemptFinished { status, snapshot, again, .. } = &event.what {
            attempts.push((*status, snapshot.clone(), *again));
        }
    }
    attempts
}

fn count(played: &Played, call: &str) -> usize {
    played.counts.get(call).copied().unwrap_or_default()
}

fn decides_the_same(played: &Played) {
    let different = replay(&played.events, None).unwrap();
    let different: Vec<_> = different.into_iter().filter(|d| !d.is_same()).collect();
    assert_eq!(different, []);
}

#[tokio::test(start_paused = true)]
async fn a_backup_that_is_right_at_once_is_made_once() {
    let played = Scene::all_well().play().await;
    assert_eq!(attempts(&played), [(Status::Pass, Some("snap".to_owned()), false)]);
    let results = played.results();
    assert_eq!(results.flakes, []);
    assert_eq!(results.stages[2].attempts.len(), 1);
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn one_that_is_wrong_once_is_a_pass_and_a_flake_and_the_last_snapshot_is_restored() {
    let played = Scene::all_well().on("check backup", 1, CUT).play().await;
    let snapshot = |id: &str| Some(id.to_owned());
    assert_eq!(
        attempts(&played),
        [(Status::Fail, snapshot("snap"), true), (Status::Pass, snapshot("snap-2"), false)]
    );
    assert_eq!((count(&played, "back_up"), count(&played, "seed backup")), (2, 1));
    assert!(played.calls().contains(&"restore snap-2 900s"));
    let results = played.results();
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 5));
    assert_eq!((results.flakes[0].tier, results.flakes[0].attempts), (Tier::Backup, 2));
    assert_eq!(
        results.flakes[0].evidence,
        "attempt 2 of 3 is right; attempt 1: the dump is cut short"
    );
    assert_eq!(played.tier(Tier::Backup).1.unwrap().class, CauseClass::Flake);
    let stage = &results.stages[2];
    assert_eq!(stage.attempts[0].reason.as_deref(), Some("the dump is cut short"));
    let names: Vec<&str> = stage.checks.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["backed_up", "serves"], "the checks are those of the last attempt");
    assert!(junit(&results).unwrap().contains("flakyFailure"));
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn one_that_stays_wrong_is_red_after_three_attempts() {
    let wrong = vec![done("dump_is_whole", Status::Fail, Some(CauseClass::Recipe))];
    let played = Scene::all_well().says(Phase::Check, Tier::Backup, wrong).play().await;
    let results = played.results();
    assert_eq!(count(&played, "back_up"), 3);
    assert_eq!(results.verdict, RunVerdict::Fail);
    assert_eq!(results.flakes, []);
    assert_eq!(results.stages[2].attempts.len(), 3);
    let cause = results.cause.as_ref().unwrap();
    assert_eq!(cause.class, CauseClass::Recipe);
    assert!(
        cause.evidence.ends_with("saw something (3 attempts were made, none of them right)"),
        "{}",
        cause.evidence
    );
    assert!(!junit(&results).unwrap().contains("flaky"));
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn what_another_attempt_cannot_mend_is_not_made_again() {
    let host = Act::Fail(CauseClass::Host, "the repository is locked");
    let nothing = Act::Fail(CauseClass::Recipe, "nothing was backed up");
    let suite = Act::Fail(CauseClass::Suite, "killed by signal 11");
    for (op, act, status) in [
        ("back_up", host.clone(), Status::Unver),
        ("back_up", nothing, Status::Fail),
        ("check backup", host, Status::Unver),
        ("check backup", suite, Status::Fail),
    ] {
        let played = Scene::all_well().on(op, 1, act.clone()).play().await;
        assert_eq!(count(&played, "back_up"), 1, "{op} {act:?}");
        assert_eq!(played.tier(Tier::Backup).0, status, "{op} {act:?}");
        assert_eq!(attempts(&played).len(), 1, "{op} {act:?}");
        decides_the_same(&played);
    }
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_cannot_be_made_after_a_wrong_one_blocks_the_restore() {
    let scene = Scene::all_well().on("check backup", 1, CUT);
    let played = scene.on("back_up", 2, Act::Fail(CauseClass::Host, "locked")).play().await;
    let (status, cause, _) = played.tier(Tier::Backup);
    let evidence = cause.unwrap().evidence;
    assert_eq!(status, Status::Unver);
    assert!(evidence.ends_with("locked (2 attempts were made, none of them right)"), "{evidence}");
    assert_eq!(count(&played, "restore"), 0);
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_was_replaced_while_its_hooks_were_to_run_is_backed_up_again() {
    let mut scene = Scene::all_well();
    scene.hooked = vec!["app"];
    // Looks: 1 install, 2 and 3 upgrade, 4 and 5 settled, 6 before the hooks, 7 after them.
    let played = scene
        .shows(|look, observation| {
            if look == 7 {
                observation.services[0].tasks[0].id = "another".to_owned();
            }
        })
        .play()
        .await;
    let ends: Vec<_> = attempts(&played).into_iter().map(|(s, _, again)| (s, again)).collect();
    assert_eq!(ends, [(Status::Unver, true), (Status::Pass, false)]);
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    assert_eq!(played.results().flakes.len(), 1);
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_ends_whenever_it_is_backed_up_is_the_apps_fault_unless_it_was_killed() {
    for (code, status, class) in
        [(0, Status::Fail, CauseClass::App), (137, Status::Unver, CauseClass::Host)]
    {
        let mut scene = Scene::all_well();
        scene.hooked = vec!["app"];
        // Each attempt: two looks until it has settled, one before the hooks, one after them.
        let played = scene
            .shows(move |look, observation| {
                if look >= 7 && look % 4 == 3 {
                    let task = &mut observation.services[0].tasks[0];
                    (task.state, task.exit_code) = (TaskState::Complete, Some(code));
                }
            })
            .play()
            .await;
        assert_eq!(attempts(&played).len(), 3, "{code}");
        let (ended, cause, _) = played.tier(Tier::Backup);
        assert_eq!((ended, cause.unwrap().class), (status, class), "{code}");
        decides_the_same(&played);
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_settle_between_attempts_ends_them() {
    let scene = Scene::all_well().on("check backup", 1, CUT);
    let played = scene
        .shows(|look, observation| {
            // The first look at the app after the wrong attempt, and all after it.
            if look > 5 {
                observation.services.clear();
            }
        })
        .play()
        .await;
    assert_eq!(count(&played, "back_up"), 1);
    assert_eq!(played.tier(Tier::Backup).0, Status::Fail);
    assert_eq!(played.checks(Tier::Backup).last().unwrap().0, "converged");
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_second_attempt_leaves_the_tier_unverified_and_what_was_tried_in_the_results()
{
    let scene = Scene::all_well().on("check backup", 1, CUT);
    let played = scene.on("back_up", 2, Act::StopAndHang(Stop::Deadline)).play().await;
    let results = played.results();
    assert_eq!(results.verdict, RunVerdict::NotVerified);
    assert_eq!((results.stages[2].attempts.len(), results.stages[2].status), (1, Status::Unver));
    assert_eq!(results.flakes, []);
}
