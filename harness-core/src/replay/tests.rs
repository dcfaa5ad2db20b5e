use serde_json::json;

use super::*;
use crate::cause::{Cause, CauseClass};
use crate::converge::sample::{name, observation, service, task};
use crate::converge::{Before, Decided};
use crate::event::{Happened, WaitedOn};
use crate::name::{Commit, Domain, RecipeName, RunId, StackName};
use crate::observation::TaskState;
use crate::plan::{Plan, Planned, PlannedTier};
use crate::platform::{App, PlatformFacts, Revision};
use crate::tier::{Status, Tier};

fn started() -> Happened {
    let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
    let run_id = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
    let stack = StackName::from(&domain);
    let app = App { recipe: recipe.clone(), domain, stack, run: run_id.clone() };
    let of = |tier| {
        let (planned, reason, checks) = (Planned::Run, "asked for".to_owned(), Vec::new());
        PlannedTier { tier, planned, reason, checks }
    };
    let plan = Plan {
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
    };
    let platform = PlatformFacts {
        name: "swarm".to_owned(),
        abra: "0.13.0".to_owned(),
        abra_is_stand_in: true,
        engine: "20.10.24".to_owned(),
        host_quirks: Vec::new(),
        stand_ins: Vec::new(),
    };
    let (plan, platform) = (Box::new(plan), Box::new(platform));
    Happened::RunStarted { at: jiff::Timestamp::UNIX_EPOCH, plan, platform }
}

fn timed(all: Vec<Happened>) -> Vec<Event> {
    (0..).zip(all).map(|(i, what)| Event { ms: i * 10, what }).collect()
}

fn awaited(before: Before) -> Happened {
    Happened::Awaited { tier: Tier::Install, defined: vec![name("app")], before: Box::new(before) }
}

fn observed(state: TaskState, decided: Decided) -> Happened {
    let observation = observation(9, vec![service("app", vec![task(state, 1)])]);
    Happened::Observed { tier: Tier::Install, observation: Box::new(observation), decided }
}

fn phase(name: &str, ok: Option<bool>) -> Happened {
    let phase = name.to_owned();
    let tier = Some(Tier::Install);
    match ok {
        None => Happened::PhaseStarted { phase, tier, waited_on: WaitedOn::Suite },
        Some(ok) => Happened::PhaseFinished { phase, ok },
    }
}

fn check(name: &str, status: Status, cause: Option<CauseClass>) -> Happened {
    let message = cause.map(|_| "seen".to_owned());
    let (tier, name) = (Tier::Install, name.to_owned());
    Happened::CheckFinished { tier, name, status, duration_ms: 1, message, cause }
}

fn ended(status: Status, cause: Option<Cause>, reason: Option<&str>) -> Happened {
    let reason = reason.map(str::to_owned);
    Happened::TierFinished { tier: Tier::Install, status, reason, cause, duration_ms: 1 }
}

/// Returns what is decided otherwise, as `what: recorded | today`, and how many decisions there are.
fn different(all: Vec<Happened>) -> (Vec<String>, usize) {
    let mut events = vec![started()];
    events.extend(all);
    let decisions = replay(&timed(events), None).unwrap();
    let shown = |d: &Decision| format!("{}: {} | {}", d.what, d.recorded, d.today);
    (decisions.iter().filter(|d| !d.is_same()).map(shown).collect(), decisions.len())
}

#[test]
fn convergence_is_decided_again_by_each_observation() {
    let not_yet = Decided::NotYet("app: 0/1 starting".to_owned());
    let events = |last: Decided| {
        vec![
            awaited(Before::nothing()),
            observed(TaskState::Starting, not_yet.clone()),
            observed(TaskState::Running, last),
        ]
    };
    assert_eq!(different(events(Decided::Ready)), (Vec::new(), 2));
    let doom = Decided::Hopeless(Cause::new(CauseClass::App, "crashes"));
    let (seen, _) = different(events(doom));
    assert_eq!(seen, ["install: converged, at 30 ms: hopeless: app: crashes | ready"]);
}

#[test]
fn what_was_there_before_counts_as_it_did_then() {
    let before = observation(0, vec![service("app", vec![task(TaskState::Running, 1)])]);
    let mut updated = service("app", vec![task(TaskState::Running, 1)]);
    updated.spec = "b".to_owned();
    updated.tasks[0].is_current = false;
    let observed = Happened::Observed {
        tier: Tier::Install,
        observation: Box::new(observation(9, vec![updated])),
        decided: Decided::NotYet("app: update not scheduled yet".to_owned()),
    };
    let all = vec![awaited(Before::from_observation(&before)), observed];
    assert_eq!(different(all), (Vec::new(), 1));
}

#[test]
fn a_tier_is_judged_again_by_its_checks_and_not_by_the_steps_before_them() {
    let judged = |end: Happened| {
        vec![
            check("created", Status::Pass, None),
            phase("check", None),
            check("serves", Status::Skip, None),
            phase("check", Some(true)),
            end,
        ]
    };
    let nothing = ended(Status::Unver, None, Some("every check was skipped: nothing was proven"));
    assert_eq!(different(judged(nothing)), (Vec::new(), 1));
    let (seen, _) = different(judged(ended(Status::Pass, None, None)));
    assert_eq!(
        seen,
        ["install: judged: pass | unver (every check was skipped: nothing was proven)"]
    );
}

#[test]
fn what_was_wrong_with_the_trials_process_counts() {
    let crash = Cause::new(CauseClass::Suite, "signal 11");
    let broke = Happened::TrialsBroke { tier: Tier::Install, cause: crash.clone() };
    let mut all = vec![phase("check", None), check("serves", Status::Pass, None), broke];
    all.push(phase("check", Some(false)));
    all.push(ended(Status::Fail, Some(crash.clone()), Some("signal 11")));
    assert_eq!(different(all.clone()), (Vec::new(), 1));
    // A log that does not say what was wrong cannot be judged again.
    all.remove(2);
    assert_eq!(different(all), (Vec::new(), 0));
}

#[test]
fn a_tier_that_a_step_ended_is_judged_again_by_it() {
    let cause = Cause::new(CauseClass::Host, "no space left");
    let all = |status, reason| {
        let step = check("deployed", Status::Unver, Some(CauseClass::Host));
        vec![step, ended(status, Some(cause.clone()), reason)]
    };
    assert_eq!(different(all(Status::Unver, Some("no space left"))), (Vec::new(), 1));
    let (seen, _) = different(all(Status::Fail, None));
    assert_eq!(seen.len(), 1, "{seen:?}");
}

#[test]
fn a_tier_that_was_stopped_is_not_judged_by_what_it_did() {
    let stopped = Happened::Stopped { by: crate::event::Stop::Interrupt };
    let cause = Cause::new(CauseClass::Harness, "stopped by SIGINT");
    let all = vec![phase("check", None), stopped, ended(Status::Unver, Some(cause), None)];
    assert_eq!(different(all), (Vec::new(), 0));
}

#[test]
fn results_are_folded_again_and_what_was_not_reported_yet_is_no_difference() {
    let mut all = vec![started(), Happened::DeployDone];
    all.push(Happened::RunFinished { at: jiff::Timestamp::UNIX_EPOCH });
    let events = timed(all);
    let mut recorded = serde_json::to_value(Results::from_events(&events).unwrap()).unwrap();
    recorded.as_object_mut().unwrap().remove("notes");
    let all_same = |results| replay(&events, Some(results)).unwrap().iter().all(Decision::is_same);
    assert!(all_same(&recorded));
    recorded["deploys"]["done"] = json!(2);
    recorded["verdict"] = json!("pass");
    let decisions = replay(&events, Some(&recorded)).unwrap();
    let shown = |d: &Decision| format!("{}: {} | {}", d.what, d.recorded, d.today);
    let seen: Vec<String> = decisions.iter().filter(|d| !d.is_same()).map(shown).collect();
    assert_eq!(
        seen,
        ["results.verdict: \"pass\" | \"not-verified\"", "results.deploys.done: 2 | 1"]
    );
}

#[test]
fn the_results_of_a_killed_run_are_those_of_its_last_tier() {
    let mut all = vec![started(), ended(Status::Pass, None, None)];
    let written = Results::from_events(&timed(all.clone())).unwrap();
    all.push(Happened::DeployDone);
    let recorded = serde_json::to_value(written).unwrap();
    let decisions = replay(&timed(all), Some(&recorded)).unwrap();
    assert!(decisions.iter().all(Decision::is_same), "{decisions:?}");
}

#[test]
fn without_a_run_there_is_nothing_to_decide() {
    assert_eq!(replay(&timed(vec![Happened::DeployDone]), None), Err(NoRun));
}
