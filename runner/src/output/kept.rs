//! What to do with a deployment that was left standing, as `cc-ci run`, `cc-ci explain` and `cc-ci warm` print it.

use camino::Utf8Path;
use harness_core::plan::Plan;
use jiff::Timestamp;

/// Returns until when the deployment stands, and the commands to look at it, to check it again and to end it.
pub fn kept(plan: &Plan, run: &Utf8Path, until: Timestamp) -> String {
    let recipe = plan.recipe.as_str().replace('-', "_");
    let until = until.round(jiff::Unit::Second).unwrap_or(until);
    [
        format!("kept until {until}: https://{}", plan.app.domain),
        format!("  look inside   cc-ci shell {run} SERVICE"),
        format!("  check again   CCCI_RUN={run} cargo test -p recipe-tests -- {recipe}::custom"),
        format!("  end it        cc-ci gc --kept {run}"),
    ]
    .join("\n")
}

/// Returns where something is kept warm, and the command that ends it.
pub fn warm(plan: &Plan) -> String {
    let recipe = &plan.recipe;
    [
        format!("kept warm: https://{}", plan.app.domain),
        format!("  who is at it  cc-ci warm status {recipe}"),
        format!("  end it        cc-ci warm down {recipe}"),
    ]
    .join("\n")
}
