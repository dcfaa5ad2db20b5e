//! What becomes of a run when something is wrong with what its recipe needs.

use std::sync::OnceLock;

use camino::Utf8PathBuf;
use harness_core::cause::CauseClass;
use harness_core::process::BaseEnv;
use harness_core::report::RunVerdict;
use harness_core::tier::{Status, Tier};
use harness_local::fault::Fault;
use simulation::subject::Library;
use simulation::{Finished, Scenario, judge, play};

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

/// Plays a fault that must come to something, and in which every invariant is kept.
fn run(recipe: &str, seed: u64, fault: &str) -> Finished {
    let subject = library().find(recipe).expect("a bundled recipe");
    let parsed: Fault = fault.parse().expect("a fault");
    let run = play(&Scenario::sound(seed, &subject).with(&[parsed]));
    assert_eq!(judge(&run), [], "{recipe}, {fault}, seed {seed}");
    assert_eq!(run.happened, [parsed], "{recipe}, seed {seed}");
    run
}

fn verdict(run: &Finished) -> (RunVerdict, Option<CauseClass>) {
    let results = run.results.as_ref().expect("it was not killed");
    (results.verdict, results.cause.as_ref().map(|cause| cause.class))
}

const PROVIDED: &str = "custom-html+keycloak";

#[test]
fn what_the_harness_can_get_over_is_green() {
    for fault in ["dep-realm-there", "dep-token-expired", "dep-clock:+50s", "dep-clock:-50s"] {
        for seed in 0..6 {
            assert_eq!(verdict(&run(PROVIDED, seed, fault)), (RunVerdict::Pass, None), "{fault}");
        }
    }
    assert_eq!(verdict(&run(PROVIDED, 1, "dep-slow:3")), (RunVerdict::Pass, None));
}

#[test]
fn what_makes_a_provider_useless_is_the_hosts_and_the_rest_is_judged() {
    let host = (RunVerdict::NotVerified, Some(CauseClass::Host));
    for fault in ["dep-clock:+5m", "dep-clock:-5m", "dep-slow:50"] {
        let run = run(PROVIDED, 1, fault);
        assert_eq!(verdict(&run), host, "{fault}");
        let results = run.results.expect("it was not killed");
        let install = results.stages.iter().find(|s| s.tier == Tier::Install).expect("every tier");
        let of = |name: &str| install.checks.iter().find(|c| c.name == name).map(|c| c.status);
        let seen = (of("converged"), of("person_logs_in"));
        assert_eq!(seen, (Some(Status::Pass), Some(Status::Unver)), "{fault}");
    }
}

#[test]
fn a_provider_that_is_lost_in_a_tier_is_never_green_and_nobodys_fault() {
    let lost = (RunVerdict::NotVerified, Some(CauseClass::Host));
    for tier in Tier::USUAL {
        let runs = (0..12).map(|seed| {
            let subject = library().find(PROVIDED).expect("a bundled recipe");
            let fault: Fault = format!("dep-dies@{tier}").parse().expect("a fault");
            let run = play(&Scenario::sound(seed, &subject).with(&[fault]));
            assert_eq!(judge(&run), [], "{tier}, seed {seed}");
            run
        });
        let missed: Vec<Finished> = runs.filter(|run| !run.missed.is_empty()).collect();
        assert!(missed.len() > 3, "{tier}: {}", missed.len());
        for run in missed {
            assert_eq!(verdict(&run), lost, "{tier}, seed {}", run.scenario.seed);
        }
    }
}
