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
        tiers: Tier::USUAL.into_iter().map(of).collect(),
        deploys: 1,
        across_versions: None,
        source: "bundled".to_owned(),
        pr: None,
        has_suite: true,
        customization: Vec::new(),
        deps: Vec::new(),
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
    all.extend(Tier::USUAL.map(|t| tier(t, Status::Pass, None)));
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

#[test]
fn an_unverified_tier_without_a_cause_gives_its_reason_as_ours() {
    let mut all = green();
    all.push(Happened::TierFinished {
        tier: Tier::Custom,
        status: Status::Unver,
        reason: Some("every check was skipped".to_owned()),
        cause: None,
        duration_ms: 1,
    });
    let cause = fold(all).cause.unwrap();
    assert_eq!(cause.class, CauseClass::Harness);
    assert_eq!(cause.evidence, "custom: every check was skipped");
}

#[test]
fn the_first_failure_is_the_verdict_and_outweighs_what_was_not_verified() {
    let mut all = green();
    all.push(tier(Tier::Install, Status::Unver, Some(CauseClass::Host)));
    all.push(tier(Tier::Restore, Status::Fail, Some(CauseClass::App)));
    all.push(tier(Tier::Custom, Status::Fail, Some(CauseClass::Recipe)));
    let results = fold(all);
    assert_eq!(results.verdict, RunVerdict::Fail);
    assert_eq!(results.cause.unwrap().evidence, "restore: seen");
}

#[test]
fn a_deploy_too_few_is_a_defect_of_ours_only_if_the_install_passed() {
    let without = |all: &mut Vec<Happened>| all.retain(|e| *e != Happened::DeployDone);
    assert_eq!(spoilt(without), (RunVerdict::Error, Some(CauseClass::Harness)));
    let seen = spoilt(|all| {
        without(all);
        all.push(tier(Tier::Install, Status::Fail, Some(CauseClass::Recipe)));
    });
    assert_eq!(seen, (RunVerdict::Fail, Some(CauseClass::Recipe)));
}

#[test]
fn a_panic_is_a_defect_of_ours_and_outweighs_a_failure() {
    let seen = spoilt(|all| {
        all.push(tier(Tier::Install, Status::Fail, Some(CauseClass::Recipe)));
        all.push(Happened::HarnessBroke { text: "index out of bounds".to_owned() });
    });
    assert_eq!(seen, (RunVerdict::Error, Some(CauseClass::Harness)));
}

#[test]
fn a_run_in_which_a_tier_never_ended_is_not_verified() {
    for missing in Tier::USUAL {
        let mut all = green();
        all.retain(|e| !matches!(e, Happened::TierFinished { tier, .. } if *tier == missing));
        let results = fold(all);
        assert_eq!(results.verdict, RunVerdict::NotVerified, "{missing}");
        let stage = results.stages.iter().find(|s| s.tier == missing).unwrap();
        assert_eq!(
            (stage.status, stage.reason.as_deref()),
            (Status::Unver, Some("the run ended before it"))
        );
    }
    let mut all = green();
    all.pop();
    let results = fold(all);
    assert_eq!((results.verdict, results.finished), (RunVerdict::NotVerified, None));
    assert_eq!(results.cause.unwrap().evidence, "the run ended before its verdict");
}

#[test]
fn nothing_is_clean_that_was_not_torn_down_or_counted() {
    let flags = |change: &dyn Fn(&mut Vec<Happened>)| {
        let mut all = green();
        change(&mut all);
        fold(all).flags.clean_teardown
    };
    assert!(flags(&|_| {}));
    assert!(!flags(&|all| all.retain(|e| !matches!(e, Happened::TeardownStep { .. }))));
    assert!(!flags(
        &|all| all.retain(|e| !matches!(e, Happened::CensusTaken { when: CensusTime::After, .. }))
    ));
    assert!(!flags(&|all| all.push(Happened::TeardownStep {
        name: "forget".to_owned(),
        error: Some("busy".to_owned())
    })));
    let item = Item { kind: Kind::Volume, name: "x".to_owned(), stack: None };
    assert!(!flags(&|all| all.push(census(vec![item.clone()]))));
}

#[test]
fn what_is_unclean_is_named_worst_first() {
    let evidence = |change: &dyn Fn(&mut Vec<Happened>)| {
        let mut all = green();
        change(&mut all);
        fold(all).cause.map(|c| (c.class, c.evidence))
    };
    let step =
        || Happened::TeardownStep { name: "forget".to_owned(), error: Some("busy".to_owned()) };
    assert_eq!(
        evidence(&|all| all.push(step())),
        Some((CauseClass::Harness, "teardown: forget: busy".to_owned()))
    );
    let uncounted = || Happened::CensusTaken {
        when: CensusTime::After,
        count: 0,
        left_behind: Vec::new(),
        error: Some("no engine".to_owned()),
    };
    assert_eq!(
        evidence(&|all| all.extend([step(), uncounted()])),
        Some((CauseClass::Host, "the census could not be taken: no engine".to_owned()))
    );
    let item = |name: &str| Item { kind: Kind::Volume, name: name.to_owned(), stack: None };
    assert_eq!(
        evidence(&|all| all.extend([step(), census(vec![item("a"), item("b"), item("c")])])),
        Some((CauseClass::Harness, "left behind: volume a and 2 more".to_owned()))
    );
    // A kept deployment is not torn down, and that is no fault.
    let kept = |all: &mut Vec<Happened>| {
        all.retain(|e| {
            !matches!(
                e,
                Happened::TeardownStep { .. }
                    | Happened::CensusTaken { when: CensusTime::After, .. }
            )
        });
    };
    assert_eq!(evidence(&kept), None);
}

#[test]
fn a_census_that_was_not_taken_counts_nothing() {
    let mut all = green();
    all[1] = Happened::CensusTaken {
        when: CensusTime::Before,
        count: 0,
        left_behind: Vec::new(),
        error: Some("no engine".to_owned()),
    };
    let census = fold(all).census;
    assert_eq!((census.before, census.after), (None, Some(5)));
    assert_eq!(census.error.as_deref(), Some("no engine"));
}

#[test]
fn skips_on_purpose_have_their_reason_and_others_are_listed() {
    let mut left_out = plan();
    left_out.tiers[1].planned = Planned::NotApplicable;
    left_out.tiers[1].reason = "no predecessor".to_owned();
    left_out.tiers[4].planned = Planned::Unproven;
    let mut all = green();
    if let Happened::RunStarted { plan, .. } = &mut all[0] {
        **plan = left_out;
    }
    all.push(tier(Tier::Upgrade, Status::Skip, None));
    all.push(tier(Tier::Custom, Status::Skip, None));
    all.push(tier(Tier::Backup, Status::Skip, None));
    all.push(tier(Tier::Restore, Status::Skip, None));
    let results = fold(all);
    let intentional: Vec<_> =
        results.skips.intentional.iter().map(|(r, why)| (*r, why.as_str())).collect();
    assert_eq!(intentional, [(Rung::Upgrade, "no predecessor"), (Rung::BackupRestore, "")]);
    assert_eq!(results.skips.unintentional, [Rung::Functional]);
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 1));
}

#[test]
fn a_lint_that_never_came_back_is_not_verified() {
    let mut all = green();
    all.retain(|e| !matches!(e, Happened::Linted { .. }));
    let results = fold(all);
    assert_eq!((results.lint.status, results.level), (LintStatus::Unver, 4));
    assert_eq!(results.lint.reason.as_deref(), Some("the lint did not come back"));
}

#[test]
fn where_it_ran_and_what_was_tested_are_in_the_results() {
    let mut all = green();
    if let Happened::RunStarted { plan, platform, .. } = &mut all[0] {
        platform.host_quirks = vec!["no IPVS".to_owned()];
        platform.stand_ins = vec!["router".to_owned()];
        plan.pr = Some(7);
        plan.head.version = Some("2.0.0+2".to_owned().try_into().unwrap());
        plan.base = Some(Revision {
            commit: plan.head.commit.clone(),
            version: Some("1.0.0+1".to_owned().try_into().unwrap()),
        });
        plan.customization = vec!["health.path = \"/x\"".to_owned()];
    }
    all.push(Happened::Noted { text: "pulled nginx".to_owned() });
    let results = fold(all);
    assert_eq!(results.schema, SCHEMA);
    assert_eq!((results.run_id.as_str(), results.recipe.as_str()), ("r1", "custom-html"));
    assert_eq!(results.version.as_deref(), Some("2.0.0+2"));
    assert_eq!(results.base_version.as_deref(), Some("1.0.0+1"));
    assert_eq!((results.pr, results.reference.len()), (Some(7), 40));
    assert_eq!(results.notes, ["pulled nginx"]);
    assert_eq!(results.customization.len(), 1);
    let platform = &results.platform;
    assert_eq!((platform.name.as_str(), platform.engine.as_str()), ("swarm", "20.10.24"));
    assert_eq!((platform.abra.as_str(), platform.source.as_str()), ("0.13.0", "bundled"));
    assert!(platform.abra_is_stand_in);
    assert_eq!(platform.host_quirks, ["no IPVS"]);
    assert_eq!(platform.stand_ins, ["router"]);
}

#[test]
fn a_stage_has_its_checks_in_the_order_in_which_they_ended() {
    let check = |name: &str, tier| Happened::CheckFinished {
        tier,
        name: name.to_owned(),
        status: Status::Pass,
        duration_ms: 3,
        message: None,
        cause: None,
    };
    let mut all = green();
    all.extend([check("b", Tier::Backup), check("a", Tier::Install), check("c", Tier::Backup)]);
    let results = fold(all);
    let names: Vec<Vec<&str>> =
        results.stages.iter().map(|s| s.checks.iter().map(|c| c.name.as_str()).collect()).collect();
    assert_eq!(names, [vec!["a"], vec![], vec!["b", "c"], vec![], vec![]]);
    assert_eq!(results.stages[2].duration_ms, 1);
}

#[test]
fn phases_close_by_name_innermost_first_and_open_ones_at_the_end() {
    let start = |phase: &str, tier| Happened::PhaseStarted {
        phase: phase.to_owned(),
        tier,
        waited_on: WaitedOn::App,
    };
    let end = |phase: &str| Happened::PhaseFinished { phase: phase.to_owned(), ok: true };
    let at = |ms, what| Event { ms, what };
    let events = [
        at(0, started()),
        at(0, start("a", None)),
        at(5, start("a", Some(Tier::Install))),
        at(8, start("b", None)),
        at(10, end("a")),
        at(12, end("unknown")),
        at(20, Happened::DeployDone),
    ];
    let results = Results::from_events(&events).unwrap();
    let spans: Vec<_> = results
        .phases
        .iter()
        .map(|p| (p.name.as_str(), p.tier, p.start_ms, p.end_ms, p.waited_on))
        .collect();
    assert_eq!(
        spans,
        [
            ("a", None, 0, 20, WaitedOn::App),
            ("a", Some(Tier::Install), 5, 10, WaitedOn::App),
            ("b", None, 8, 20, WaitedOn::App),
        ]
    );
}

#[test]
fn time_after_the_last_phase_is_ours_too() {
    let at = |ms, what| Event { ms, what };
    let start =
        Happened::PhaseStarted { phase: "a".to_owned(), tier: None, waited_on: WaitedOn::Platform };
    let end = Happened::PhaseFinished { phase: "a".to_owned(), ok: true };
    let events = [at(0, started()), at(0, start), at(30, end), at(45, Happened::DeployDone)];
    let results = Results::from_events(&events).unwrap();
    let last = results.phases.last().unwrap();
    assert_eq!((last.name.as_str(), last.start_ms, last.end_ms), ("between", 30, 45));
    assert_eq!((last.tier, last.waited_on), (None, WaitedOn::Harness));
    assert_eq!(results.phases.len(), 2);
}

#[test]
fn no_start_of_a_run_is_no_run() {
    assert_eq!(Results::from_events(&[]), Err(NoRun));
    assert_eq!(Results::from_events(&[Event { ms: 1, what: Happened::DeployDone }]), Err(NoRun));
}

/// A run with a check of every status, for the formats.
fn mixed() -> Results {
    let mut all = green();
    for (i, status) in (1..).zip([Status::Pass, Status::Fail, Status::Skip, Status::Unver]) {
        all.push(Happened::CheckFinished {
            tier: Tier::Install,
            name: format!("is_{status}"),
            status,
            duration_ms: i * 100,
            message: (status != Status::Pass).then(|| format!("saw <{status}>")),
            cause: (status == Status::Fail).then_some(CauseClass::Recipe),
        });
    }
    all.push(tier(Tier::Install, Status::Fail, Some(CauseClass::Recipe)));
    fold(all)
}

#[test]
fn junit_shows_every_check_and_every_tier_without_one() {
    let xml = crate::report::junit(&mixed()).unwrap();
    let line = |part: &str| {
        xml.lines().find(|l| l.contains(part)).unwrap_or_else(|| panic!("{part} is not in {xml}"))
    };
    assert!(line("<testsuites").contains("name=\"custom-html (swarm)\""), "{xml}");
    let install = line("<testsuite name=\"custom-html::install\"");
    assert!(install.contains("tests=\"4\"") && install.contains("failures=\"1\""), "{install}");
    assert!(install.contains("errors=\"1\"") && install.contains("time=\"0.001\""), "{install}");
    let pass = line("custom-html::install::is_pass");
    assert!(pass.contains("classname=\"custom-html.install\"") && pass.contains("time=\"0.100\""));
    assert!(line("<failure").contains("type=\"recipe\""), "{xml}");
    assert!(line("<failure").contains("message=\"saw &lt;fail&gt;\""), "{xml}");
    assert!(line("<skipped").contains("saw &lt;skip&gt;"), "{xml}");
    assert!(line("<error").contains("saw &lt;unver&gt;"), "{xml}");
    let empty = line("custom-html::upgrade::tier");
    assert!(empty.contains("classname=\"custom-html.upgrade\""), "{empty}");
}

#[test]
fn the_trace_has_every_phase_in_microseconds() {
    let mut results = mixed();
    let span = |name: &str, tier, start_ms, end_ms| PhaseSpan {
        name: name.to_owned(),
        tier,
        start_ms,
        end_ms,
        waited_on: WaitedOn::Platform,
    };
    results.phases = vec![span("census", None, 0, 3), span("deploy", Some(Tier::Upgrade), 5, 25)];
    let trace = crate::report::trace(&results);
    let events = trace["traceEvents"].as_array().unwrap();
    let of = |i: usize, key: &str| events[i][key].clone();
    assert_eq!(events.len(), 2);
    assert_eq!(
        (of(0, "name"), of(0, "cat"), of(0, "ph")),
        ("census".into(), "run".into(), "X".into())
    );
    assert_eq!((of(0, "ts"), of(0, "dur")), (0.into(), 3000.into()));
    assert_eq!(
        (of(1, "cat"), of(1, "ts"), of(1, "dur")),
        ("upgrade".into(), 5000.into(), 20000.into())
    );
    assert_eq!(events[1]["args"]["waited_on"], "platform");
}

#[test]
fn what_a_pass_did_not_look_at_is_noted_and_what_stores_hold_is_kept() {
    let checked = |name: &str, status, message: &str| Happened::CheckFinished {
        tier: Tier::Restore,
        name: name.to_owned(),
        status,
        duration_ms: 1,
        message: Some(message.to_owned()),
        cause: None,
    };
    let seen = StoreSeen {
        store: "data".to_owned(),
        volume: Some("data".to_owned()),
        bytes: Some(12),
        changed: Some(true),
    };
    let audited = |stores| Happened::Audited { found: Vec::new(), stores };
    let mut all = green();
    all.push(checked("markers_are_back", Status::Pass, "not looked at: `cache`"));
    all.push(checked("other", Status::Skip, "there is none"));
    all.extend([audited(Vec::new()), audited(vec![seen.clone()])]);
    let results = fold(all);
    assert_eq!(results.notes, ["restore::markers_are_back: not looked at: `cache`"]);
    assert_eq!(results.stores, [seen]);
}
