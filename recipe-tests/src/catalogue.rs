//! Everything that is asked of a recipe: the generic floor and its suite. Main items: [`steps`], [`describe`],
//! [`check_names`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use harness_core::name::RecipeName;
use harness_core::repo_tests::{Approved, InvalidApproved};
use harness_core::run_file::{Phase, SuiteDescription};
use harness_core::tier::Tier;
use thiserror::Error;

use crate::floor;
use crate::folder::{Folder, find};
use crate::suite::Step;

/// A suite that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidSuite {
    /// A name that is not one.
    #[error(
        "`{step}` in recipes/{recipe}/suite.rs is not a name: expected lower-case letters, digits and `_`, beginning with a letter"
    )]
    Name {
        /// The recipe.
        recipe: String,
        /// The name.
        step: String,
    },
    /// A dependency that is no recipe.
    #[error("`{step}` in recipes/{recipe}/suite.rs needs `{needed}`, which is no recipe's name")]
    Needs {
        /// The recipe.
        recipe: String,
        /// The step.
        step: String,
        /// What it says to need.
        needed: String,
    },
    /// The list of recipes whose own scripts are run cannot be used.
    #[error(transparent)]
    Approved(#[from] InvalidApproved),
    /// A name that stands for two things.
    #[error("recipes/{recipe}/suite.rs adds `{step}`, which is there already: choose another name")]
    Twice {
        /// The recipe.
        recipe: String,
        /// The name.
        step: String,
    },
}

/// Returns all seeds and checks for a recipe: those of the floor first, each part in its own order.
pub(crate) fn steps(recipe: &RecipeName) -> Result<Vec<Step>, InvalidSuite> {
    of_folder(recipe.as_str(), find(recipe))
}

/// Returns the same, worked out once in this process: for one that does many runs.
pub(crate) fn shared_steps(recipe: &RecipeName) -> Result<Arc<[Step]>, InvalidSuite> {
    static KNOWN: Mutex<BTreeMap<RecipeName, Arc<[Step]>>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(steps) = known.get(recipe) {
        return Ok(Arc::clone(steps));
    }
    let steps: Arc<[Step]> = steps(recipe)?.into();
    known.insert(recipe.clone(), Arc::clone(&steps));
    Ok(steps)
}

/// Returns what the trials program says about a recipe, for the plan.
///
/// # Errors
/// The recipe's suite cannot be used.
pub fn describe(recipe: &RecipeName) -> Result<SuiteDescription, InvalidSuite> {
    let folder = find(recipe);
    let steps = of_folder(recipe.as_str(), folder)?;
    let named_of = |steps: &[Step], phase: Phase| {
        let steps = steps.iter().filter(|s| s.phase == phase);
        steps.map(|s| format!("{}::{}", s.tier, s.name)).collect()
    };
    let named = |phase| named_of(&steps, phase);
    let needing = steps.iter().filter(|s| s.phase == Phase::Check && !s.needs.is_empty());
    let needs =
        needing.map(|step| Ok((format!("{}::{}", step.tier, step.name), needs(recipe, step)?)));
    let provides = folder.and_then(|f| f.suite).map(|suite| suite().provides).unwrap_or_default();
    let text = |of: fn(&Folder) -> Option<&'static str>| folder.and_then(of).map(str::to_owned);
    Ok(SuiteDescription {
        has_folder: folder.is_some(),
        settings: text(|f| f.settings),
        overlay: text(|f| f.overlay),
        install_steps: text(|f| f.install_steps),
        previous_version: text(|f| f.previous_version),
        previous_overlay: text(|f| f.previous_overlay),
        checks: named(Phase::Check),
        own_checks: named_of(steps.get(floor_len()..).unwrap_or_default(), Phase::Check),
        seeds: named(Phase::Seed),
        needs: needs.collect::<Result<_, InvalidSuite>>()?,
        provides: provides.into_iter().map(str::to_owned).collect(),
        can_be_warm: steps.iter().any(|s| s.phase == Phase::TakeBack),
        is_approved: approved()?.has(recipe),
    })
}

/// Returns what describes every suite of this program, with this description for one of them. A suite that cannot be
/// used is described as one without a folder.
pub fn suites_with(
    recipe: &RecipeName,
    suite: SuiteDescription,
) -> impl Fn(&RecipeName) -> SuiteDescription + Sync {
    let recipe = recipe.clone();
    move |asked| {
        if *asked == recipe { suite.clone() } else { describe(asked).unwrap_or_default() }
    }
}

fn needs(recipe: &RecipeName, step: &Step) -> Result<Vec<RecipeName>, InvalidSuite> {
    let name = |needed: &&str| {
        RecipeName::try_from((*needed).to_owned()).map_err(|_not_a_name| InvalidSuite::Needs {
            recipe: recipe.to_string(),
            step: step.name.clone(),
            needed: (*needed).to_owned(),
        })
    };
    step.needs.iter().map(name).collect()
}

/// Returns how many of the first steps are the floor's.
pub(crate) fn floor_len() -> usize {
    floor::suite().steps.len()
}

/// Returns the recipes whose own scripts are run.
fn approved() -> Result<Approved, InvalidApproved> {
    Approved::parse(
        "recipe-tests/repo-local-approved.txt",
        include_str!("../repo-local-approved.txt"),
    )
}

/// Returns the names of the trials for the checks of a folder, unsorted.
pub(crate) fn check_names(folder: &'static Folder) -> Result<Vec<String>, InvalidSuite> {
    let steps = of_folder(folder.name, Some(folder))?;
    let checks = steps.iter().filter(|s| s.phase == Phase::Check);
    Ok(checks.map(|s| trial_name(folder.name, s)).collect())
}

/// Returns `recipe::tier::check`, or `recipe::tier::seed_<name>`, in lower snake case.
pub(crate) fn trial_name(recipe: &str, step: &Step) -> String {
    let recipe = recipe.replace('-', "_");
    let phase = match step.phase {
        Phase::Seed => "seed_",
        Phase::Check => "",
        Phase::Across => "across_",
        Phase::Provide | Phase::Works | Phase::TakeBack => "for_others_",
    };
    format!("{recipe}::{}::{phase}{}", step.tier, step.name)
}

fn of_folder(recipe: &str, folder: Option<&Folder>) -> Result<Vec<Step>, InvalidSuite> {
    let mut steps = floor::suite().steps;
    if let Some(suite) = folder.and_then(|f| f.suite) {
        let own = suite().steps;
        let again = after_loss(&own);
        steps.extend(own);
        steps.extend(again);
    }
    verify(recipe, &steps)?;
    Ok(steps)
}

/// Returns what a suite asks after a restore, to be asked after everything was destroyed and restored too: what is in
/// the backup is the same. A check of the disaster tier takes the place of the one of its name.
fn after_loss(own: &[Step]) -> Vec<Step> {
    let is_check = |s: &&Step, tier| s.tier == tier && s.phase == Phase::Check;
    let replaced = |name: &str| own.iter().any(|s| is_check(&s, Tier::Disaster) && s.name == name);
    let asked = own.iter().filter(|s| is_check(s, Tier::Restore) && !replaced(&s.name));
    asked.map(|s| Step { tier: Tier::Disaster, ..s.clone() }).collect()
}

fn verify(recipe: &str, steps: &[Step]) -> Result<(), InvalidSuite> {
    let mut seen = BTreeSet::new();
    for step in steps {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = step.name.bytes().all(plain)
            && step.name.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        let recipe = recipe.to_owned();
        if !fits {
            return Err(InvalidSuite::Name { recipe, step: step.name.clone() });
        }
        let name = trial_name(&recipe, step);
        if seen.contains(&name) {
            return Err(InvalidSuite::Twice { recipe, step: name });
        }
        seen.insert(name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folder;
    use crate::suite::Suite;

    fn recipe(name: &str) -> RecipeName {
        RecipeName::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn every_suite_can_be_used() {
        for folder in folder::all() {
            check_names(folder).unwrap();
        }
    }

    #[test]
    fn a_recipe_without_a_folder_gets_the_floor() {
        let described = describe(&recipe("nothing-of-ours")).unwrap();
        assert!(!described.has_folder && described.settings.is_none());
        for check in ["install::serves", "upgrade::volumes_survive", "restore::markers_are_back"] {
            assert!(described.checks.iter().any(|c| c == check), "{check}");
        }
        assert!(described.checks.iter().all(|c| !c.starts_with("custom::")));
        assert!(described.seeds.iter().any(|s| s == "upgrade::markers"));
    }

    #[test]
    fn a_folder_adds_to_the_floor() {
        let described = describe(&recipe("custom-html")).unwrap();
        assert!(described.has_folder && described.settings.is_some());
        assert_eq!(described.checks[0], "install::serves");
        assert!(described.checks.iter().any(|c| c == "custom::content_round_trip"));
    }

    #[test]
    fn trials_are_named_in_lower_snake_case() {
        let suite = Suite::new().seed(Tier::Restore, "marker", async |_| Ok(())).check(
            Tier::Custom,
            "round_trip",
            async |_| Ok(()),
        );
        let names: Vec<_> = suite.steps.iter().map(|s| trial_name("custom-html", s)).collect();
        assert_eq!(names, ["custom_html::restore::seed_marker", "custom_html::custom::round_trip"]);
    }

    #[test]
    fn what_is_asked_after_a_restore_is_asked_after_a_loss_too() {
        let suite = Suite::new()
            .seed(Tier::Restore, "row", async |_| Ok(()))
            .check(Tier::Restore, "row_is_back", async |_| Ok(()))
            .check(Tier::Restore, "page_is_back", async |_| Ok(()))
            .check(Tier::Disaster, "page_is_back", async |_| Ok(()));
        let asked = after_loss(&suite.steps);
        let names: Vec<_> = asked.iter().map(|s| trial_name("a", s)).collect();
        assert_eq!(names, ["a::disaster::row_is_back"]);
        let described = describe(&recipe("custom-html")).unwrap();
        assert!(described.own_checks.iter().any(|c| c == "disaster::page_is_original"));
    }

    #[test]
    fn names_that_clash_or_are_none_are_refused() {
        let serves = Suite::new().check(Tier::Install, "serves", async |_| Ok(())).check(
            Tier::Install,
            "serves",
            async |_| Ok(()),
        );
        assert!(matches!(verify("r", &serves.steps), Err(InvalidSuite::Twice { .. })));
        for name in ["", "Serves", "9lives", "a-b", "a::b"] {
            let suite = Suite::new().check(Tier::Install, name, async |_| Ok(()));
            assert!(matches!(verify("r", &suite.steps), Err(InvalidSuite::Name { .. })), "{name}");
        }
    }
}
