use super::*;
use crate::name::{Domain, StackName, VariableName};
use crate::suite::{Env, Template};

fn env(name: &str, value: &str) -> Env {
    let name = VariableName::try_from(name.to_owned()).expect("a variable's name");
    Env::from_iter([(name, Template::parse(value).expect("a template"))])
}

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
        stages: Tier::USUAL.to_vec(),
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
        brings: Brings::default(),
        stages: &world.stages,
        head: &Revision { commit: commit('9'), version: Some(version("2.0.0+2")) },
        releases: &world.releases,
        default_branch: None,
        backup_labels: world.backup_labels,
        checks: &world.checks,
        has_suite: world.has_suite,
        source: "bundled",
        pr: None,
        deps: &[],
    })
}

fn tier(plan: &Plan, tier: Tier) -> &PlannedTier {
    plan.tier(tier).unwrap()
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
    assert_eq!(tier(&plan, Tier::Custom).planned, Unproven);
    assert_eq!(tier(&plan, Tier::Custom).reason, "no suite");
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
    assert_eq!(tier(&plan, Tier::Upgrade).planned, NotApplicable);
    assert_eq!(plan.base, None);
}

#[test]
fn a_declared_rung_is_left_out_with_its_reason() {
    let mut world = world();
    world.settings.not_applicable.insert(Rung::Upgrade, "all published versions broke".to_owned());
    let plan = plan(&world);
    assert_eq!(tier(&plan, Tier::Upgrade).planned, NotApplicable);
    assert!(tier(&plan, Tier::Upgrade).reason.contains("all published versions broke"));
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
    world.settings.env = env("ADMIN_PASSWORD", "hunter22");
    let plan = plan(&world);
    assert_eq!(plan.customization, ["env.ADMIN_PASSWORD = ***", "health.path = \"/health\""]);
}

fn reason(plan: &Plan, of: Tier) -> &str {
    &tier(plan, of).reason
}

#[test]
fn each_tier_says_why_it_is_done() {
    let plan = plan(&world());
    assert_eq!(reason(&plan, Tier::Install), "always");
    assert_eq!(
        reason(&plan, Tier::Upgrade),
        "from 1.0.0+1 (11111111), the newest release older than 2.0.0+2"
    );
    assert_eq!(reason(&plan, Tier::Backup), "the recipe claims backups");
    assert_eq!(reason(&plan, Tier::Custom), "1 checks");
    assert!(Tier::USUAL.into_iter().all(|t| plan.runs(t) && tier(&plan, t).tier == t));
}

#[test]
fn checks_go_to_their_tier_without_its_name() {
    let mut world = world();
    world.checks.push("backup::install::nested".to_owned());
    let plan = plan(&world);
    assert_eq!(tier(&plan, Tier::Install).checks, ["serves"]);
    assert_eq!(tier(&plan, Tier::Backup).checks, ["install::nested"]);
    assert_eq!(tier(&plan, Tier::Custom).checks, ["content_round_trip"]);
    assert_eq!(tier(&plan, Tier::Upgrade).checks, Vec::<String>::new());
}

#[test]
fn a_base_without_a_version_is_called_by_its_commit() {
    let mut world = world();
    world.releases.clear();
    let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
    let tip = commit('7');
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("cust-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let plan = decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &world.settings,
        brings: Brings::default(),
        stages: &world.stages,
        head: &Revision { commit: commit('9'), version: None },
        releases: &world.releases,
        default_branch: Some(&tip),
        backup_labels: false,
        checks: &world.checks,
        has_suite: true,
        source: "path",
        pr: Some(7),
        deps: &[],
    });
    assert_eq!(
        reason(&plan, Tier::Upgrade),
        "from 77777777, the tip of the default branch: head's version cannot be read"
    );
    assert_eq!((plan.pr, plan.source.as_str()), (Some(7), "path"));
}

#[test]
fn a_restore_without_the_backup_before_it_proves_nothing() {
    let mut world = world();
    world.stages = vec![Tier::Install, Tier::Restore, Tier::Custom];
    let without = plan(&world);
    assert_eq!(seen(&without), [Run, Unproven, Unproven, Unproven, Run]);
    assert_eq!(reason(&without, Tier::Restore), "needs the backup tier, which was not asked for");
    // A restore that does not apply stays so, with its own reason.
    world.backup_labels = false;
    let none = plan(&world);
    assert_eq!(seen(&none), [Run, Unproven, Unproven, NotApplicable, Run]);
    // A backup alone is fine.
    world.backup_labels = true;
    world.stages = vec![Tier::Install, Tier::Backup];
    assert_eq!(seen(&plan(&world)), [Run, Unproven, Run, Unproven, Unproven]);
}

#[test]
fn an_upgrade_that_was_not_asked_for_has_no_base() {
    let mut world = world();
    world.stages = vec![Tier::Install];
    let without = plan(&world);
    assert_eq!((without.base, without.tiers[1].reason.as_str()), (None, "not asked for"));
    assert!(!plan(&world).runs(Tier::Upgrade));
}

#[test]
fn declared_rungs_of_backups_and_checks_are_left_out() {
    let mut world = world();
    world.settings.not_applicable.insert(Rung::BackupRestore, "no data".to_owned());
    world.settings.not_applicable.insert(Rung::Functional, "no interface".to_owned());
    let plan = plan(&world);
    assert_eq!(seen(&plan), [Run, Run, NotApplicable, NotApplicable, NotApplicable]);
    assert_eq!(reason(&plan, Tier::Restore), "declared not applicable: no data");
    assert_eq!(reason(&plan, Tier::Custom), "declared not applicable: no interface");
}

#[test]
fn a_suite_without_custom_checks_is_told_from_no_suite() {
    let mut world = world();
    world.checks.pop();
    assert_eq!(reason(&plan(&world), Tier::Custom), "the suite has no custom check");
}

#[test]
fn customization_leaves_out_defaults_and_names_nested_keys() {
    let shown = |change: &dyn Fn(&mut Settings)| {
        let mut world = world();
        change(&mut world.settings);
        plan(&world).customization
    };
    assert_eq!(shown(&|_| {}), Vec::<String>::new());
    assert_eq!(shown(&|s| s.backup.capable = Some(false)), ["backup.capable = false"]);
    assert_eq!(
        shown(&|s| {
            s.not_applicable.insert(Rung::Upgrade, "broken".to_owned());
        }),
        ["not-applicable.upgrade = \"broken\""]
    );
}

#[test]
fn keys_that_look_secret_are_masked_by_whole_words() {
    for (key, masked) in [
        ("ADMIN_PASSWORD", true),
        ("api-token", true),
        ("SECRET_KEY_BASE", true),
        ("CREDENTIAL", true),
        ("KEYBOARD", false),
        ("MONKEY", false),
        ("PATH", false),
    ] {
        assert_eq!(looks_secret(key), masked, "{key}");
    }
}

#[test]
fn a_restore_needs_the_backup_and_no_other_tier() {
    let mut world = world();
    world.stages = vec![Tier::Install, Tier::Backup, Tier::Restore];
    assert_eq!(seen(&plan(&world)), [Run, Unproven, Run, Run, Unproven]);
}

#[test]
fn a_disaster_is_planned_where_it_is_asked_for_and_takes_a_deploy() {
    let mut world = world();
    assert_eq!(plan(&world).tier(Tier::Disaster), None);
    world.stages.push(Tier::Disaster);
    let asked = plan(&world);
    assert_eq!(seen(&asked), [Run; 6]);
    assert_eq!((asked.deploys, asked.across_versions), (2, Some(Across::Reported)));
    assert_eq!(
        reason(&asked, Tier::Disaster),
        "asked for; one more deploy; a backup of 1.0.0+1 (11111111) is restored into head, and told"
    );
    world.stages.pop();
    world.settings.backup.disaster = true;
    world.settings.backup.across_versions = AcrossVersions::Judge;
    let by_suite = plan(&world);
    assert_eq!((by_suite.deploys, by_suite.across_versions), (2, Some(Across::Judged)));
    assert!(reason(&by_suite, Tier::Disaster).starts_with("the suite asks for it"));
    world.stages = vec![Tier::Install];
    assert_eq!(plan(&world).tier(Tier::Disaster), None, "the suite does not widen a selection");
}

#[test]
fn no_disaster_without_a_backup_of_this_run() {
    let mut world = world();
    world.stages = vec![Tier::Install, Tier::Disaster];
    let unproven = plan(&world);
    assert_eq!(tier(&unproven, Tier::Disaster).planned, Unproven);
    assert_eq!((unproven.deploys, unproven.across_versions), (1, None));
    world.stages = Tier::ALL.to_vec();
    world.backup_labels = false;
    let does_not_apply = plan(&world);
    assert_eq!(tier(&does_not_apply, Tier::Disaster).planned, NotApplicable);
    assert_eq!(does_not_apply.deploys, 1);
}

#[test]
fn across_versions_takes_a_base_and_can_be_left_out() {
    let mut world = world();
    world.stages = Tier::ALL.to_vec();
    world.settings.backup.across_versions = AcrossVersions::Off;
    assert_eq!(plan(&world).across_versions, None);
    world.settings.backup.across_versions = AcrossVersions::Judge;
    world.releases.clear();
    let plan = plan(&world);
    assert_eq!((plan.across_versions, plan.deploys), (None, 2));
    assert_eq!(reason(&plan, Tier::Disaster), "asked for; one more deploy");
}
