//! A Chrome trace of where the time went, for `chrome://tracing` and Perfetto.

use serde_json::{Value, json};

use super::results::Results;

/// Returns the phases and checks as a Chrome trace (JSON object format, times in microseconds).
pub fn trace(results: &Results) -> Value {
    let phases = results.phases.iter().map(|phase| {
        json!({
            "name": phase.name,
            "cat": phase.tier.map_or("run", |t| t.word()),
            "ph": "X",
            "ts": phase.start_ms * 1000,
            "dur": (phase.end_ms - phase.start_ms) * 1000,
            "pid": 1,
            "tid": 1,
            "args": { "waited_on": phase.waited_on },
        })
    });
    json!({ "displayTimeUnit": "ms", "traceEvents": phases.collect::<Vec<_>>() })
}
