//! The results, folded again.

use serde_json::Value;

use crate::event::{Event, Happened};
use crate::report::Results;

use super::Decision;

/// Folds the events again and compares with the results that the run left. A run that was killed left those of its
/// last tier.
pub(super) fn replay(events: &[Event], recorded: &Value) -> Vec<Decision> {
    let folded = Results::from_events(reported(events));
    let today = folded.ok().and_then(|results| serde_json::to_value(results).ok());
    let mut decisions = Vec::new();
    compare("results", recorded, today.as_ref().unwrap_or(&Value::Null), &mut decisions);
    if decisions.is_empty() {
        let shown = format!("{} at level {}", recorded["verdict"], recorded["level"]);
        decisions.push(Decision {
            what: "results".to_owned(),
            recorded: shown.clone(),
            today: shown,
        });
    }
    decisions
}

/// Returns the events that the last results were made from.
fn reported(events: &[Event]) -> &[Event] {
    if events.iter().any(|e| matches!(e.what, Happened::RunFinished { .. })) {
        return events;
    }
    let written = |e: &Event| {
        matches!(
            e.what,
            Happened::RunStarted { .. }
                | Happened::TierFinished { .. }
                | Happened::CensusTaken { .. }
        )
    };
    events.iter().rposition(written).map_or(events, |at| &events[..=at])
}

/// Adds what is not the same. What the recorded results lack, because it was not reported yet, is no difference.
fn compare(path: &str, recorded: &Value, today: &Value, decisions: &mut Vec<Decision>) {
    match (recorded, today) {
        (Value::Object(recorded), Value::Object(today)) => {
            for (key, value) in recorded {
                let path = format!("{path}.{key}");
                compare(&path, value, today.get(key).unwrap_or(&Value::Null), decisions);
            }
        }
        (Value::Array(then), Value::Array(now)) if then.len() == now.len() => {
            for (i, (then, now)) in then.iter().zip(now).enumerate() {
                compare(&format!("{path}[{i}]"), then, now, decisions);
            }
        }
        (recorded, today) if recorded == today => {}
        (recorded, today) => decisions.push(Decision {
            what: path.to_owned(),
            recorded: recorded.to_string(),
            today: today.to_string(),
        }),
    }
}
