use super::*;
use crate::name::{Domain, StackName};

struct World {
    settings: Settings,
    stages: Vec<Tier>,
    releases: Vec<(Version, Commit)>,
    backup_labels: bool,
    checks: Vec<String>,
    has_suite: bool,
}

fn commit(digit: char) -> Commit {
    Commit::try_from(digit.to_string().repeat(40)).unwrap()
}

fn version(text: &str) -> Version {
    Version::try_from(text.to_owned()).unwrap()
}

fn world() -> World {
    World {
        settings: Settings::default(),
        stages: Tier::ALL.to_vec(),
        releases: vec![(version("1.0.0+1"), commit('1'))],
        backup_labels: true,
        checks: vec!["install::serves".to_owned(), "custom::content_round_trip".to_owned()],
        has_suite: true,
    }
}

fn plan(world: &World) -> Plan {
    let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &world.settings,
        stages: &world.stages,
        head: &Revision { commit: commit('9'), version: Some(version("2.0.0+2")) },
        releases: &world.releases,
        default_branch: None,
        backup_labels: world.backup_labels,
        checks: &world.checks,
        has_suite: world.has_suite,
        source: "bundled",
        pr: None,
    })
}

fn seen(plan: &Plan) -> Vec<Planned> {
    plan.tiers.iter().map(|t| t.planned).collect()
}

use Planned::{NotApplicable, Run, Unproven};

#[test]
fn everything_runs_by_default() {
    let plan = plan(&world());
    assert_eq!(seen(&plan), [Run, Run, Run, Run, Run]);
    assert_eq!(plan.base.unwrap().version, Some(version("1.0.0+1")));
    assert_eq!(plan.deploys, 1);
}

#[test]
fn no_custom_check_is_unproven_not_skipped() {
    let mut world = world();
    world.checks.pop();
    world.has_suite = false;
    let plan = plan(&world);
    assert_eq!(plan.tier(Tier::Custom).planned, Unproven);
    assert_eq!(plan.tier(Tier::Custom).reason, "no suite");
}

#[test]
fn no_backup_label_means_not_applicable() {
    let mut world = world();
    world.backup_labels = false;
    assert_eq!(seen(&plan(&world)), [Run, Run, NotApplicable, NotApplicable, Run]);
    world.settings.backup.capable = Some(true);
    assert_eq!(seen(&plan(&world)), [Run, Run, Run, Run, Run]);
}

#[test]
fn without_a_predecessor_head_is_deployed_at_once() {
    let mut world = world();
    world.releases.clear();
    let plan = plan(&world);
    assert_eq!(plan.tier(Tier::Upgrade).planned, NotApplicable);
    assert_eq!(plan.base, None);
}

#[test]
fn a_declared_rung_is_left_out_with_its_reason() {
    let mut world = world();
    world.settings.not_applicable.insert(Rung::Upgrade, "all published versions broke".to_owned());
    let plan = plan(&world);
    assert_eq!(plan.tier(Tier::Upgrade).planned, NotApplicable);
    assert!(plan.tier(Tier::Upgrade).reason.contains("all published versions broke"));
    assert_eq!(plan.base, None);
}

#[test]
fn stages_that_were_not_asked_for_prove_nothing() {
    let mut world = world();
    world.stages = vec![Tier::Install, Tier::Restore];
    let plan = plan(&world);
    assert_eq!(seen(&plan), [Run, Unproven, Unproven, Unproven, Unproven]);
    assert_eq!(plan.base, None);
}

#[test]
fn customization_shows_what_differs_and_masks_secrets() {
    let mut world = world();
    world.settings.health.path = "/health".to_owned();
    world.settings.env.insert("ADMIN_PASSWORD".to_owned(), "hunter22".to_owned());
    let plan = plan(&world);
    assert_eq!(plan.customization, ["env.ADMIN_PASSWORD = ***", "health.path = \"/health\""]);
}
