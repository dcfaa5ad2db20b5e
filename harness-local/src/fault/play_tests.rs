//! Each class does what it says, and nothing differs without it.

use std::time::Duration;

use harness_core::observation::UpdatePhase;
use harness_core::platform::Platform;

use super::play::{Played, Player, app, play, recipe, service};
use super::{CLASSES, Kind};

/// Plays a fault that must come to something.
async fn of(fault: &str) -> Played {
    let played = play(&[fault]).await;
    assert_eq!(played.took_effect, [fault], "{:#?}", played.steps);
    played
}

/// Plays a fault by which these steps fail, the first of them for this reason, and leaves nothing behind.
async fn fails(fault: &str, steps: &[&str], reason: &str) -> Played {
    let played = of(fault).await;
    assert_eq!(played.failed(), steps, "{fault}: {:#?}", played.steps);
    if let Some(first) = steps.first() {
        assert!(played.came(first).contains(reason), "{fault}: {}", played.came(first));
    }
    assert_eq!(played.left, 0, "{fault}");
    played
}

#[tokio::test(start_paused = true)]
async fn without_a_fault_all_is_well_and_nothing_differs() {
    let plain = play(&[]).await;
    assert_eq!(plain.failed(), Vec::<&str>::new(), "{:#?}", plain.steps);
    assert_eq!((plain.took_effect.len(), plain.left), (0, 0));
    assert_eq!(plain.deployed, [recipe().base.commit.clone(), recipe().head.commit.clone()]);
    // One that is never reached changes nothing either, not even a moment.
    let unreached = play(&["task-killed@prune", "kill@event:3"]).await;
    assert_eq!(unreached.took_effect, Vec::<String>::new());
    assert_eq!(unreached.steps, plain.steps);
}

#[tokio::test(start_paused = true)]
async fn an_app_that_does_not_come_up_is_seen_at_its_deploy() {
    fails("crash-loop", &["converge"], "keeps crashing: 3 attempts").await;
    fails("crash-loop@upgrade", &["converge head"], "rolled back").await;
    fails("never-healthy@install", &["converge"], "unhealthy").await;
    fails("init-killed", &["converge"], "keeps crashing").await;
    let two = fails("crash-loop:2@install", &[], "").await;
    assert!(two.took("converge") > play(&[]).await.took("converge"));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_answers_wrongly_is_seen_at_its_answer() {
    fails("wrong-status@install", &["answer"], "503").await;
    fails("wrong-status:404@upgrade", &["answer head"], "404").await;
    fails("route-lost@install", &["answer"], "404").await;
    fails("no-port@upgrade", &["answer head"], "502").await;
}

#[tokio::test(start_paused = true)]
async fn what_only_a_suite_sees_is_there_to_be_seen() {
    for (fault, media_type, body) in [
        ("wrong-type@install", "application/octet-stream", ""),
        ("wrong-page@install", "text/html", "Another app"),
    ] {
        let player = Player::new(&[fault]);
        let answer = player.answered().await;
        assert_eq!(answer.media_type().unwrap_or_default(), media_type, "{fault}");
        assert!(answer.text().contains(body), "{fault}: {}", answer.text());
    }
}

#[tokio::test(start_paused = true)]
async fn a_log_holds_what_was_ordered() {
    let secrets = Player::new(&["secret-in-log@install"]);
    secrets.answered().await;
    let secret = secrets.platform.secrets()[0].expose().to_owned();
    let lines = secrets.platform.logs(&app(), &service(), 30).await.unwrap();
    assert!(lines.iter().any(|l| l.contains(&secret)), "{lines:?}");
    let flood = Player::new(&["log-flood@install"]);
    flood.answered().await;
    let lines = flood.platform.logs(&app(), &service(), 1000).await.unwrap();
    assert!(lines.iter().any(|l| l.len() > 1_000_000));
    assert!(
        lines.iter().any(|l| l.contains('\u{fffd}')) && lines.iter().any(|l| l.contains('\u{1b}'))
    );
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_goes_wrong_as_ordered() {
    fails("long-secret", &["create"], "64 characters").await;
    let lost = of("volume-lost").await;
    assert_ne!(lost.came("survives"), "ok");
    fails("rolled-back", &["converge head"], "rolled back").await;
    fails("update-paused", &["converge head"], "paused").await;
    let vacuous = fails("vacuous-upgrade", &[], "").await;
    let image = |o: &Option<harness_core::observation::Observation>| {
        o.as_ref().unwrap().service(&service()).unwrap().image.clone()
    };
    assert_eq!(image(&vacuous.before), image(&vacuous.after));
    let left = fails("service-left", &[], "").await;
    assert_eq!(left.after.unwrap().services.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_backup_or_restore_loses_what_was_ordered() {
    let hook = fails("hook-fails", &[], "").await;
    assert!(hook.snapshot.unwrap().hook_errors[0].contains("exit code 1"));
    let silent = fails("hook-silent", &[], "").await;
    let snapshot = silent.snapshot.unwrap();
    assert!(
        snapshot.hook_errors.is_empty() && !snapshot.paths.iter().any(|p| p.ends_with("dump.sql"))
    );
    assert!(play(&[]).await.snapshot.unwrap().paths.iter().any(|p| p.ends_with("dump.sql")));
    fails("dump-truncated", &["read"], "orig").await;
    fails("dump-empty", &["read"], "").await;
    fails("volume-missed", &["read"], "mutated").await;
    fails("restore-nothing", &["read"], "mutated").await;
    fails("restore-half", &["read"], "orig").await;
    fails("restore-hook-fails", &["restore"], "own log names errors").await;
}

#[tokio::test(start_paused = true)]
async fn the_agents_repository_cannot_be_used() {
    let locked = fails("repository-locked", &["backup"], "host: the repository").await;
    assert!(locked.came("backup").contains("is locked by another process"));
    fails("repository-full@backup", &["backup"], "has no space left").await;
    fails("repository-gone@restore", &["restore", "read"], "cannot be reached").await;
}

#[tokio::test(start_paused = true)]
async fn images_cannot_be_had() {
    fails("registry-429@prepull", &["pull"], "registry: the engine could not pull").await;
    fails("registry-timeout@prepull@install", &["pull"], "was not pulled within").await;
    fails("image-gone@prepull@upgrade", &["pull head"], "manifest unknown").await;
    let slow = fails("slow-pull:7m@prepull", &[], "").await;
    assert!(slow.took("pull") >= Duration::from_mins(7));
}

#[tokio::test(start_paused = true)]
async fn a_slow_but_healthy_starter_comes_up() {
    let slow = fails("slow-boot:17m@install", &[], "").await;
    assert!(slow.took("converge") >= Duration::from_mins(17));
    let slow = fails("slow-boot:17m@upgrade", &[], "").await;
    assert!(slow.took("converge head") >= Duration::from_mins(17));
    let (plain, slow) = (play(&[]).await, fails("host-slow:4", &[], "").await);
    assert!(slow.took("converge") > plain.took("converge") + Duration::from_millis(300));
    assert!(slow.took("create") >= Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_container_that_the_host_kills_comes_back() {
    let killed = of("task-killed@backup").await;
    assert_eq!(killed.came("backup"), "ok");
    fails("task-killed@answer@install", &[], "").await;
}

#[tokio::test(start_paused = true)]
async fn an_engine_that_is_gone_comes_back() {
    let gone = fails("engine-gone:10s@converge@install", &[], "").await;
    assert!(gone.took("converge") >= Duration::from_secs(10));
    let for_ever = of("engine-gone@pull".replace("pull", "prepull").as_str()).await;
    assert!(for_ever.came("pull").starts_with("host:"), "{}", for_ever.came("pull"));
    assert!(for_ever.came("undeploy").starts_with("host:"));
}

#[tokio::test(start_paused = true)]
async fn a_call_hangs_until_its_limit_or_fails() {
    let hung = of("call-hangs@deploy").await;
    assert!(hung.came("deploy").starts_with("harness: it ran past its limit"));
    assert!(hung.took("deploy") >= Duration::from_mins(2));
    fails("call-fails@create", &["create"], "host: no space left").await;
    fails("call-fails@backup", &["backup"], "host:").await;
    fails("call-fails@lint", &["lint"], "host:").await;
    fails("call-hangs@answer", &[], "").await;
    fails("logs-gone", &["logs"], "host:").await;
    fails("census-fails", &["census after"], "host:").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_busy_is_free_a_little_later() {
    let busy = fails("network-busy:10s", &[], "").await;
    let took = busy.took("undeploy");
    assert!((10..12).contains(&took.as_secs()), "{took:?}");
    let busy = fails("volume-busy:2s", &[], "").await;
    assert!((2..4).contains(&busy.took("remove").as_secs()), "{:?}", busy.took("remove"));
    let refused = of("exec-409:3s@restore").await;
    assert!(refused.came("read").contains("no container of"), "{}", refused.came("read"));
}

#[tokio::test(start_paused = true)]
async fn an_update_says_what_was_ordered() {
    let plain = play(&[]).await;
    let lingers = fails("update-lingers:30s", &[], "").await;
    assert!(lingers.took("converge head") >= plain.took("converge head") + Duration::from_secs(25));
    let stale = fails("stale-update", &[], "").await;
    let update = stale.before.unwrap().services[0].update.clone().unwrap();
    assert!(update.message.contains("long ago"), "{}", update.message);
    let update = stale.after.unwrap().services[0].update.clone().unwrap();
    assert_eq!(update.phase, UpdatePhase::Completed);
    assert!(!update.message.contains("long ago"), "{}", update.message);
    let pauses = of("update-pauses:2s").await;
    assert!(pauses.came("converge head").contains("paused"), "{}", pauses.came("converge head"));
}

#[tokio::test(start_paused = true)]
async fn events_that_come_otherwise_change_no_outcome() {
    let plain = play(&[]).await;
    for fault in
        ["events-late:20s", "events-twice", "events-shuffled:5s", "events-lost:0.9", "events-none"]
    {
        let played = fails(fault, &[], "").await;
        // Only when it is looked: as often as without any event.
        let later = played.took("converge").saturating_sub(plain.took("converge"));
        assert!(later < Duration::from_millis(300), "{fault}: {later:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_head_that_moved_is_deployed_under_its_own_name() {
    let moved = of("head-moved@place@upgrade").await;
    assert_eq!(moved.deployed, [recipe().base.commit.clone(), recipe().base.commit.clone()]);
    let labels = &moved.after.unwrap().services[0].labels;
    assert!(labels.values().any(|v| v == recipe().base.commit.short()), "{labels:?}");
}

#[tokio::test(start_paused = true)]
async fn the_same_faults_and_seed_give_the_same_run() {
    let faults = ["host-slow:3", "events-lost:0.5", "task-killed@backup", "call-fails@logs"];
    let (one, two) = (play(&faults).await, play(&faults).await);
    assert_eq!((one.steps, one.took_effect), (two.steps, two.took_effect));
}

#[test]
fn every_class_that_is_played_here_has_a_test_here() {
    let text = [include_str!("play_tests.rs"), include_str!("beside_tests.rs")].concat();
    for class in CLASSES.iter().filter(|c| c.kind != Kind::Process) {
        let named = format!("\"{}", class.name);
        assert!(text.contains(&named), "{} has no test", class.name);
    }
}
