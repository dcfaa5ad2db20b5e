//! The listing, and how it is run. Main item: [`run`].

use harness_core::name::RecipeName;
use harness_core::process::BaseEnv;
use harness_core::tier::Tier;
use libtest_mimic::{Completion, Conclusion, Failed, Trial};

use crate::board::{self, Board, Ended, Errand};
use crate::request::Request;
use crate::shown;

/// What stands before each name: what is said here is said of stand-ins.
const KIND: &str = "simulated";

/// How long the lines of a story may be.
const STORY: usize = 100;

/// What a trial asks of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asks {
    /// How a check of a tier ended.
    Check(Tier, String),
    /// Whether the run as a whole passed.
    Verdict,
}

/// Lists what is asked for, or runs it and reports like any test program. A recipe is taken through its tiers once,
/// however many of its trials are selected, and only as far as the last of them needs.
pub(crate) fn run(request: &Request, base: &BaseEnv) -> Conclusion {
    let args = &request.args;
    let (trials, errands) = listing(request);
    if !args.list && !errands.is_empty() {
        let names: Vec<_> = errands.iter().map(|(errand, _)| errand.recipe.as_str()).collect();
        anstream::eprintln!(
            "simulated: {}: stand-ins play the engine, abra, the backup bot, the router and the images",
            names.join(", ")
        );
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        board::begin(errands, args.test_threads.unwrap_or_else(cores), base.clone());
    }
    libtest_mimic::run(args, trials)
}

/// Returns every trial, and the runs that the selected ones need, each with where its trials find how it ended.
pub(crate) fn listing(request: &Request) -> (Vec<Trial>, Vec<(Errand, Board)>) {
    let bundled = harness_local::bundle::names();
    let (mut trials, mut errands) = (Vec::new(), Vec::new());
    for (recipe, checks) in &request.recipes {
        let board = Board::default();
        let source = request.sources.get(recipe).cloned();
        let is_had = source.is_some() || bundled.contains(recipe);
        let mut up_to = None;
        for asks in asked(checks) {
            let tier = asks.needs();
            if !is_had {
                trials.push(elsewhere(recipe, &asks));
                continue;
            }
            let trial = trial(recipe, asks, board.clone());
            if !request.args.is_filtered_out(&trial) {
                up_to = up_to.max(Some(tier));
            }
            trials.push(trial);
        }
        let recipe = recipe.clone();
        errands.extend(up_to.map(|up_to| (Errand { recipe, source, up_to }, board)));
    }
    (trials, errands)
}

fn asked(checks: &[String]) -> impl Iterator<Item = Asks> {
    let check = |named: &String| {
        let (tier, name) = named.split_once("::").expect("a check is described as tier::name");
        let tier = tier.parse().expect("a check is of a tier that there is");
        Asks::Check(tier, name.to_owned())
    };
    let mut checks: Vec<_> = checks.iter().map(check).collect();
    // The order of a run, whatever the order in which a suite adds its checks.
    checks.sort_by_key(Asks::needs);
    checks.into_iter().chain([Asks::Verdict])
}

impl Asks {
    /// Returns the last tier that it takes to answer.
    const fn needs(&self) -> Tier {
        match self {
            Self::Check(tier, _) => *tier,
            Self::Verdict => Tier::Custom,
        }
    }

    fn name(&self, recipe: &RecipeName) -> String {
        let recipe = recipe.as_str().replace('-', "_");
        match self {
            Self::Check(tier, name) => format!("{recipe}::{tier}::{name}"),
            Self::Verdict => format!("{recipe}::verdict"),
        }
    }

    fn answer(&self, ended: &Ended) -> Result<Completion, Failed> {
        let (results, events) = match ended {
            Ok(ended) => ended,
            Err(why) => return Err(Failed::from(format!("the run could not begin: {why}"))),
        };
        let shown = match self {
            Self::Check(tier, name) => shown::check(results, *tier, name),
            Self::Verdict => {
                shown::verdict(results, &runner::output::explain(results, events, STORY))
            }
        };
        shown.into_completion()
    }
}

fn trial(recipe: &RecipeName, asks: Asks, board: Board) -> Trial {
    Trial::ignorable_test(asks.name(recipe), move || asks.answer(board.wait())).with_kind(KIND)
}

/// Returns the trial of a recipe that is not here to be run: it says what it takes.
fn elsewhere(recipe: &RecipeName, asks: &Asks) -> Trial {
    let reason = format!(
        "{recipe} is not bundled: `-- --source {recipe}=FOLDER` runs it, with the recipe's repository, and `cc-ci run --recipe {recipe} --source FOLDER` too"
    );
    let ignored = move || Ok(Completion::ignored_with(reason));
    Trial::ignorable_test(asks.name(recipe), ignored).with_kind(KIND)
}
