use std::time::Duration;

use harness_core::name::StackName;
use jiff::Timestamp;

use super::*;

fn stack() -> StackName {
    StackName::try_from("a_stack".to_owned()).unwrap()
}

/// Returns a history with one track: texts, each with how many milliseconds it is shown.
fn history(track: &[(&str, u64)]) -> History {
    let (mut at, mut shown) = (Timestamp::UNIX_EPOCH, Vec::new());
    for (text, ms) in track {
        let to = at + Duration::from_millis(*ms);
        shown.push(Shown { text: (*text).to_owned(), from: at, to });
        at = to;
    }
    let mut history = History::default();
    history.tracks.insert("app".to_owned(), shown);
    history
}

#[test]
fn what_stands_must_be_shown_by_both_in_the_same_order() {
    let check = |real: &[(&str, u64)], memory: &[(&str, u64)], same: bool| {
        let found = compare(&history(real), &history(memory));
        assert_eq!(found.is_empty(), same, "{real:?} {memory:?} {found:?}");
    };
    let slow = [("coming", 3000), ("running", 4000)];
    check(&slow, &[("coming", 10), ("running", 4000)], true);
    check(&slow, &[("blink", 900), ("coming", 10), ("running", 4000)], true);
    check(&slow, &[("running", 4000)], false);
    check(&slow, &[("coming", 10), ("failed", 10), ("running", 10)], true);
    check(&slow, &[("running", 4000), ("coming", 3000)], false);
    check(&slow, &[("coming", 10), ("failed", 1500), ("running", 4000)], false);
    check(&slow, &[("coming", 10), ("running", 2000), ("failed", 2000)], false);
    check(&[], &[("running", 2000)], false);
}

#[test]
fn answers_must_be_the_same_and_no_task_goes_back() {
    let (real, mut memory) = (history(&[]), history(&[]));
    memory.said.push("done".to_owned());
    assert!(matches!(compare(&real, &memory)[..], [Difference::Said { .. }]));
    let mut real = memory.clone();
    real.backwards.push("#1 went from Running to Pending".to_owned());
    assert!(matches!(compare(&real, &memory)[..], [Difference::Backwards { .. }]));
}

#[test]
fn what_an_engine_says_comes_to_a_word() {
    let said = "rpc error: code = FailedPrecondition desc = network x is in use by service y";
    assert_eq!(outcome(said), "it is in use");
    assert_eq!(outcome("anything else"), "anything else");
}

/// Seeds differ in what comes a moment sooner or later, and in nothing that lasts.
#[tokio::test]
async fn every_scenario_ends_the_same_way_with_every_seed() {
    for scenario in scenarios() {
        let mut first = None;
        for seed in SEEDS {
            let mut memory = Memory::new(&scenario, stack(), seed);
            let history = play(&scenario, &mut memory).await.unwrap();
            assert_eq!(history.backwards, [""; 0], "{}", scenario.name);
            let last = |track: &Vec<Shown>| track.last().unwrap().text.clone();
            let end: Vec<String> = history.tracks.values().map(last).collect();
            assert_eq!(first.get_or_insert_with(|| end.clone()), &end, "seed {seed}\n{history}");
        }
    }
}

#[test]
fn every_scenario_has_a_name_of_its_own() {
    let mut names: Vec<&str> = scenarios().iter().map(|s| s.name).collect();
    names.sort_unstable();
    let count = names.len();
    names.dedup();
    assert!(count == names.len() && count >= 22, "{names:?}");
}
