//! The seeds that found a defect once, kept for ever.

use harness_local::fault::Fault;
use serde::Deserialize;

use crate::campaign::{Tally, one};
use crate::scenario::Scenario;
use crate::subject::Library;

/// The seeds, each with what it found.
const KEPT: &str = include_str!("../kept-seeds.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default)]
    seed: Vec<Row>,
}

/// One of them. The recipe and the faults are written down: what a seed stands for changes with the generator.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    seed: u64,
    recipe: String,
    faults: Vec<String>,
    dies_in_step: Option<u64>,
    #[expect(dead_code, reason = "for the reader of the file")]
    found: String,
}

/// Plays them all.
///
/// # Panics
/// The file names a recipe or a fault that there is not: a test keeps that from happening.
pub(crate) fn play(library: &Library) -> Tally {
    let mut tally = Tally::default();
    for scenario in scenarios(library) {
        let played = one(&scenario);
        tally.seeds += 1;
        tally.runs += played.runs;
        tally.found.extend(played.found);
    }
    tally
}

fn scenarios(library: &Library) -> Vec<Scenario> {
    let kept: Kept = toml::from_str(KEPT).expect("the file of kept seeds is read in a test");
    let scenario = |row: Row| {
        let subject = library.find(&row.recipe).expect("the recipe of a kept seed is bundled");
        let faults = row.faults.iter();
        let faults: Vec<Fault> =
            faults.map(|text| text.parse().expect("the fault of a kept seed is one")).collect();
        let scenario = Scenario::sound(row.seed, &subject).with(&faults);
        Scenario { dies_in_step: row.dies_in_step, ..scenario }
    };
    kept.seed.into_iter().map(scenario).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_seed_names_faults_that_there_are() {
        let kept: Kept = toml::from_str(KEPT).unwrap();
        assert!(!kept.seed.is_empty());
        for fault in kept.seed.iter().flat_map(|row| &row.faults) {
            fault.parse::<Fault>().unwrap();
        }
    }
}
