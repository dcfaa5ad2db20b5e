use super::*;
use crate::census::{Item, Kind};
use crate::name::{Commit, Domain, RecipeName, RunId, StackName};
use crate::plan::PlannedTier;
use crate::platform::{App, Revision};

fn plan() -> Plan {
    let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
    let run_id = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
    let app = App {
        recipe: recipe.clone(),
        stack: StackName::from(&domain),
        domain,
        run: run_id.clone(),
    };
    let of = |tier| PlannedTier {
        tier,
        planned: Planned::Run,
        reason: "asked for".to_owned(),
        checks: Vec::new(),
    };
    Plan {
        run_id,
        recipe,
        app,
        head: Revision { commit: Commit::try_from("9".repeat(40)).unwrap(), version: None },
        base: None,
        tiers: Tier::ALL.into_iter().map(of).collect(),
        deploys: 1,
        source: "bundled".to_owned(),
        pr: None,
        has_suite: true,
        customization: Vec::new(),
    }
}

fn started() -> Happened {
    let platform = PlatformFacts {
        name: "swarm".to_owned(),
        abra: "0.13.0".to_owned(),
        abra_is_stand_in: true,
        engine: "20.10.24".to_owned(),
        host_quirks: Vec::new(),
        stand_ins: Vec::new(),
    };
    Happened::RunStarted {
        at: Timestamp::UNIX_EPOCH,
        plan: Box::new(plan()),
        platform: Box::new(platform),
    }
}

fn tier(tier: Tier, status: Status, class: Option<CauseClass>) -> Happened {
    let cause = class.map(|c| Cause::new(c, "seen"));
    Happened::TierFinished { tier, status, reason: None, cause, duration_ms: 1 }
}

fn census(left_behind: Vec<Item>) -> Happened {
    Happened::CensusTaken { when: CensusTime::After, count: 5, left_behind, error: None }
}

/// A run in which everything passed, as a list to be spoilt.
fn green() -> Vec<Happened> {
    let mut all = vec![
        started(),
        Happened::CensusTaken {
            when: CensusTime::Before,
            count: 5,
            left_behind: Vec::new(),
            error: None,
        },
        Happened::Linted {
            report: LintReport {
                status: LintStatus::Pass,
                rules_failed: Vec::new(),
                reason: None,
                text: String::new(),
            },
        },
        Happened::DeployDone,
    ];
    all.extend(Tier::ALL.map(|t| tier(t, Status::Pass, None)));
    all.push(Happened::TeardownStep { name: "undeploy".to_owned(), error: None });
    all.push(census(Vec::new()));
    all.push(Happened::RunFinished { at: Timestamp::UNIX_EPOCH });
    all
}

fn fold(all: Vec<Happened>) -> Results {
    let events: Vec<Event> = (0..).zip(all).map(|(i, what)| Event { ms: i * 10, what }).collect();
    Results::from_events(&events).unwrap()
}

fn spoilt(change: impl Fn(&mut Vec<Happened>)) -> (RunVerdict, Option<CauseClass>) {
    let mut all = green();
    change(&mut all);
    let results = fold(all);
    (results.verdict, results.cause.map(|c| c.class))
}

#[test]
fn all_right_is_a_pass_of_level_5() {
    let results = fold(green());
    assert_eq!((results.verdict, results.level, results.cause), (RunVerdict::Pass, 5, None));
    assert!(results.flags.clean_teardown && results.flags.no_secret_leak);
    assert_eq!(results.deploys, Deploys { planned: 1, done: 1 });
}

#[test]
fn a_failed_tier_fails_the_run_with_its_cause() {
    let seen = spoilt(|all| all.push(tier(Tier::Upgrade, Status::Fail, Some(CauseClass::Recipe))));
    assert_eq!(seen, (RunVerdict::Fail, Some(CauseClass::Recipe)));
}

#[test]
fn an_unverified_tier_is_not_a_failure() {
    let seen =
        spoilt(|all| all.push(tier(Tier::Install, Status::Unver, Some(CauseClass::Registry))));
    assert_eq!(seen, (RunVerdict::NotVerified, Some(CauseClass::Registry)));
}

#[test]
fn what_is_left_behind_is_never_green() {
    let item = Item { kind: Kind::Volume, name: "x".to_owned(), stack: Some("s".to_owned()) };
    let seen = spoilt(|all| all.push(census(vec![item.clone()])));
    assert_eq!(seen, (RunVerdict::NotVerified, Some(CauseClass::Harness)));
}

#[test]
fn a_deploy_too_many_is_a_defect_of_ours() {
    assert_eq!(
        spoilt(|all| all.push(Happened::DeployDone)),
        (RunVerdict::Error, Some(CauseClass::Harness))
    );
}

#[test]
fn a_leaked_secret_is_never_green() {
    let seen = spoilt(|all| all.push(Happened::SecretLeaked { artefact: "lint.txt".to_owned() }));
    assert_eq!(seen, (RunVerdict::Error, Some(CauseClass::Harness)));
}

#[test]
fn a_run_that_was_killed_has_results_and_is_not_green() {
    let whole = green();
    for cut in 1..whole.len() - 1 {
        let results = fold(whole[..cut].to_vec());
        assert_eq!(results.verdict, RunVerdict::NotVerified, "cut at {cut}");
    }
}

#[test]
fn lint_changes_the_level_and_not_the_verdict() {
    let failed = LintReport {
        status: LintStatus::Fail,
        rules_failed: Vec::new(),
        reason: None,
        text: String::new(),
    };
    let mut all = green();
    all.push(Happened::Linted { report: failed });
    let results = fold(all);
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 4));
}

#[test]
fn time_in_no_phase_is_ours() {
    let start = |phase: &str| Happened::PhaseStarted {
        phase: phase.to_owned(),
        tier: None,
        waited_on: WaitedOn::Platform,
    };
    let end = |phase: &str| Happened::PhaseFinished { phase: phase.to_owned(), ok: true };
    let at = |ms, what| Event { ms, what };
    let events = [
        at(0, started()),
        at(10, start("a")),
        at(30, end("a")),
        at(35, start("b")),
        at(50, end("b")),
    ];
    let results = Results::from_events(&events).unwrap();
    let spans: Vec<_> =
        results.phases.iter().map(|p| (p.name.as_str(), p.start_ms, p.end_ms)).collect();
    assert_eq!(spans, [("between", 0, 10), ("a", 10, 30), ("between", 30, 35), ("b", 35, 50)]);
}

#[test]
fn results_survive_their_own_json() {
    let results = fold(green());
    let text = serde_json::to_string(&results).unwrap();
    assert_eq!(serde_json::from_str::<Results>(&text).unwrap(), results);
}
