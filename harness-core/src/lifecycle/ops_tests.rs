//! The ops: which step stands for which check, and what a step that fails leaves undone.

use std::time::Duration;

use rstest::rstest;

use super::fake::{Act, BASE, HEAD, Scene, commit};
use crate::cause::CauseClass;
use crate::event::Happened;
use crate::name::VariableName;
use crate::plan::Planned;
use crate::report::RunVerdict;
use crate::run_file::Phase;
use crate::secret::Secret;
use crate::suite::{Env, Template};
use crate::tier::{Status, Tier};

fn env(name: &str, value: &str) -> Env {
    let name = VariableName::try_from(name.to_owned()).expect("a variable's name");
    Env::from_iter([(name, Template::parse(value).expect("a template"))])
}

#[tokio::test(start_paused = true)]
async fn each_step_of_an_op_is_a_check_of_its_tier() {
    let mut scene = Scene::all_well();
    scene.pulls = vec!["nginx:1".to_owned(), "redis:7".to_owned()];
    let played = scene.play().await;
    let names = |tier| played.checks(tier).into_iter().map(|(n, ..)| n).collect::<Vec<_>>();
    assert_eq!(
        names(Tier::Install),
        [
            "created",
            "placed",
            "images_present",
            "deployed",
            "converged",
            "commit_deployed",
            "serves"
        ]
    );
    assert_eq!(
        names(Tier::Upgrade),
        ["placed", "images_present", "deployed", "converged", "serves"]
    );
    assert_eq!(names(Tier::Backup), ["backed_up", "serves"]);
    assert_eq!(names(Tier::Restore), ["restored", "converged", "serves"]);
    assert_eq!(names(Tier::Custom), ["serves"]);
    assert_eq!(played.notes(), ["pulled nginx:1, redis:7"; 2]);
}

#[rstest]
#[case("create", 1, Tier::Install, "created")]
#[case("place", 1, Tier::Install, "placed")]
#[case("pull", 1, Tier::Install, "images_present")]
#[case("deploy", 1, Tier::Install, "deployed")]
#[case("observe", 2, Tier::Upgrade, "observed")]
#[case("place", 2, Tier::Upgrade, "placed")]
#[case("pull", 2, Tier::Upgrade, "images_present")]
#[case("deploy", 2, Tier::Upgrade, "deployed")]
#[case("observe", 4, Tier::Backup, "observed")]
#[case("back_up", 1, Tier::Backup, "backed_up")]
#[case("observe", 6, Tier::Restore, "observed")]
#[case("restore", 1, Tier::Restore, "restored")]
#[tokio::test(start_paused = true)]
async fn a_step_that_fails_is_named_and_nothing_that_builds_on_it_is_done(
    #[case] op: &str,
    #[case] nth: usize,
    #[case] tier: Tier,
    #[case] check: &str,
) {
    for (class, expected) in [
        (CauseClass::Recipe, Status::Fail),
        (CauseClass::App, Status::Fail),
        (CauseClass::Registry, Status::Unver),
        (CauseClass::Host, Status::Unver),
        (CauseClass::Harness, Status::Unver),
    ] {
        let played = Scene::all_well().on(op, nth, Act::Fail(class, "it broke")).play().await;
        let (status, cause, reason) = played.tier(tier);
        let cause = cause.unwrap();
        assert_eq!((status, cause.class), (expected, class));
        assert!(cause.evidence.contains("failed to") && cause.evidence.ends_with(": it broke"));
        assert_eq!(reason, (status == Status::Unver).then_some(cause.evidence));
        let last = played.checks(tier).pop().unwrap();
        assert_eq!(last, (check.to_owned(), expected, Some(class)));
        assert!(!played.calls().contains(&format!("check {tier}").as_str()));
        for later in Tier::USUAL.into_iter().filter(|t| *t > tier) {
            let text = format!("not run: the {tier} tier did not get past `{check}`");
            assert_eq!(played.tier(later), (Status::Unver, None, Some(text)));
            assert!(!played.calls().contains(&format!("seed {later}").as_str()), "{later}");
        }
        assert!(played.calls().ends_with(&["undeploy 90s", "remove_data 90s", "forget", "census"]));
        let verdict = if class.is_verdict() { RunVerdict::Fail } else { RunVerdict::NotVerified };
        assert_eq!(played.results().verdict, verdict);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deploy_is_counted_once_and_only_if_it_was_made() {
    let deploys = |e: &Happened| *e == Happened::DeployDone;
    let played = Scene::all_well().play().await;
    assert_eq!(played.events.iter().filter(|e| deploys(&e.what)).count(), 1);
    let failed = Act::Fail(CauseClass::Host, "no");
    assert!(!Scene::all_well().on("deploy", 1, failed).play().await.said(deploys));
}

#[tokio::test(start_paused = true)]
async fn variables_are_set_where_the_suite_asks_for_them() {
    let mut scene = Scene::all_well();
    scene.settings.env = env("A", "1.{domain}");
    scene.settings.upgrade.env = env("B", "{base_url}/2");
    let played = scene.play().await;
    for call in [
        "create 1.0.0+1 120s A=1.cust-123456.example.org",
        "place 1.0.0+1",
        "place 9.0.0+1 B=https://cust-123456.example.org/2",
    ] {
        assert!(played.calls().contains(&call), "{call}: {:?}", played.calls());
    }
}

#[tokio::test(start_paused = true)]
async fn secrets_that_the_suite_gives_are_put_in_before_the_deploy_and_hidden() {
    let mut scene = Scene::all_well();
    scene.settings.secrets = env("client_secret", "hunter22-{domain}");
    scene.pulls = vec!["hunter22-cust-123456.example.org".to_owned()];
    let played = scene.play().await;
    let calls = played.calls();
    let at = |what: &str| calls.iter().position(|call| call.starts_with(what)).unwrap();
    let inserted = at("insert_secrets 120s client_secret=hunter22-cust-123456.example.org");
    assert!(at("create") < inserted && inserted < at("place"), "{calls:?}");
    assert!(played.checks(Tier::Install).iter().any(|(name, ..)| name == "secrets_inserted"));
    let text = serde_json::to_string(&played.events).unwrap();
    assert!(!text.contains("hunter22"), "{text}");
    assert!(!Scene::all_well().play().await.calls().contains(&"insert_secrets"));
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_nobody_asked_for_is_never_green_and_not_the_recipes_fault() {
    let played = Scene::all_well()
        .shows(|_, seen| {
            for service in &mut seen.services {
                for stamp in service.labels.values_mut() {
                    *stamp = "eeeeeeee".to_owned();
                }
            }
        })
        .play()
        .await;
    let (status, cause, _) = played.tier(Tier::Install);
    let cause = cause.unwrap();
    assert_eq!((status, cause.class), (Status::Unver, CauseClass::Harness));
    assert!(
        cause.evidence.contains("expected the label") && cause.evidence.contains("seen eeeeeeee"),
        "{cause}"
    );
    assert_eq!(played.checks(Tier::Install).pop().unwrap().0, "commit_deployed");
}

#[tokio::test(start_paused = true)]
async fn generated_secrets_are_scrubbed_also_if_making_them_failed() {
    for act in [Act::Take(Duration::ZERO), Act::Fail(CauseClass::Harness, "printed hunter22")] {
        let mut scene = Scene::all_well().on("create", 1, act);
        scene.secrets = vec![Secret::new("hunter22")];
        scene.pulls = vec!["hunter22".to_owned()];
        let played = scene.play().await;
        let text = serde_json::to_string(&played.events).unwrap();
        assert!(!text.contains("hunter22") && text.contains("<redacted>"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_head_drops_is_removed_after_it_was_seen() {
    let mut scene = Scene::all_well();
    scene.services = [vec!["app", "worker"], vec!["app"]];
    let played = scene.play().await;
    assert!(played.calls().contains(&"prune worker"));
    assert!(played.notes()[0].contains("service `worker` is not in head any more"));
    assert!(played.checks(Tier::Upgrade).iter().any(|(name, ..)| name == "pruned"));
    let told =
        played.files.iter().find(|(f, _)| f.tier == Tier::Upgrade && f.phase == Phase::Check);
    let facts = told.unwrap().0.upgrade.clone().unwrap();
    assert_eq!(facts.orphans, [crate::converge::sample::name("worker")]);
    assert_eq!((facts.before.services.len(), facts.after.services.len()), (2, 2));
    let kept = Act::Fail(CauseClass::Host, "busy");
    let mut scene = Scene::all_well().on("prune", 1, kept);
    scene.services = [vec!["app", "worker"], vec!["app"]];
    let played = scene.play().await;
    assert_eq!(played.checks(Tier::Upgrade).pop().unwrap().0, "pruned");
    assert_eq!(played.tier(Tier::Upgrade).0, Status::Unver);
}

#[tokio::test(start_paused = true)]
async fn a_restore_without_a_snapshot_is_ours() {
    let played = Scene::all_well().without(Tier::Backup, Planned::NotApplicable).play().await;
    let (status, cause, _) = played.tier(Tier::Restore);
    assert_eq!((status, cause.unwrap().class), (Status::Unver, CauseClass::Harness));
    assert_eq!(played.checks(Tier::Restore)[0].0, "restored");
    assert!(!played.calls().contains(&"seed restore"));
}

#[tokio::test(start_paused = true)]
async fn a_backup_waits_for_an_app_that_cycles_and_a_restore_too() {
    // Looks: 1 install, 2 and 3 upgrade, 4 before the backup, 5 to 8 not ready, 9 ready, 10 and 11 before the restore's
    // seed, 12 before the restore, 13 to 16 not ready.
    let played = Scene::all_well()
        .shows(|look, seen| {
            if (5..9).contains(&look) || (13..17).contains(&look) {
                seen.services[0].tasks[0].state = crate::observation::TaskState::Starting;
            }
        })
        .play()
        .await;
    assert_eq!(played.counts["observe"], 17);
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    assert!(played.time_of("seed backup") > Duration::ZERO);
    assert!(played.time_of("check restore") > played.time_of("seed restore"));
}

#[tokio::test(start_paused = true)]
async fn what_an_upgrade_finds_left_over_is_not_its_own() {
    // A paused update from before the upgrade, which head's deploy then replaces.
    let played = Scene::all_well()
        .shows(|look, seen| {
            if look == 2 {
                seen.services[0].update =
                    crate::converge::sample::update(crate::observation::UpdatePhase::Paused, 1);
            }
            if look == 3 {
                // Head's specification is there, and its update has yet to be scheduled.
                seen.services[0].tasks[0].is_current = false;
                seen.services[0].update =
                    crate::converge::sample::update(crate::observation::UpdatePhase::Paused, 1);
            }
        })
        .play()
        .await;
    assert_eq!(played.tier(Tier::Upgrade).0, Status::Pass);
    assert!(played.time_of("check upgrade") > Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_unfinished_update_from_before_a_backup_is_not_the_restores() {
    let played = Scene::all_well()
        .shows(|look, seen| {
            if look >= 4 {
                seen.services[0].update =
                    crate::converge::sample::update(crate::observation::UpdatePhase::Paused, 1);
            }
        })
        .play()
        .await;
    assert_eq!(played.tier(Tier::Backup).0, Status::Pass);
    assert_eq!(played.tier(Tier::Restore).0, Status::Pass);
}

#[tokio::test(start_paused = true)]
async fn head_goes_up_over_base_and_both_are_told_to_the_trials() {
    let played = Scene::all_well().play().await;
    let told = &played.files[0].0;
    assert_eq!(told.head.commit, commit(HEAD));
    assert_eq!(told.base.as_ref().unwrap().commit, commit(BASE));
}

#[tokio::test(start_paused = true)]
async fn a_service_with_hooks_that_was_replaced_meanwhile_leaves_the_op_unverified() {
    let hooked = |replaced_from: usize, each_time: bool| {
        let mut scene = Scene::all_well().shows(move |look, seen| {
            if look >= replaced_from {
                let another = if each_time { look } else { 0 };
                seen.services[0].tasks[0].id = format!("another {another}");
            }
        });
        scene.hooked = vec!["app"];
        scene.play()
    };
    assert_eq!(hooked(99, false).await.results().verdict, RunVerdict::Pass);
    // Looks: 4 and 5 before the backup, 6 and 7 around it; 8 and 9 before the restore's seed, 10 to 12 around it.
    // A backup that was passed over once is made again.
    for (look, tier, check, each_time) in
        [(7, Tier::Backup, "backed_up", true), (12, Tier::Restore, "restored", false)]
    {
        let played = hooked(look, each_time).await;
        let (status, cause, _) = played.tier(tier);
        let cause = cause.unwrap();
        assert_eq!((status, cause.class), (Status::Unver, CauseClass::Host));
        assert!(cause.evidence.contains("service `app` did not run all the time"), "{cause}");
        assert_eq!(played.checks(tier).pop().unwrap().0, check);
    }
}
