use harness_core::event::{Event, Happened, WaitedOn};
use harness_core::name::{Commit, Domain, RecipeName, RunId, StackName, Version};
use harness_core::plan::{Input, decide};
use harness_core::platform::{App, PlatformFacts, Revision};
use harness_core::suite::Settings;
use jiff::Timestamp;

use super::*;

fn plan(stages: &[Tier]) -> Plan {
    let recipe = RecipeName::try_from("ghost".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let version = |text: &str| Version::try_from(text.to_owned()).unwrap();
    let commit = |digit: &str| Commit::try_from(digit.repeat(40)).unwrap();
    decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &Settings::default(),
        stages,
        head: &Revision { commit: commit("2"), version: Some(version("2.0.0+2")) },
        releases: &[(version("1.0.0+1"), commit("1"))],
        default_branch: None,
        backup_labels: true,
        checks: &["custom::right".to_owned()],
        has_suite: true,
        brings: harness_core::plan::Brings::default(),
        source: "bundled",
        pr: None,
        deps: &[],
    })
}

fn run(platform: &str, verdict: RunVerdict, phases: &[(&str, Option<Tier>, u64, u64)]) -> Results {
    let facts = PlatformFacts {
        name: platform.to_owned(),
        abra: String::new(),
        abra_is_stand_in: true,
        engine: String::new(),
        host_quirks: Vec::new(),
        stand_ins: Vec::new(),
    };
    let plan = Box::new(plan(&Tier::USUAL));
    let what = Happened::RunStarted { at: Timestamp::UNIX_EPOCH, plan, platform: Box::new(facts) };
    let mut results = Results::from_events(&[Event { ms: 0, what }]).unwrap();
    results.verdict = verdict;
    let span = |(name, tier, start_ms, end_ms): &(&str, Option<Tier>, u64, u64)| PhaseSpan {
        name: (*name).to_owned(),
        tier: *tier,
        start_ms: *start_ms,
        end_ms: *end_ms,
        waited_on: WaitedOn::Platform,
    };
    results.phases = phases.iter().map(span).collect();
    results
}

fn of(took: u64) -> Results {
    let phases = [
        ("between", None, 0, 10),
        ("deploy", Some(Tier::Install), 10, 10 + took),
        ("check", Some(Tier::Install), 10 + took, 15 + took),
        ("redeploy", Some(Tier::Upgrade), 15 + took, 115 + took),
    ];
    run("swarm", RunVerdict::Pass, &phases)
}

#[test]
fn the_medians_of_the_phases_of_all_runs_are_added_up() {
    let expected = expect(&plan(&Tier::USUAL), &[of(1), of(9000), of(20)]);
    let tiers_ms = BTreeMap::from([(Tier::Install, 25), (Tier::Upgrade, 100)]);
    let swarm = Expected { platform: "swarm".to_owned(), runs: 3, total_ms: 135, tiers_ms };
    assert_eq!(expected, [swarm]);
}

#[test]
fn a_tier_that_is_left_out_takes_no_time() {
    let expected = expect(&plan(&[Tier::Install]), &[of(1)]);
    assert_eq!(expected[0].total_ms, 16);
    assert_eq!(expected[0].tiers_ms.keys().collect::<Vec<_>>(), [&Tier::Install]);
}

#[test]
fn a_run_of_another_recipe_or_that_did_not_pass_says_nothing() {
    let failed = run("swarm", RunVerdict::Fail, &[("deploy", None, 0, 600_000)]);
    let mut other = of(1);
    other.recipe = "custom-html".to_owned();
    assert_eq!(expect(&plan(&Tier::USUAL), &[failed, other]), []);
}

#[test]
fn each_platform_has_its_own_history() {
    let embedded = run("embedded", RunVerdict::Pass, &[("deploy", Some(Tier::Install), 0, 5)]);
    let expected = expect(&plan(&Tier::USUAL), &[of(1), embedded, of(2)]);
    let seen: Vec<_> = expected.iter().map(|e| (e.platform.as_str(), e.runs, e.total_ms)).collect();
    assert_eq!(seen, [("embedded", 1, 5), ("swarm", 2, 116)]);
}

#[test]
fn what_is_done_at_once_is_counted_once() {
    let phases = [("lint", None, 0, 50), ("deploy", Some(Tier::Install), 10, 40)];
    let expected = expect(&plan(&Tier::USUAL), &[run("swarm", RunVerdict::Pass, &phases)]);
    assert_eq!(expected[0].total_ms, 50);
}

#[test]
fn runs_are_read_from_their_folders_and_what_is_none_is_left_out() {
    let guard = tempfile::tempdir().unwrap();
    let out = Utf8Path::from_path(guard.path()).unwrap();
    assert_eq!(read(&out.join("none")), []);
    for (name, text) in [("a", serde_json::to_string(&of(1)).unwrap()), ("b", "{}".to_owned())] {
        std::fs::create_dir(out.join(name)).unwrap();
        std::fs::write(out.join(name).join("results.json"), text).unwrap();
    }
    std::fs::create_dir(out.join("c")).unwrap();
    assert_eq!(read(out), [of(1)]);
}
