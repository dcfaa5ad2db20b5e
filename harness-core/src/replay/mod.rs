//! Deciding again over the recorded events of a run: where today's code would decide otherwise. Main items: [`replay`],
//! [`Decision`].
//!
//! What is decided again: each recorded observation of an app that was to converge, each tier that was judged by a
//! step or by its checks, and everything that the results say. What is not: the plan, whose input is not recorded
//! whole, and what depends on more than the events, such as limits that passed and answers of the app.

mod converge;
mod results;
mod tiers;

use crate::event::Event;
use crate::report::{NoRun, Results};

/// One decision, as it was recorded and as it would be today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided about.
    pub what: String,
    /// What was decided then.
    pub recorded: String,
    /// What would be decided today.
    pub today: String,
}

impl Decision {
    /// Returns whether today's code decides as it was decided then.
    pub fn is_same(&self) -> bool {
        self.recorded == self.today
    }
}

/// Decides again over a run's events. `results` are those that it left, if it left any.
///
/// # Errors
/// There is no start of a run among the events.
pub fn replay(
    events: &[Event],
    results: Option<&serde_json::Value>,
) -> Result<Vec<Decision>, NoRun> {
    Results::from_events(events)?;
    let mut decisions = converge::replay(events);
    decisions.extend(tiers::replay(events));
    decisions.extend(results.map(|results| results::replay(events, results)).unwrap_or_default());
    Ok(decisions)
}

#[cfg(test)]
mod tests;
