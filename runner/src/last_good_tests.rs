use harness_core::name::{Commit, Domain, RunId, StackName};
use harness_core::plan::{Input, decide};
use harness_core::platform::{App, Revision};
use harness_core::suite::Settings;
use rstest::rstest;

use super::*;
use crate::disk::MemoryDisk;

struct Case {
    exit: ExitStatus,
    plan: Plan,
    results: Results,
    candidate: Candidate,
    recorded: Option<LastGood>,
}

impl Case {
    fn decided(&self) -> Result<LastGood, NotPromoted> {
        promotes(self.exit, &self.plan, &self.results, &self.candidate, self.recorded.as_ref())
    }
}

fn version(text: &str) -> Version {
    Version::try_from(text.to_owned()).unwrap()
}

fn plan() -> Plan {
    let recipe = RecipeName::try_from("ghost".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let commit = |digit: &str| Commit::try_from(digit.repeat(40)).unwrap();
    decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &Settings::default(),
        brings: harness_core::plan::Brings::default(),
        stages: &Tier::USUAL,
        head: &Revision { commit: commit("2"), version: Some(version("2.0.0+2")) },
        releases: &[(version("1.0.0+1"), commit("1"))],
        default_branch: None,
        backup_labels: true,
        checks: &["install::serves".to_owned(), "custom::logs-in".to_owned()],
        has_suite: true,
        source: "catalogue",
        pr: None,
        deps: &[],
    })
}

/// A whole green run of a release on an engine.
fn green() -> Case {
    let recorded = serde_json::json!({
        "schema": 3, "run_id": "r1", "recipe": "ghost", "version": "2.0.0+2", "base_version": "1.0.0+1",
        "pr": null, "ref": "2".repeat(40),
        "started": "2026-11-21T12:00:00Z", "finished": "2026-11-21T12:01:00Z",
        "platform": {
            "name": "swarm", "abra": "0.10.0", "abra_is_stand_in": false, "engine": "27.0", "source": "catalogue",
            "host_quirks": [], "stand_ins": [],
        },
        "verdict": "pass", "level": 5, "cause": null,
        "results": {
            "install": "pass", "upgrade": "pass", "backup": "pass", "restore": "pass", "custom": "pass",
        },
        "stages": [], "rungs": {}, "skips": {"intentional": {}, "unintentional": []},
        "lint": {"status": "pass", "rules_failed": [], "reason": null},
        "deploys": {"planned": 1, "done": 1},
        "census": {"before": 3, "after": 3, "left_behind": [], "error": null},
        "phases": [], "flags": {"clean_teardown": true, "no_secret_leak": true},
        "customization": [], "notes": [],
    });
    Case {
        exit: ExitStatus::Verdict(RunVerdict::Pass),
        plan: plan(),
        results: serde_json::from_value(recorded).unwrap(),
        candidate: Candidate {
            folder: "/state/last-good".into(),
            is_release: true,
            is_whole: true,
            simulated_too: false,
        },
        recorded: Some(good("1.0.0+1")),
    }
}

fn good(version: &str) -> LastGood {
    LastGood {
        version: version.to_owned(),
        commit: "2".repeat(40),
        run: "r1".to_owned(),
        at: "2026-11-21T12:01:00Z".parse().unwrap(),
        level: 5,
    }
}

#[test]
fn a_green_run_of_a_release_becomes_the_last_good_one() {
    assert_eq!(green().decided(), Ok(good("2.0.0+2")));
}

#[rstest]
#[case::not_green(NotPromoted::NotGreen, |c: &mut Case| c.results.verdict = RunVerdict::NotVerified)]
#[case::unwritten(NotPromoted::NotGreen, |c: &mut Case| c.exit = ExitStatus::Verdict(RunVerdict::NotVerified))]
#[case::stopped(NotPromoted::NotGreen, |c: &mut Case| {
    c.exit = ExitStatus::Stopped(harness_core::event::Stop::Interrupt);
})]
#[case::unclean(NotPromoted::Unclean, |c: &mut Case| c.results.flags.clean_teardown = false)]
#[case::leaked(NotPromoted::Leaked, |c: &mut Case| c.results.flags.no_secret_leak = false)]
#[case::narrowed(NotPromoted::Narrowed, |c: &mut Case| c.candidate.is_whole = false)]
#[case::unproven(NotPromoted::Unproven(Tier::Backup), |c: &mut Case| {
    c.results.results.insert(Tier::Backup, Status::Unver);
})]
#[case::no_release(NotPromoted::NoRelease, |c: &mut Case| c.candidate.is_release = false)]
#[case::pull_request(NotPromoted::NoRelease, |c: &mut Case| c.results.pr = Some(7))]
#[case::no_version(NotPromoted::NoRelease, |c: &mut Case| c.plan.head.version = None)]
#[case::unfinished(NotPromoted::NoRelease, |c: &mut Case| c.results.finished = None)]
#[case::simulated(NotPromoted::Simulated, |c: &mut Case| c.results.platform.name = "embedded".to_owned())]
#[case::older(NotPromoted::Older("2.0.1+2".to_owned()), |c: &mut Case| c.recorded = Some(good("2.0.1+2")))]
fn anything_else_does_not(#[case] expected: NotPromoted, #[case] change: fn(&mut Case)) {
    let mut case = green();
    change(&mut case);
    assert_eq!(case.decided(), Err(expected));
}

#[test]
fn a_record_without_a_version_is_not_replaced() {
    let case = Case { recorded: Some(good("newest")), ..green() };
    assert!(matches!(case.decided(), Err(NotPromoted::Incomparable(_))));
}

#[test]
fn the_same_release_may_be_proven_again_and_a_simulation_may_be_allowed() {
    let mut case = green();
    case.recorded = Some(good("2.0.0+2"));
    case.results.platform.name = "embedded".to_owned();
    case.candidate.simulated_too = true;
    assert_eq!(case.decided(), Ok(good("2.0.0+2")));
}

#[test]
fn a_tier_that_does_not_apply_is_not_asked_for() {
    let mut case = green();
    for tier in &mut case.plan.tiers {
        if matches!(tier.tier, Tier::Backup | Tier::Restore) {
            tier.planned = Planned::NotApplicable;
            case.results.results.insert(tier.tier, Status::Skip);
        }
    }
    assert_eq!(case.decided(), Ok(good("2.0.0+2")));
}

#[test]
fn what_is_written_is_read_back_and_a_torn_write_leaves_what_was_there() {
    let (disk, folder) = (MemoryDisk::new(), Utf8Path::new("/state/last-good"));
    let recipe = RecipeName::try_from("ghost".to_owned()).unwrap();
    assert_eq!(read(&disk, folder, &recipe).unwrap(), None);
    write(&disk, folder, &recipe, &good("1.0.0+1")).unwrap();
    disk.full(disk.steps(), u64::MAX);
    write(&disk, folder, &recipe, &good("2.0.0+2")).unwrap_err();
    assert_eq!(read(&disk, folder, &recipe).unwrap(), Some(good("1.0.0+1")));
}

#[test]
fn nothing_recorded_is_told_from_what_cannot_be_read() {
    let disk = MemoryDisk::new();
    let folder = folder("/state".into());
    assert_eq!(folder, "/state/last-good");
    let recipe = plan().recipe;
    assert_eq!(read(&disk, &folder, &recipe).unwrap(), None);
    disk.create_folders(&folder.join(format!("{recipe}.json"))).unwrap();
    let error = read(&disk, &folder, &recipe).unwrap_err();
    assert_eq!(error.path, folder.join(format!("{recipe}.json")));
}
