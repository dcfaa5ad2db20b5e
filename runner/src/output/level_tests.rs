use harness_core::event::{Event, Happened};
use harness_core::lint::{LintReport, RuleFailed};
use harness_core::name::{Commit, Domain, RecipeName, RunId, StackName};
use harness_core::plan::{Input, decide};
use harness_core::platform::{App, PlatformFacts, Revision};
use harness_core::suite::Settings;
use jiff::Timestamp;
use rstest::rstest;

use super::*;

/// The results of a run whose tiers ended like this, each with a reason of its own.
fn results(statuses: [Status; 5], lint: LintStatus, has_custom: bool) -> Results {
    let recipe = RecipeName::try_from("ghost".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let checks = if has_custom { vec!["custom::page".to_owned()] } else { Vec::new() };
    let plan = decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &Settings::default(),
        stages: &Tier::USUAL,
        head: &Revision { commit: Commit::try_from("2".repeat(40)).unwrap(), version: None },
        releases: &[],
        default_branch: None,
        backup_labels: true,
        checks: &checks,
        has_suite: has_custom,
        brings: harness_core::plan::Brings::default(),
        source: "bundled",
        pr: None,
        deps: &[],
    });
    let platform = Box::new(PlatformFacts {
        name: "embedded".to_owned(),
        abra: String::new(),
        abra_is_stand_in: true,
        engine: String::new(),
        host_quirks: Vec::new(),
        stand_ins: Vec::new(),
    });
    let reasons: Vec<_> = plan.tiers.iter().map(|t| t.reason.clone()).collect();
    let mut what =
        vec![Happened::RunStarted { at: Timestamp::UNIX_EPOCH, plan: Box::new(plan), platform }];
    for ((tier, status), reason) in Tier::USUAL.into_iter().zip(statuses).zip(reasons) {
        let reason = (status != Status::Pass).then_some(reason);
        what.push(Happened::TierFinished { tier, status, reason, cause: None, duration_ms: 0 });
    }
    let rule = RuleFailed { rule: "R014".to_owned(), is_error: true, text: String::new() };
    let report =
        LintReport { status: lint, rules_failed: vec![rule], reason: None, text: String::new() };
    what.push(Happened::Linted { report });
    let events: Vec<_> = what.into_iter().map(|what| Event { ms: 0, what }).collect();
    Results::from_events(&events).unwrap()
}

const PASS: [Status; 5] = [Status::Pass; 5];

#[rstest]
#[case(LintStatus::Pass, None)]
#[case(
    LintStatus::Fail,
    Some("5 lint is fail: R014 (lint.txt says more; `cc-ci lint` does it alone)")
)]
fn at_the_top_nothing_is_in_the_way(#[case] lint: LintStatus, #[case] expected: Option<&str>) {
    assert_eq!(what_would_raise_it(&results(PASS, lint, true)).as_deref(), expected);
}

#[test]
fn a_recipe_without_a_suite_is_told_how_to_get_one() {
    let mut statuses = PASS;
    statuses[4] = Status::Skip;
    assert_eq!(
        what_would_raise_it(&results(statuses, LintStatus::Pass, false)).as_deref(),
        Some("4 functional is unver: no suite; `cc-ci new ghost` writes one to begin with")
    );
}

#[test]
fn the_lowest_rung_in_the_way_is_named_with_its_reason() {
    let mut statuses = PASS;
    statuses[3] = Status::Fail;
    statuses[4] = Status::Fail;
    assert_eq!(
        what_would_raise_it(&results(statuses, LintStatus::Pass, true)).as_deref(),
        Some("3 backup_restore is fail: the recipe claims backups")
    );
}
