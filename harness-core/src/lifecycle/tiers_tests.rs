//! Seeds and checks: what the trials are told, and what is made of what they say.

use std::time::Duration;

use serde_json::json;

use super::fake::{Act, Scene, done};
use crate::cause::CauseClass;
use crate::event::{Happened, WaitedOn};
use crate::run_file::{Phase, TrialLine};
use crate::tier::{Status, Tier};

#[tokio::test(start_paused = true)]
async fn trials_are_told_the_run_as_far_as_it_got() {
    let mut scene = Scene::all_well();
    scene.services = [vec!["app", "db"], vec!["app", "db", "cache"]];
    let services = |n: usize| n;
    let played = scene.play().await;
    let told: Vec<_> = played
        .files
        .iter()
        .map(|(file, limit)| {
            assert_eq!(*limit, Duration::from_mins(15));
            assert_eq!(file.claims.volumes, ["data"]);
            (
                file.out.as_str(),
                file.services.len(),
                file.upgrade.is_some(),
                file.snapshot.is_some(),
            )
        })
        .collect();
    let (base, head) = (services(2), services(3));
    assert_eq!(
        told,
        [
            ("run/work/trials-install-seed.jsonl", base, false, false),
            ("run/work/trials-install.jsonl", base, false, false),
            ("run/work/trials-upgrade-seed.jsonl", base, false, false),
            ("run/work/trials-upgrade.jsonl", head, true, false),
            ("run/work/trials-backup-seed.jsonl", head, true, false),
            ("run/work/trials-backup.jsonl", head, true, true),
            ("run/work/trials-restore-seed.jsonl", head, true, true),
            ("run/work/trials-restore.jsonl", head, true, true),
            ("run/work/trials-custom-seed.jsonl", head, true, true),
            ("run/work/trials-custom.jsonl", head, true, true),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn facts_are_handed_on_to_later_phases() {
    let fact = |value: u32| TrialLine::Fact { key: "post".to_owned(), value: json!(value) };
    let played = Scene::all_well()
        .says(Phase::Seed, Tier::Upgrade, vec![fact(1)])
        .says(Phase::Seed, Tier::Restore, vec![fact(2)])
        .play()
        .await;
    let seen: Vec<_> = played.files.iter().map(|(f, _)| f.facts.get("post").cloned()).collect();
    assert_eq!(seen[..3], [None, None, None]);
    assert_eq!(seen[3..7], vec![Some(json!(1)); 4]);
    assert_eq!(seen[7..], vec![Some(json!(2)); 3]);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_trials_name_last_is_scrubbed_from_what_they_said_first() {
    let lines = vec![
        TrialLine::Done {
            name: "serves".to_owned(),
            status: Status::Fail,
            duration_ms: 1,
            message: Some("logged in with hunter22".to_owned()),
            cause: None,
        },
        TrialLine::Secret { value: "hunter22".to_owned() },
    ];
    let played = Scene::all_well().says(Phase::Check, Tier::Install, lines).play().await;
    let text = serde_json::to_string(&played.events).unwrap();
    assert!(!text.contains("hunter22") && text.contains("logged in with <redacted>"));
}

#[tokio::test(start_paused = true)]
async fn a_seed_that_fails_is_named_and_its_op_is_not_done() {
    for (status, cause, expected) in [
        (Status::Fail, None, (Status::Fail, CauseClass::Suite)),
        (Status::Fail, Some(CauseClass::App), (Status::Fail, CauseClass::App)),
        (Status::Unver, Some(CauseClass::Host), (Status::Unver, CauseClass::Host)),
        (Status::Unver, None, (Status::Unver, CauseClass::Harness)),
    ] {
        let lines = vec![done("early", Status::Pass, None), done("plant", status, cause)];
        let played = Scene::all_well().says(Phase::Seed, Tier::Backup, lines).play().await;
        let (seen, cause, _) = played.tier(Tier::Backup);
        let cause = cause.unwrap();
        assert_eq!((seen, cause.class), expected);
        assert_eq!(cause.evidence, "seed plant: plant saw something");
        let names: Vec<_> = played.checks(Tier::Backup).into_iter().map(|(n, ..)| n).collect();
        assert_eq!(names, ["plant", "seeded"], "a seed that passed is not said");
        assert!(!played.calls().iter().any(|c| c.starts_with("back_up")));
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_that_does_not_apply_keeps_nothing_from_being_done() {
    let lines = vec![done("plant", Status::Skip, None)];
    let played = Scene::all_well().says(Phase::Seed, Tier::Backup, lines).play().await;
    assert_eq!(played.tier(Tier::Backup).0, Status::Pass);
    assert_eq!(played.checks(Tier::Backup)[0].0, "plant");
}

#[tokio::test(start_paused = true)]
async fn trials_that_crash_while_seeding_leave_the_op_undone() {
    let act = Act::Fail(CauseClass::Suite, "killed by signal 11");
    let played = Scene::all_well().on("seed upgrade", 1, act).play().await;
    let (status, cause, _) = played.tier(Tier::Upgrade);
    assert_eq!((status, cause.unwrap().evidence.as_str()), (Status::Fail, "killed by signal 11"));
    assert_eq!(played.checks(Tier::Upgrade)[0].0, "seeded");
    assert!(!played.calls().contains(&"place 9.0.0+1"));
    assert!(
        played
            .said(|e| matches!(e, Happened::PhaseFinished { phase, ok: false } if phase == "seed"))
    );
}

#[tokio::test(start_paused = true)]
async fn trials_that_crash_while_checking_fail_the_tier_and_what_they_said_stands() {
    let act = Act::Fail(CauseClass::Suite, "killed by signal 11");
    let mut scene = Scene::all_well().on("check custom", 1, act);
    let custom = scene.plan.tiers.last_mut().unwrap();
    custom.checks = vec!["serves".to_owned(), "round_trip".to_owned()];
    let played = scene.play().await;
    assert_eq!(
        played.checks(Tier::Custom),
        [
            ("serves".to_owned(), Status::Pass, None),
            ("round_trip".to_owned(), Status::Fail, Some(CauseClass::Suite)),
        ]
    );
    let (status, cause, _) = played.tier(Tier::Custom);
    assert_eq!((status, cause.unwrap().class), (Status::Fail, CauseClass::Suite));
}

#[tokio::test(start_paused = true)]
async fn trials_that_the_host_kept_from_starting_leave_the_tier_unverified() {
    let act = Act::Fail(CauseClass::Host, "no space left on device");
    let played =
        Scene::all_well().says(Phase::Check, Tier::Custom, Vec::new()).on("check custom", 1, act);
    let played = played.play().await;
    assert_eq!(
        played.checks(Tier::Custom),
        [("serves".to_owned(), Status::Unver, Some(CauseClass::Host))]
    );
    let (status, cause, reason) = played.tier(Tier::Custom);
    assert_eq!((status, cause.unwrap().class), (Status::Unver, CauseClass::Host));
    assert_eq!(reason.as_deref(), Some("no space left on device"));
}

#[tokio::test(start_paused = true)]
async fn the_time_of_trials_is_the_suites() {
    let played =
        Scene::all_well().on("check custom", 1, Act::Take(Duration::from_secs(4))).play().await;
    let results = played.results();
    let spans = results.phases.iter().filter(|p| p.waited_on == WaitedOn::Suite);
    let took: u64 = spans.map(|p| p.end_ms - p.start_ms).sum();
    assert_eq!(took, 4000);
    let check = results.stages.last().unwrap().checks.last().unwrap();
    assert_eq!((check.name.as_str(), check.duration_ms), ("serves", 7));
    let names: Vec<_> = results.phases.iter().map(|p| p.name.as_str()).collect();
    for name in ["census", "seed", "new app", "place", "prepull", "deploy", "converge", "answer"] {
        assert!(names.contains(&name), "{name}: {names:?}");
    }
}
