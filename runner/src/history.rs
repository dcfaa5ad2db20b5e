//! How long a run will take, by how long earlier ones took. Main function: [`expect`].

use std::collections::BTreeMap;

use camino::Utf8Path;
use harness_core::plan::Plan;
use harness_core::report::{PhaseSpan, Results, RunVerdict};
use harness_core::tier::Tier;
use serde::Serialize;

/// How long the plan will take on a platform.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expected {
    /// `swarm` or `embedded`.
    pub platform: String,
    /// So many runs say so.
    pub runs: usize,
    /// All of it, in milliseconds.
    pub total_ms: u64,
    /// Each tier that will be done, in milliseconds.
    pub tiers_ms: BTreeMap<Tier, u64>,
}

/// Reads the results of every run below a folder. What cannot be read says nothing, and is left out.
pub fn read(out: &Utf8Path) -> Vec<Results> {
    let folders = out.read_dir_utf8().into_iter().flatten().flatten();
    let text = |folder: camino::Utf8DirEntry| {
        std::fs::read_to_string(folder.path().join("results.json")).ok()
    };
    folders.filter_map(text).filter_map(|text| serde_json::from_str(&text).ok()).collect()
}

/// Returns how long the plan will take on each platform on which the recipe has passed: the medians of the phases of
/// those runs, without the tiers that will be left out. A run that did not pass says nothing: it ended early, or
/// waited for what never came.
pub fn expect(plan: &Plan, history: &[Results]) -> Vec<Expected> {
    let mut platforms: BTreeMap<&str, Vec<&Results>> = BTreeMap::new();
    for run in history {
        if run.recipe == plan.recipe.as_str() && run.verdict == RunVerdict::Pass {
            platforms.entry(&run.platform.name).or_default().push(run);
        }
    }
    platforms.into_iter().map(|(platform, runs)| expected(plan, platform, &runs)).collect()
}

fn expected(plan: &Plan, platform: &str, runs: &[&Results]) -> Expected {
    let mut phases: BTreeMap<(Option<Tier>, &str), Vec<u64>> = BTreeMap::new();
    for run in runs {
        let mut of_run: BTreeMap<(Option<Tier>, &str), u64> = BTreeMap::new();
        let mut reached = 0;
        for phase in &run.phases {
            *of_run.entry((phase.tier, &phase.name)).or_default() += alone(phase, &mut reached);
        }
        for (phase, took) in of_run {
            phases.entry(phase).or_default().push(took);
        }
    }
    let mut expected = Expected {
        platform: platform.to_owned(),
        runs: runs.len(),
        total_ms: 0,
        tiers_ms: BTreeMap::new(),
    };
    for ((tier, _), took) in phases {
        let is_done = tier.is_none_or(|tier| plan.runs(tier));
        let median = if is_done { median(took) } else { 0 };
        expected.total_ms += median;
        if let Some(tier) = tier.filter(|_| is_done) {
            *expected.tiers_ms.entry(tier).or_default() += median;
        }
    }
    expected
}

/// Returns the time of a phase that no earlier phase covers: two at once take as long as the longer one.
fn alone(phase: &PhaseSpan, reached: &mut u64) -> u64 {
    let from = phase.start_ms.max(*reached);
    *reached = (*reached).max(phase.end_ms);
    phase.end_ms.saturating_sub(from)
}

/// Returns the middle value, the lower one of two.
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
#[path = "history_tests.rs"]
mod tests;
