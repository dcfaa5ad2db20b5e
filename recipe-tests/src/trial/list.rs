//! Which trials there are. Pure and fast: nothing is opened or reached until a trial is run.

use std::sync::Arc;

use harness_core::platform::Attachment;
use harness_core::run_file::{Phase, RunFile};
use harness_core::tier::Tier;
use libtest_mimic::{Completion, Trial};

use super::session::Session;
use crate::catalogue::{InvalidSuite, check_names, floor_len, steps, trial_name};
use crate::folder;
use crate::repo_tests;
use crate::suite::{Step, Suite};

/// Why trials are not run when there is no run file.
const UNATTACHED: &str = "no run to attach to: start one with `cargo xtask ci --recipe";

/// The fact that adds this many empty checks when the harness itself is measured.
const EMPTY_TRIALS: &str = "empty_trials";

/// Returns the checks of all folders, sorted. Each is ignored with a reason when it is run.
pub(crate) fn unattached() -> Result<Vec<Trial>, InvalidSuite> {
    let mut trials = Vec::new();
    for folder in folder::all() {
        for name in check_names(folder)? {
            let reason = format!("{UNATTACHED} {}`", folder.name);
            trials.push(Trial::ignorable_test(name, || Ok(Completion::ignored_with(reason))));
        }
    }
    trials.sort_by(|a, b| a.name().cmp(b.name()));
    Ok(trials)
}

/// Returns the trials of the run file's recipe, tier and phase, in the order in which they are to be run.
pub(crate) fn attached(run: &Arc<RunFile>) -> Result<Vec<Trial>, InvalidSuite> {
    let mut steps = steps(&run.app.recipe)?;
    if run.without_suite {
        steps.truncate(floor_len());
    }
    steps.retain(|s| s.tier == run.tier && s.phase == run.phase);
    steps.extend(repo_tests::steps(run));
    steps.extend(empty(run));
    Ok(trials_of(run, steps))
}

/// Which phases of a tier are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phases {
    /// The checks.
    Checks,
    /// The seeds, and then the checks.
    Both,
}

/// Returns the trials of the run file's recipe for every tier, in the order of a run. No op is done between them.
pub(crate) fn of_every_tier(
    run: &Arc<RunFile>,
    phases: Phases,
) -> Result<Vec<Trial>, InvalidSuite> {
    let mut steps = steps(&run.app.recipe)?;
    steps.retain(|s| match s.phase {
        Phase::Check => true,
        Phase::Seed => phases == Phases::Both,
        // It looks at what a run does in between.
        Phase::Across | Phase::Provide | Phase::Works | Phase::TakeBack => false,
    });
    steps.sort_by_key(|s| (s.tier, s.phase == Phase::Check));
    Ok(trials_of(run, steps))
}

/// Returns steps as trials of one session.
pub(crate) fn trials_of(run: &Arc<RunFile>, steps: Vec<Step>) -> Vec<Trial> {
    let session = Arc::new(Session::new(Arc::clone(run)));
    let trial = |step: Step| {
        let session = Arc::clone(&session);
        let name = trial_name(run.app.recipe.as_str(), &step);
        Trial::ignorable_test(name, move || session.run(step))
    };
    steps.into_iter().map(trial).collect()
}

fn empty(run: &RunFile) -> Vec<Step> {
    match run.attachment {
        Attachment::Instant => {}
        Attachment::Swarm { .. } | Attachment::Embedded { .. } | Attachment::InProcess => {
            return Vec::new();
        }
    }
    let count = run.facts.get(EMPTY_TRIALS).and_then(serde_json::Value::as_u64).unwrap_or(0);
    let add = |suite: Suite, n: u64| {
        suite.check(Tier::Custom, &format!("nothing_{n:05}"), async |_| Ok(()))
    };
    let mut steps = (0..count).fold(Suite::new(), add).steps;
    for step in &mut steps {
        step.tier = run.tier;
        step.phase = run.phase;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listing_is_sorted_without_doubles_and_the_same_each_time() {
        let names = || -> Vec<String> {
            unattached().unwrap().iter().map(|t| t.name().to_owned()).collect()
        };
        let first = names();
        assert!(first.is_sorted() && first.windows(2).all(|w| w[0] != w[1]));
        assert!(first.contains(&"custom_html::install::serves".to_owned()));
        assert_eq!(first, names());
    }
}
