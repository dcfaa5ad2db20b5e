//! The recipe's own tests as steps of their tiers.

use std::time::Duration;

use harness_core::repo_tests::RepoTestKind;
use harness_core::run_file::{Phase, RunFile};

use super::{hurl, script};
use crate::ctx::Ctx;
use crate::suite::{Step, Suite};

/// How long one file may take.
const FILE_LIMIT: Duration = Duration::from_mins(3);

/// Returns a check for each of the recipe's own tests that the run file brings.
pub(crate) fn steps(run: &RunFile) -> Vec<Step> {
    let mut suite = Suite::new().limit(FILE_LIMIT);
    for test in &run.repo_tests {
        let (name, file) = (test.name.clone(), test.clone());
        let body = move |ctx: Ctx| {
            let file = file.clone();
            async move {
                match file.kind {
                    RepoTestKind::Hurl => hurl::run(&ctx, &file).await,
                    RepoTestKind::Script => script::run(&ctx, &file).await,
                }
            }
        };
        suite = match test.phase {
            Phase::Seed => suite.seed(test.tier, &name, body),
            // A repository's tests are asked after ops of its own alone.
            Phase::Check | Phase::Across | Phase::Provide | Phase::Works | Phase::TakeBack => {
                suite.check(test.tier, &name, body)
            }
        };
    }
    suite.steps
}
