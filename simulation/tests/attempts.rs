//! A backup that is wrong once is made again and said to be a flake; one that stays wrong is red.

use camino::Utf8PathBuf;
use harness_core::process::BaseEnv;
use harness_core::report::RunVerdict;
use harness_core::tier::{Status, Tier};
use harness_local::fault::Fault;
use simulation::subject::Library;
use simulation::{Finished, Flaw, Invariant, Scenario, judge, play, play_broken};

fn library() -> Library {
    let scratch = tempfile::tempdir().expect("a folder");
    let dir = Utf8PathBuf::try_from(scratch.path().to_owned()).expect("a UTF-8 path");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(Library::load(&dir, &BaseEnv::capture())).expect("the bundled recipes")
}

fn scenario(library: &Library, recipe: &str, fault: &str) -> Scenario {
    let fault: Fault = fault.parse().expect("a fault");
    Scenario::sound(7, &library.find(recipe).expect("a bundled recipe")).with(&[fault])
}

/// Returns how many attempts there were, how the tier ended, and how the run did.
fn ended(run: &Finished) -> (usize, Status, RunVerdict) {
    let results = run.results.as_ref().expect("it was not killed");
    let stage = results.stages.iter().find(|s| s.tier == Tier::Backup).expect("every tier");
    (stage.attempts.len(), stage.status, results.verdict)
}

#[test]
fn a_backup_that_is_wrong_is_made_again_at_most_twice() {
    let library = library();
    for (recipe, fault) in [
        ("ghost", "hook-fails"),
        ("custom-html", "dump-truncated"),
        ("custom-html", "dump-empty"),
        ("custom-html", "volume-missed"),
    ] {
        for times in [1, 2] {
            let run = play(&scenario(&library, recipe, &format!("{fault}:{times}")));
            assert_eq!(ended(&run), (times + 1, Status::Pass, RunVerdict::Pass), "{fault}:{times}");
            let results = run.results.as_ref().expect("it was not killed");
            assert_eq!((results.flakes.len(), results.level), (1, 5), "{fault}:{times}");
            assert_eq!(judge(&run), [], "{fault}:{times}");
        }
        let lasting = format!("{fault}:3");
        let run = play(&scenario(&library, recipe, &lasting));
        assert_eq!(ended(&run), (3, Status::Fail, RunVerdict::Fail), "{lasting}");
        assert_eq!(judge(&run), [], "{lasting}");
    }
    // A killed run leaves what a killed run leaves, whichever attempt it was in.
    let flaky = scenario(&library, "custom-html", "dump-empty:2");
    let events = play(&flaky).events.len() as u64;
    for event in (0..events).step_by(5) {
        assert_eq!(judge(&play(&flaky.killed_at(event))), [], "killed at {event}");
    }
    // One of which nothing says that it was wrong is a false green.
    let silent = play_broken(&flaky, Flaw::BlindChecks);
    let raised: Vec<_> = judge(&silent).into_iter().map(|v| v.invariant).collect();
    assert!(raised.contains(&Invariant::NoFalseGreen), "{raised:?}");
}
