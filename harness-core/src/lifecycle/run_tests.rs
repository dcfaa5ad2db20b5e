//! The order of a run, and what ends it: stops, panics, a teardown that goes wrong.

use std::time::Duration;

use super::Keep;
use super::fake::{Act, Scene, done};
use crate::cause::CauseClass;
use crate::census::{Census, Item, Kind};
use crate::event::{CensusTime, Happened, Stop};
use crate::plan::Planned;
use crate::report::RunVerdict;
use crate::run_file::Phase;
use crate::tier::{Status, Tier};

const TEARDOWN: [&str; 4] = ["undeploy 90s", "remove_data 90s", "forget", "census"];

fn ends_with_teardown(calls: &[&str]) -> bool {
    calls.ends_with(&TEARDOWN)
}

#[tokio::test(start_paused = true)]
async fn seeds_come_before_ops_and_checks_after_them_and_the_teardown_last() {
    let played = Scene::all_well().play().await;
    assert_eq!(
        played.calls(),
        [
            "census",
            "lint 9.0.0+1 120s",
            "seed install",
            "create 1.0.0+1 120s",
            "place 1.0.0+1",
            "pull 600s",
            "deploy 1.0.0+1 120s",
            "observe",
            "get / 10s",
            "check install",
            "seed upgrade",
            "observe",
            "place 9.0.0+1",
            "pull 600s",
            "deploy 9.0.0+1 120s",
            "observe",
            "get / 10s",
            "check upgrade",
            "observe",
            "get / 10s",
            "seed backup",
            "back_up run/work 900s",
            "check backup",
            "observe",
            "get / 10s",
            "seed restore",
            "observe",
            "restore snap 900s",
            "observe",
            "get / 10s",
            "check restore",
            "seed custom",
            "check custom",
            "undeploy 90s",
            "remove_data 90s",
            "forget",
            "census",
        ]
    );
    let results = played.results();
    assert_eq!((results.verdict, results.level, results.cause), (RunVerdict::Pass, 5, None));
    assert_eq!(results.deploys.done, 1);
    assert!(results.flags.clean_teardown);
}

#[tokio::test(start_paused = true)]
async fn what_the_plan_leaves_out_is_skipped_with_its_reason_and_head_goes_up_at_once() {
    let scene = Scene::all_well()
        .without(Tier::Upgrade, Planned::NotApplicable)
        .without(Tier::Backup, Planned::Unproven)
        .without(Tier::Restore, Planned::Unproven);
    let played = scene.play().await;
    let calls = played.calls();
    assert!(calls.contains(&"deploy 9.0.0+1 120s"));
    assert!(!calls.iter().any(|c| c.contains("1.0.0+1") && !c.contains("9.0.0+1")), "{calls:?}");
    assert!(!calls.iter().any(|c| c.contains("backup") || c.contains("back_up")), "{calls:?}");
    for tier in [Tier::Upgrade, Tier::Backup, Tier::Restore] {
        assert_eq!(played.tier(tier), (Status::Skip, None, Some("left out".to_owned())));
    }
    assert_eq!(played.results().level, 1);
}

#[tokio::test(start_paused = true)]
async fn a_lint_that_fails_to_run_is_a_note_and_no_verdict() {
    let played =
        Scene::all_well().on("lint", 1, Act::Fail(CauseClass::Harness, "no abra")).play().await;
    assert_eq!(played.notes(), ["failed to lint: no abra"]);
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    assert_eq!(played.results().level, 4);
}

#[tokio::test(start_paused = true)]
async fn a_lint_that_hangs_delays_the_run_by_its_limit_and_no_more() {
    let played = Scene::all_well().on("lint", 1, Act::Hang).play().await;
    assert_eq!(played.time_of("undeploy 90s"), Duration::from_secs(130));
    assert_eq!(played.notes(), ["failed to lint: did not end within 120s"]);
    assert_eq!(played.results().verdict, RunVerdict::Pass);
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_does_not_keep_the_next_tier_from_being_done() {
    let failed = vec![done("serves", Status::Fail, Some(CauseClass::Recipe))];
    let mut scene = Scene::all_well().says(Phase::Check, Tier::Upgrade, failed);
    scene.logs = vec!["it broke".to_owned()];
    let played = scene.play().await;
    assert_eq!(played.tier(Tier::Upgrade).0, Status::Fail);
    assert_eq!(played.tier(Tier::Backup).0, Status::Pass);
    assert!(played.calls().contains(&"logs app 30"));
    assert!(played.said(|e| matches!(e, Happened::LogsGathered { service, lines }
        if service == "app" && lines == &["it broke"])));
    assert_eq!(played.results().verdict, RunVerdict::Fail);
}

#[tokio::test(start_paused = true)]
async fn logs_are_evidence_of_a_failure_only() {
    let mut scene = Scene::all_well();
    scene.logs = vec!["all is well".to_owned()];
    assert!(!scene.play().await.calls().contains(&"logs app 30"));
}

#[tokio::test(start_paused = true)]
async fn empty_logs_are_not_said_and_logs_that_hang_hold_up_nobody() {
    let failed = || vec![done("serves", Status::Fail, None)];
    let played = Scene::all_well().says(Phase::Check, Tier::Custom, failed()).play().await;
    assert!(!played.said(|e| matches!(e, Happened::LogsGathered { .. })));
    let mut scene = Scene::all_well().says(Phase::Check, Tier::Custom, failed());
    scene.logs = vec!["x".to_owned()];
    let played = scene.on("logs", 0, Act::Hang).play().await;
    assert_eq!(played.tier(Tier::Custom).0, Status::Fail);
    assert_eq!(played.time_of("undeploy 90s"), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_tier_that_was_reached_and_those_after_it() {
    let words = [
        (Stop::Interrupt, "stopped by SIGINT"),
        (Stop::Terminate, "stopped by SIGTERM"),
        (Stop::Deadline, "stopped by the run's own deadline"),
    ];
    for (by, text) in words {
        let played = Scene::all_well().on("back_up", 1, Act::StopAndHang(by)).play().await;
        let tiers: Vec<Status> = Tier::USUAL.map(|t| played.tier(t).0).to_vec();
        let unver = Status::Unver;
        assert_eq!(tiers, [Status::Pass, Status::Pass, unver, unver, unver]);
        let (_, cause, reason) = played.tier(Tier::Custom);
        assert_eq!((cause.unwrap().class, reason.as_deref()), (CauseClass::Harness, Some(text)));
        assert!(played.said(|e| *e == Happened::Stopped { by }));
        assert!(ends_with_teardown(&played.calls()), "{:?}", played.calls());
        assert_eq!(played.results().verdict, RunVerdict::NotVerified);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_any_call_ends_the_run_at_once_and_everything_is_removed() {
    let calls = [
        "lint",
        "seed install",
        "create",
        "place",
        "pull",
        "deploy",
        "observe",
        "get",
        "check install",
        "seed upgrade",
        "check upgrade",
        "seed backup",
        "back_up",
        "check backup",
        "seed restore",
        "restore",
        "check restore",
        "seed custom",
        "check custom",
    ];
    for call in calls {
        let played = Scene::all_well().on(call, 1, Act::StopAndHang(Stop::Terminate)).play().await;
        assert!(ends_with_teardown(&played.calls()), "{call}: {:?}", played.calls());
        assert_eq!(played.time_of("undeploy 90s"), Duration::ZERO, "{call}");
        assert!(played.said(|e| *e == Happened::Stopped { by: Stop::Terminate }), "{call}");
        let count =
            played.events.iter().filter(|e| matches!(e.what, Happened::TierFinished { .. }));
        assert_eq!(count.count(), 5, "{call}: each tier ends once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_anything_does_nothing_but_the_teardown() {
    let scene = Scene::all_well();
    scene.stop.stop(Stop::Interrupt);
    scene.stop.stop(Stop::Deadline);
    let played = scene.play().await;
    assert!(!played.calls().contains(&"seed install"), "{:?}", played.calls());
    assert!(ends_with_teardown(&played.calls()));
    assert_eq!(Tier::USUAL.map(|t| played.tier(t).0), [Status::Unver; 5]);
    assert!(played.said(|e| *e == Happened::Stopped { by: Stop::Interrupt }));
    assert!(!played.said(|e| *e == Happened::Stopped { by: Stop::Deadline }));
}

#[tokio::test(start_paused = true)]
async fn a_stop_that_finds_only_the_lint_under_way_takes_no_tier_back() {
    let played = Scene::all_well()
        .on("lint", 1, Act::Hang)
        .on("check custom", 1, Act::Stop(Stop::Terminate))
        .play()
        .await;
    assert_eq!(Tier::USUAL.map(|t| played.tier(t).0), [Status::Pass; 5]);
    let finished = played.events.iter().filter(|e| matches!(e.what, Happened::TierFinished { .. }));
    assert_eq!(finished.count(), 5);
    assert!(played.said(|e| matches!(e, Happened::Stopped { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_signal_in_the_teardown_is_said_and_changes_nothing_that_was_proven() {
    let late = |by| Scene::all_well().on("undeploy", 1, Act::Stop(by)).play();
    let played = late(Stop::Terminate).await;
    assert!(ends_with_teardown(&played.calls()));
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    let stops = |e: &Happened| *e == Happened::Stopped { by: Stop::Terminate };
    assert_eq!(played.events.iter().filter(|e| stops(&e.what)).count(), 1);
    // The deadline is for the tiers.
    assert!(!late(Stop::Deadline).await.said(|e| matches!(e, Happened::Stopped { .. })));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_stopped_says_so_once() {
    let played = Scene::all_well()
        .on("deploy", 1, Act::StopAndHang(Stop::Interrupt))
        .on("undeploy", 1, Act::Stop(Stop::Terminate))
        .play()
        .await;
    let stops: Vec<_> =
        played.events.iter().filter(|e| matches!(e.what, Happened::Stopped { .. })).collect();
    assert_eq!(stops.len(), 1);
    assert_eq!(stops[0].what, Happened::Stopped { by: Stop::Interrupt });
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_a_defect_of_ours_and_everything_is_removed() {
    for (act, text) in
        [(Act::Panic("known before"), "known before"), (Act::PanicWith("made".to_owned()), "made")]
    {
        let played = Scene::all_well().on("deploy", 2, act).play().await;
        assert!(played.said(|e| *e == Happened::HarnessBroke { text: text.to_owned() }));
        assert!(ends_with_teardown(&played.calls()), "{:?}", played.calls());
        assert_eq!(played.results().verdict, RunVerdict::Error);
        assert!(played.said(|e| matches!(e, Happened::RunFinished { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_step_of_the_teardown_or_in_a_census_ends_nothing() {
    for step in ["undeploy", "remove_data", "forget"] {
        let played = Scene::all_well().on(step, 1, Act::Panic("broken")).play().await;
        assert!(ends_with_teardown(&played.calls()), "{step}: {:?}", played.calls());
        assert!(played.said(|e| *e == Happened::HarnessBroke { text: "broken".to_owned() }));
        assert_eq!(played.teardown().iter().filter(|(_, error)| error.is_some()).count(), 1);
        assert_eq!(played.results().verdict, RunVerdict::Error);
    }
    for nth in [1, 2] {
        let played = Scene::all_well().on("census", nth, Act::Panic("broken")).play().await;
        assert!(ends_with_teardown(&played.calls()), "{nth}: {:?}", played.calls());
        assert_eq!(played.results().verdict, RunVerdict::Error, "{nth}");
        assert!(played.said(|e| matches!(e, Happened::RunFinished { .. })));
    }
}

#[tokio::test(start_paused = true)]
async fn a_step_of_the_teardown_that_fails_or_hangs_does_not_stop_the_next() {
    let failing = Act::Fail(CauseClass::Host, "no such daemon");
    let played = Scene::all_well().on("undeploy", 1, failing).on("remove_data", 1, Act::Hang);
    let played = played.play().await;
    assert!(ends_with_teardown(&played.calls()));
    assert_eq!(
        played.teardown(),
        [
            ("undeploy", Some("failed to undeploy: no such daemon")),
            ("remove data", Some("failed to remove data: did not end within 90s")),
            ("forget", None),
        ]
    );
    let waited = played.time_of("forget") - played.time_of("remove_data 90s");
    assert_eq!(waited, Duration::from_secs(100));
    let results = played.results();
    assert_eq!((results.verdict, results.flags.clean_teardown), (RunVerdict::NotVerified, false));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_held_a_volume_is_named() {
    let mut scene = Scene::all_well();
    scene.holders = vec!["by-hand".to_owned()];
    let played = scene.play().await;
    assert_eq!(played.notes().len(), 1);
    assert!(played.notes()[0].contains("by-hand"), "{:?}", played.notes());
}

fn volume(name: &str, stack: Option<&str>) -> Item {
    Item { kind: Kind::Volume, name: name.to_owned(), stack: stack.map(str::to_owned) }
}

fn census(items: &[Item]) -> Census {
    Census { items: items.iter().cloned().collect() }
}

#[tokio::test(start_paused = true)]
async fn what_the_census_finds_of_this_run_is_left_behind() {
    let mut scene = Scene::all_well();
    let stack = scene.plan.app.stack.to_string();
    let (old, ours) = (volume("old", Some(&stack)), volume("new", Some(&stack)));
    let theirs = volume("theirs", Some("another"));
    scene.censuses = vec![census(std::slice::from_ref(&old)), census(&[old, ours.clone(), theirs])];
    let played = scene.play().await;
    let results = played.results();
    assert_eq!(results.census.left_behind, [ours]);
    assert_eq!((results.census.before, results.census.after), (Some(1), Some(3)));
    assert_eq!(results.verdict, RunVerdict::NotVerified);
}

#[tokio::test(start_paused = true)]
async fn a_census_that_cannot_be_taken_or_hangs_is_said_and_never_green() {
    for (nth, when) in [(1, CensusTime::Before), (2, CensusTime::After)] {
        for act in [Act::Fail(CauseClass::Host, "no engine"), Act::Hang] {
            let played = Scene::all_well().on("census", nth, act).play().await;
            assert!(
                played
                    .said(|e| matches!(e, Happened::CensusTaken { when: w, error: Some(text), .. }
                if *w == when && (text == "no engine" || text.contains("did not end within 90s"))))
            );
            assert!(ends_with_teardown(&played.calls()));
            assert_eq!(played.results().verdict, RunVerdict::NotVerified, "{nth}");
            assert!(!played.results().flags.clean_teardown);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_is_stopped_in_its_first_census_too() {
    let act = Act::StopAndHang(Stop::Terminate);
    let played = Scene::all_well().on("census", 1, act).play().await;
    assert_eq!(played.time_of("undeploy 90s"), Duration::ZERO);
    assert!(!played.calls().contains(&"seed install"));
    assert!(played.said(|e| *e == Happened::Stopped { by: Stop::Terminate }));
}

#[tokio::test(start_paused = true)]
async fn a_deployment_is_kept_when_it_was_asked_for_and_not_when_the_run_was_stopped() {
    let kept = async |keep: Keep, ends: Status, stops: bool| {
        let mut scene = Scene::all_well();
        scene.keep = keep;
        if ends != Status::Pass {
            let serves = vec![done("serves", ends, None)];
            scene = scene.says(Phase::Check, Tier::Install, serves);
        }
        if stops {
            scene = scene.on("seed custom", 1, Act::StopAndHang(Stop::Terminate));
        }
        let played = scene.play().await;
        let kept = !played.calls().contains(&"undeploy 90s");
        assert_eq!(
            kept,
            played.notes().iter().any(|n| n.contains("kept: cust-123456.example.org"))
        );
        assert_eq!(kept, played.counts["census"] == 1);
        kept
    };
    assert!(!kept(Keep::Never, Status::Fail, false).await);
    assert!(!kept(Keep::OnFailure, Status::Pass, false).await);
    assert!(kept(Keep::OnFailure, Status::Fail, false).await);
    assert!(kept(Keep::OnFailure, Status::Unver, false).await);
    assert!(!kept(Keep::OnFailure, Status::Fail, true).await);
    assert!(kept(Keep::Always, Status::Pass, false).await);
    assert!(!kept(Keep::Always, Status::Pass, true).await);
}

#[tokio::test(start_paused = true)]
async fn times_are_those_of_the_platform_and_durations_those_of_the_tiers() {
    let played = Scene::all_well()
        .on("deploy", 1, Act::Take(Duration::from_secs(3)))
        .on("check install", 1, Act::Take(Duration::from_secs(2)))
        .play()
        .await;
    let results = played.results();
    assert_eq!(results.stages[0].duration_ms, 5000);
    assert_eq!(results.stages[1].duration_ms, 0);
    let took = results.finished.unwrap() - results.started;
    assert_eq!(took.total(jiff::Unit::Second).unwrap(), 5.0);
    let deployed = results.stages[0].checks.iter().find(|c| c.name == "deployed").unwrap();
    assert_eq!(deployed.duration_ms, 3000);
}
