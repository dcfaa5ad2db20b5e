//! The scenarios. Main function: [`scenarios`].

mod ending;
mod objects;
mod starting;
mod text;
mod updating;

use super::scenario::Scenario;

/// Returns every scenario, by what it is about.
pub fn scenarios() -> Vec<Scenario> {
    let all =
        [starting::scenarios(), ending::scenarios(), updating::scenarios(), objects::scenarios()];
    all.concat()
}
