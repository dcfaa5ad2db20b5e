use super::super::fake::{Act, Played, Scene, done};
use super::*;
use crate::plan::{Planned, PlannedTier};
use crate::replay::replay;
use crate::report::RunVerdict;

const WRONG: Act = Act::Fail(CauseClass::Recipe, "it is not there");

/// A run in which all goes well and that ends with a disaster.
fn scene(across: Option<Across>) -> Scene {
    let mut scene = Scene::all_well();
    scene.plan.tiers.push(PlannedTier {
        tier: Tier::Disaster,
        planned: Planned::Run,
        reason: "asked for".to_owned(),
        checks: vec!["serves".to_owned()],
    });
    scene.plan.deploys = 2;
    scene.plan.across_versions = across;
    scene.volumes = vec!["stack_data".to_owned()];
    scene
}

/// Returns what was called from the first removal on.
fn from_the_loss(played: &Played) -> Vec<String> {
    let calls = played.calls();
    let at = calls.iter().position(|c| c.starts_with("undeploy")).unwrap();
    calls[at..].iter().map(|c| (*c).to_owned()).collect()
}

fn decides_the_same(played: &Played) {
    let different = replay(&played.events, None).unwrap();
    let different: Vec<_> = different.into_iter().filter(|d| !d.is_same()).collect();
    assert_eq!(different, []);
}

fn notes(played: &Played) -> String {
    played.notes().join("\n")
}

#[tokio::test(start_paused = true)]
async fn all_is_destroyed_before_the_backup_alone_brings_it_back() {
    let played = scene(None).play().await;
    let results = played.results();
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 5), "{:?}", results.cause);
    assert_eq!((results.deploys.planned, results.deploys.done), (2, 2));
    let calls = from_the_loss(&played);
    let order = [
        "undeploy 90s",
        "remove_volumes 90s",
        "deploy",
        "seed disaster",
        "restore snap",
        "restart",
        "check disaster",
        "undeploy 90s",
        "remove_data 90s",
    ];
    let mut rest = calls.iter();
    for wanted in order {
        assert!(rest.any(|c| c.starts_with(wanted)), "{wanted} in its place in {calls:?}");
    }
    let names: Vec<_> = results.stages[5].checks.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "undeployed",
            "destroyed",
            "deployed",
            "converged",
            "commit_deployed",
            "restored",
            "restarted",
            "converged",
            "serves"
        ]
    );
    assert!(notes(&played).contains("destroyed: volumes stack_data"));
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_destroyed_proves_nothing() {
    let mut scene = scene(None);
    scene.volumes.clear();
    let played = scene.play().await;
    let results = played.results();
    assert_eq!(results.verdict, RunVerdict::NotVerified);
    let cause = results.cause.unwrap();
    assert_eq!(cause.class, CauseClass::Harness);
    assert!(cause.evidence.contains("nothing was destroyed"), "{}", cause.evidence);
    assert_eq!((results.deploys.planned, results.deploys.done), (2, 1));
    assert_eq!(results.level, 2, "the rung of backup and restore is not verified");
}

#[tokio::test(start_paused = true)]
async fn what_the_backup_does_not_bring_back_fails_the_tier() {
    let lost = vec![done("serves", Status::Fail, Some(CauseClass::Recipe))];
    let played = scene(Some(Across::Judged)).says(Phase::Check, Tier::Disaster, lost).play().await;
    assert_eq!(played.results().verdict, RunVerdict::Fail);
    assert_eq!(played.tier(Tier::Disaster).0, Status::Fail);
    assert!(!played.calls().iter().any(|c| c.starts_with("across")), "{:?}", played.calls());
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn a_host_that_removes_nothing_is_no_verdict() {
    let refused = Act::Fail(CauseClass::Host, "volume is in use");
    let played = scene(None).on("remove_volumes", 1, refused).play().await;
    assert_eq!(played.results().verdict, RunVerdict::NotVerified);
    assert_eq!(played.tier(Tier::Custom).0, Status::Pass, "what came before stands");
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn base_is_backed_up_before_the_upgrade_and_restored_into_head_last() {
    let played = scene(Some(Across::Reported)).play().await;
    let calls = played.calls();
    let at = |wanted: &str| calls.iter().position(|c| c.starts_with(wanted)).unwrap();
    let last = |wanted: &str| calls.iter().rposition(|c| c.starts_with(wanted)).unwrap();
    assert!(at("seed upgrade") < at("back_up") && at("back_up") < at("seed backup"));
    // The first snapshot is base's, so this run's own is the second.
    assert!(at("restore snap-2") < last("restore snap-2"));
    assert!(last("restore snap-2") < at("restore snap 900s"));
    assert!(at("restore snap 900s") < at("across disaster"));
    assert!(notes(&played).contains("a backup of 1.0.0+1 restored into head: everything"));
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn a_loss_across_versions_is_told_and_judged_only_where_the_suite_says_so() {
    let lost = || vec![done("older_backup", Status::Fail, Some(CauseClass::Recipe))];
    let told = scene(Some(Across::Reported)).says(Phase::Across, Tier::Disaster, lost());
    let played = told.play().await;
    assert_eq!(played.results().verdict, RunVerdict::Pass);
    assert!(notes(&played).contains("restored into head: older_backup saw something"));
    decides_the_same(&played);
    let judged = scene(Some(Across::Judged)).says(Phase::Across, Tier::Disaster, lost());
    let played = judged.play().await;
    let results = played.results();
    assert_eq!(results.verdict, RunVerdict::Fail);
    let last = results.stages[5].checks.last().unwrap();
    assert_eq!((last.name.as_str(), last.status), (ACROSS_VERSIONS, Status::Fail));
    decides_the_same(&played);
}

#[tokio::test(start_paused = true)]
async fn a_base_that_cannot_be_backed_up_is_told_to_those_who_look() {
    let played = scene(Some(Across::Reported)).on("back_up", 1, WRONG).play().await;
    let results = played.results();
    assert_eq!((results.verdict, results.level), (RunVerdict::Pass, 5));
    let told = played.files.iter().find(|(f, _)| f.phase == Phase::Across).unwrap();
    assert_eq!(told.0.not_across.as_deref(), Some("base could not be backed up: it is not there"));
    decides_the_same(&played);
}

#[test]
fn what_nobody_looked_at_is_no_pass() {
    let base = Scene::all_well().plan.base.unwrap();
    let seen = |not: Option<&str>, looked: &[Judged]| summed_up(&base, not, looked, None).class;
    let one =
        |status, cause| [Judged { name: "older_backup".to_owned(), status, message: None, cause }];
    assert_eq!(seen(None, &one(Status::Pass, None)), None);
    assert_eq!(seen(None, &[]), Some(CauseClass::Harness));
    assert_eq!(seen(None, &one(Status::Skip, None)), Some(CauseClass::Harness));
    assert_eq!(seen(None, &one(Status::Fail, None)), Some(CauseClass::Recipe));
    assert_eq!(seen(Some("it hung"), &one(Status::Skip, None)), Some(CauseClass::Recipe));
}
