//! Recipes as other people write them: planned and linted, with no folder here and no engine.

use libtest_mimic::Failed;

use super::Work;
use super::world::World;

/// What is asked of each, and what must be said.
const CASES: &[(&str, &str, &[&str], i32, &str)] = &[
    (
        "wild-overlays",
        "head      3.1.0+1.26.3",
        &["from 3.0.0+1.22.1", "the recipe claims backups", "unproven: no suite"],
        0,
        "lint: pass",
    ),
    (
        "wild-versions",
        "head      2.1.0+24.04.12.1.1",
        &["from 2.0.1+1.0.6-social-amd64", "the recipe claims no backups"],
        1,
        "lint: fail, R014",
    ),
    ("wild-modifiers", "head      1.1.0+2024-06-30", &["from 1.0.0+2024-01-09"], 0, "lint: pass"),
];

pub(crate) fn trials() -> Vec<(String, Work)> {
    vec![("wild::plan_and_lint_work_from_a_path_and_a_url".to_owned(), plan_and_lint)]
}

fn plan_and_lint(world: &World) -> Result<(), Failed> {
    for (recipe, head, says, lint_code, lint_line) in CASES {
        let bundle = world.state_dir().join("bundle");
        let name = harness_core::name::RecipeName::try_from((*recipe).to_owned())?;
        let path = world.block_on(harness_local::bundle::build(&name, &bundle, &world.base))?;
        for source in [path.to_string(), format!("file://{path}")] {
            // No engine is needed: none is there at this address.
            let common =
                ["--recipe", recipe, "--source", &source, "--docker-host", "unix:///no/such.sock"];
            let plan = world.block_on(world.cc_ci(&["plan"]).args(common).output())?;
            assert!(plan.status.success(), "{recipe}: {}{}", plan.stdout, plan.stderr);
            for text in std::iter::once(head).chain(*says) {
                assert!(
                    plan.stdout.contains(text),
                    "{recipe}: expected {text:?} in\n{}",
                    plan.stdout
                );
            }
            let lint = world.block_on(world.cc_ci(&["lint"]).args(common).output())?;
            assert_eq!(
                lint.status.code(),
                Some(*lint_code),
                "{recipe}: {}{}",
                lint.stdout,
                lint.stderr
            );
            assert!(
                lint.stdout.contains(lint_line),
                "{recipe}: expected {lint_line:?} in\n{}",
                lint.stdout
            );
        }
    }
    Ok(())
}
