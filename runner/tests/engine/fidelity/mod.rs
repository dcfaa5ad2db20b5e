//! The engine in memory beside the real one: every scenario of [`harness_local::fidelity`] on both.

mod real;

use harness_core::name::{Domain, StackName};
use harness_local::fidelity::{
    History, Memory, SEEDS, SHOWN_ON, Scenario, compare, play, row, scenarios,
};
use libtest_mimic::{Completion, Failed, Trial};

use self::real::Real;
use crate::world::World;

/// The table that says how each scenario goes.
const TABLE: &str = include_str!("../../../../docs/reference/fidelity.md");

pub(crate) fn trials() -> Vec<Trial> {
    let of = |scenario: Scenario| {
        super::trial(format!("fidelity::{}", scenario.name), move |w| both(w, &scenario))
    };
    let mut trials: Vec<Trial> = scenarios().into_iter().map(of).collect();
    trials.push(Trial::ignorable_test("fidelity::the_table_names_this_engine", names_engine));
    trials
}

/// A difference counts when it shows so many times in a row: a machine that is busy with other things may keep a real
/// engine from what it does otherwise, and nothing makes the engine in memory do it.
const ATTEMPTS: usize = 3;

fn both(world: &World, scenario: &Scenario) -> Result<(), Failed> {
    let stack = stack(scenario)?;
    let mut memory = Vec::new();
    for seed in SEEDS {
        let mut side = Memory::new(scenario, stack.clone(), seed);
        memory.push(world.block_on(play(scenario, &mut side))?);
    }
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let real = match world.block_on(on_engine(world, scenario, &stack)) {
            Ok(real) => real,
            Err(error) => {
                said = error.message().unwrap_or_default().to_owned();
                continue;
            }
        };
        let found = memory.iter().map(|m| (compare(&real, m), m));
        let Some((found, nearest)) = found.min_by_key(|(found, _)| found.len()) else { break };
        if found.is_empty() {
            return in_table(scenario, &memory[0]);
        }
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        let found = found.join("\n");
        said = format!("{found}\n\n--- Docker Engine\n{real}\n--- engine in memory\n{nearest}");
    }
    Err(said.into())
}

fn in_table(scenario: &Scenario, memory: &History) -> Result<(), Failed> {
    if TABLE.contains(&row(scenario, memory)) {
        return Ok(());
    }
    Err("docs/reference/fidelity.md says something else: run `cargo xtask docs`".into())
}

/// Plays a scenario on the engine, and removes its stack however that ends.
async fn on_engine(
    world: &World,
    scenario: &Scenario,
    stack: &StackName,
) -> Result<History, Failed> {
    let mut real = Real::connect(world, scenario, stack).await?;
    real.remove().await?;
    let played = play(scenario, &mut real).await;
    real.remove().await?;
    Ok(played?)
}

fn stack(scenario: &Scenario) -> Result<StackName, Failed> {
    let domain = format!("fid-{}.ccci.test", scenario.name.replace('_', "-"));
    Ok(StackName::from(&Domain::try_from(domain)?))
}

/// Another engine may do as well: that the table was shown on this one is then not said, and seen to be so.
fn names_engine() -> Result<Completion, Failed> {
    let world = match World::new("fidelity-version") {
        Ok(world) => world,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    let seen = world.block_on(real::version())?;
    if seen.starts_with(&format!("{SHOWN_ON}.")) {
        return Ok(Completion::Completed);
    }
    Ok(Completion::ignored_with(format!(
        "this engine is {seen}, the table was shown on {SHOWN_ON}: change SHOWN_ON once all scenarios pass"
    )))
}
