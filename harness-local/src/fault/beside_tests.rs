//! Faults of what an app needs begin when they should, and do what they say. The app that is played is such a one.

use std::time::Duration;

use harness_core::platform::Attachment;
use harness_core::run_file::{Claims, Consumer, Health, Phase, RunFile, SCHEMA};
use harness_core::tier::Tier;
use tokio::time::Instant;

use super::Fault;
use super::play::{Player, app, recipe};
use super::script::Call;

/// Returns a player whose app is one that another needs.
fn beside(fault: &str) -> Player {
    let mut player = Player::new(&[fault]);
    player.platform = player.platform.beside(vec![app().recipe]);
    player
}

/// Returns what trials are told; of the app that is needed, if they are to make it ready.
fn trials(phase: Phase, tier: Tier) -> RunFile {
    let consumer =
        (phase == Phase::Provide).then(|| Consumer { app: app(), redirects: Vec::new() });
    RunFile {
        schema: SCHEMA,
        app: app(),
        attachment: Attachment::InProcess,
        tier,
        phase,
        health: Health { path: "/".to_owned(), ok: vec![200] },
        head: recipe().head.clone(),
        base: None,
        services: Vec::new(),
        routed: true,
        upgrade: None,
        snapshot: None,
        not_across: None,
        claims: Claims::default(),
        stores: Vec::new(),
        unrecognized: Vec::new(),
        unprotected: std::collections::BTreeMap::new(),
        facts: std::collections::BTreeMap::new(),
        deps: std::collections::BTreeMap::new(),
        consumer,
        repo_tests: Vec::new(),
        without_suite: false,
        browser: None,
        out: "/out".into(),
    }
}

fn took_effect(player: &Player) -> bool {
    !player.platform.took_effect().is_empty()
}

/// Returns whether the app serves a minute later.
async fn serves_later(player: &Player) -> bool {
    player.platform.shared().pass(Duration::from_mins(1)).await;
    player.platform.inner().serves(&app())
}

#[tokio::test(start_paused = true)]
async fn a_slow_one_answers_slowly() {
    let took = async |player: Player| {
        let began = Instant::now();
        assert_eq!(player.answered().await.status, 200);
        (began.elapsed(), took_effect(&player))
    };
    let (plain, _) = took(Player::new(&[])).await;
    let (slow, effect) = took(beside("dep-slow:8")).await;
    assert!(slow >= plain + Duration::from_secs(2) && effect, "{slow:?} {plain:?}");
    let (other, effect) = took(Player::new(&["dep-slow:8"])).await;
    assert!(other == plain && !effect, "the app under test is none that is needed");
}

#[tokio::test(start_paused = true)]
async fn one_that_dies_while_it_is_made_ready_is_gone_before_the_app_is_made() {
    for (fault, comes_back) in [("dep-dies@provide", false), ("dep-restarts@provide", true)] {
        let player = beside(fault);
        player.answered().await;
        player.platform.trials_begin(&trials(Phase::Check, Tier::Install));
        player.platform.catch_up(Call::Create);
        assert!(took_effect(&player), "{fault}");
        assert_eq!(serves_later(&player).await, comes_back, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_dies_in_a_tier_lives_until_then() {
    for (fault, comes_back) in [("dep-dies@backup", false), ("dep-restarts@backup", true)] {
        let player = beside(fault);
        player.answered().await;
        player.platform.catch_up(Call::Create);
        for tier in [Tier::Install, Tier::Custom] {
            for phase in [Phase::Seed, Phase::Check] {
                player.platform.trials_begin(&trials(phase, tier));
            }
        }
        assert!(serves_later(&player).await && !took_effect(&player), "{fault}");
        for phase in [Phase::Seed, Phase::Check] {
            player.platform.trials_begin(&trials(phase, Tier::Backup));
        }
        // What was to happen at a request that never came happens at the next thing that the run does.
        player.platform.catch_up(Call::Get);
        assert!(took_effect(&player), "{fault}");
        assert_eq!(serves_later(&player).await, comes_back, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_only_a_provider_suffers_does_nothing_to_another_app() {
    for fault in ["dep-realm-there", "dep-token-expired"] {
        let player = beside(fault);
        player.answered().await;
        player.platform.trials_begin(&trials(Phase::Provide, Tier::Install));
        player.platform.catch_up(Call::Create);
        assert!(!took_effect(&player) && serves_later(&player).await, "{fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_that_of_what_is_needed_alone() {
    let fault: Fault = "dep-clock:-5m".parse().unwrap();
    let player = beside("dep-clock:-5m");
    player.answered().await;
    assert_eq!(player.platform.took_effect(), [fault]);
    let player = Player::new(&["dep-clock:-5m"]);
    player.answered().await;
    assert!(!took_effect(&player));
}
