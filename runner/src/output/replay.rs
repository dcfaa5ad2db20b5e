//! Decisions, as `cc-ci replay` prints them.

use harness_core::replay::Decision;

/// Returns the decisions as text: a line for each, and both sides of those that are different.
pub fn replay(decisions: &[Decision]) -> String {
    let mut lines = Vec::new();
    for decision in decisions {
        if decision.is_same() {
            lines.push(format!("same       {}: {}", decision.what, decision.today));
        } else {
            lines.push(format!("DIFFERENT  {}", decision.what));
            lines.push(format!("             recorded  {}", decision.recorded));
            lines.push(format!("             today     {}", decision.today));
        }
    }
    let different = decisions.iter().filter(|d| !d.is_same()).count();
    lines.push(format!("{} decisions, {different} different", decisions.len()));
    lines.join("\n")
}
