//! Convergence, decided again.

use crate::converge::{Before, Decided, decide};
use crate::event::{Event, Happened};
use crate::name::ServiceName;

use super::Decision;

/// Decides again by each recorded observation.
pub(super) fn replay(events: &[Event]) -> Vec<Decision> {
    let mut decisions = Vec::new();
    let mut awaited: Option<(&[ServiceName], &Before)> = None;
    for event in events {
        if let Happened::Awaited { defined, before, .. } = &event.what {
            awaited = Some((defined, before));
        }
        if let Happened::Observed { tier, observation, decided } = &event.what
            && let Some((defined, before)) = awaited
        {
            let today = Decided::from(&decide(observation, defined, before));
            decisions.push(Decision {
                what: format!("{tier}: converged, at {} ms", event.ms),
                recorded: decided.to_string(),
                today: today.to_string(),
            });
        }
    }
    decisions
}
