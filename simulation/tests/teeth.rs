//! Each invariant catches a harness that was broken on purpose, and none is raised against the harness as it is.

use std::sync::OnceLock;

use camino::Utf8PathBuf;
use harness_core::process::BaseEnv;
use harness_local::fault::Fault;
use simulation::subject::Library;
use simulation::{Finished, Flaw, Invariant, Scenario, judge, play, play_broken};

fn library() -> &'static Library {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let scratch = tempfile::tempdir().expect("a folder");
        let dir = Utf8PathBuf::try_from(scratch.path().to_owned()).expect("a UTF-8 path");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(Library::load(&dir, &BaseEnv::capture())).expect("the bundled recipes")
    })
}

fn scenario(recipe: &str, faults: &[&str]) -> Scenario {
    let faults: Vec<Fault> = faults.iter().map(|text| text.parse().expect("a fault")).collect();
    Scenario::sound(7, &library().find(recipe).expect("a bundled recipe")).with(&faults)
}

fn raised(run: &Finished) -> Vec<Invariant> {
    judge(run).into_iter().map(|violation| violation.invariant).collect()
}

/// The broken harness is caught by the invariant, and the same scenario without the breakage is not.
fn caught(recipe: &str, faults: &[&str], flaw: Flaw, invariant: Invariant) {
    let scenario = scenario(recipe, faults);
    let sound = play(&scenario);
    assert_eq!(judge(&sound), [], "the harness as it is");
    let broken = play_broken(&scenario, flaw);
    assert!(
        raised(&broken).contains(&invariant),
        "{flaw:?}: expected {invariant}, seen {:?}; {:?}",
        judge(&broken),
        broken.exit
    );
}

#[test]
fn checks_that_see_nothing_are_a_false_green() {
    caught("custom-html", &["volume-lost"], Flaw::BlindChecks, Invariant::NoFalseGreen);
}

#[test]
fn a_harness_that_blames_the_recipe_is_a_false_red() {
    caught("custom-html", &["registry-429@prepull"], Flaw::BlamesTheRecipe, Invariant::NoFalseRed);
}

#[test]
fn a_harness_without_limits_is_late() {
    caught("custom-html", &["call-hangs@deploy"], Flaw::Deaf, Invariant::VerdictInTime);
}

#[test]
fn a_sweep_that_sweeps_nothing_leaves_something() {
    caught("custom-html", &["kill@event:60"], Flaw::SweepsUnderTheCarpet, Invariant::NothingLeft);
}

#[test]
fn leases_that_nothing_holds_let_a_live_run_be_collected() {
    caught("custom-html", &["gc@event:60"], Flaw::LooseLeases, Invariant::LiveRunKept);
}

#[test]
fn files_written_in_place_are_torn_by_a_kill() {
    let steps = play(&scenario("custom-html", &[])).steps;
    let torn = |flaw: Option<Flaw>| {
        (0..steps)
            .filter(|step| {
                let dying = scenario("custom-html", &[]).dying_in(*step);
                let run = match flaw {
                    Some(flaw) => play_broken(&dying, flaw),
                    None => play(&dying),
                };
                raised(&run).contains(&Invariant::FilesWhole)
            })
            .count()
    };
    assert_eq!(torn(None), 0);
    assert!(torn(Some(Flaw::WritesInPlace)) > 0);
}

#[test]
fn a_harness_that_does_not_know_the_secrets_writes_them_down() {
    caught("ghost", &["secret-in-log", "no-port@upgrade"], Flaw::NoSecrets, Invariant::NoSecret);
}

#[test]
fn a_harness_that_takes_any_commit_tests_another_one() {
    caught("custom-html", &["head-moved"], Flaw::AnyCommit, Invariant::CommitConsented);
}

#[test]
fn a_run_of_no_release_must_not_move_the_last_good_one() {
    caught("custom-html", &[], Flaw::EverythingIsARelease, Invariant::LastGoodKept);
}

#[test]
fn a_harness_that_forgets_a_store_has_no_whole_ledger() {
    caught("ghost", &[], Flaw::Forgets, Invariant::LedgerComplete);
}

#[test]
fn a_lost_dependency_that_looks_as_ever_is_a_false_red() {
    let lost = ["dep-dies@custom"];
    caught("custom-html+keycloak", &lost, Flaw::TrustsTheLost, Invariant::NoFalseRed);
}

#[test]
fn a_harness_that_gives_up_at_what_a_killed_run_left_is_a_false_red() {
    let left = ["dep-realm-there"];
    caught("custom-html+keycloak", &left, Flaw::GivesUp, Invariant::NoFalseRed);
}

#[test]
fn a_lost_dependency_that_is_passed_over_is_a_false_green() {
    let lost = ["dep-dies@custom"];
    caught("custom-html+keycloak", &lost, Flaw::IgnoresTheLost, Invariant::DependencyThere);
}

#[test]
fn a_dependency_that_is_deployed_twice_is_beyond_the_plan() {
    for recipe in ["custom-html+needs", "custom-html+keycloak"] {
        caught(recipe, &[], Flaw::DeploysTwice, Invariant::DeploysPlanned);
    }
}

#[test]
fn a_dependency_that_nobody_removes_is_left() {
    let flaw = Flaw::SweepsUnderTheCarpet;
    caught("custom-html+keycloak", &["dep-realm-there"], flaw, Invariant::NothingLeft);
}

#[test]
fn chance_from_outside_changes_the_log() {
    let scenario = scenario("custom-html", &[]);
    let log = |run: &Finished| serde_json::to_string(&run.events).expect("events are JSON");
    assert_eq!(log(&play(&scenario)), log(&play(&scenario)));
    let broken = |_| log(&play_broken(&scenario, Flaw::Chance));
    let logs: Vec<String> = (0..3).map(broken).collect();
    assert!(logs[0] != logs[1] || logs[1] != logs[2], "three logs by chance are the same");
}
