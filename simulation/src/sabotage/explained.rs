//! The survivors that a suite's `PARITY.md` explains. Pure; main function: [`explained`].

use harness_local::sabotage::{InvalidSabotage, Sabotage};
use thiserror::Error;

/// The heading of the section.
const SECTION: &str = "## Sabotages that survive";

/// A survivor with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The sabotage.
    pub name: &'static str,
    /// Why it survives.
    pub reason: String,
}

/// The section cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidExplanation {
    /// A line is no item.
    #[error("line {line} of PARITY.md: expected \"- `sabotage`: why it survives\", seen {seen:?}")]
    Item {
        /// Its number.
        line: usize,
        /// The line.
        seen: String,
    },
    /// An item names what there is not.
    #[error("line {line} of PARITY.md names no sabotage")]
    Name {
        /// Its number.
        line: usize,
        /// What was written.
        source: InvalidSabotage,
    },
}

/// Returns the survivors that a `PARITY.md` explains: the items of its section, each on a line of its own.
///
/// # Errors
/// A line of the section is no item, or names no sabotage.
pub fn explained(text: &str) -> Result<Vec<Explained>, InvalidExplanation> {
    let mut found = Vec::new();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim_end()));
    let section = lines.skip_while(|(_, line)| *line != SECTION).skip(1);
    for (line, text) in section.take_while(|(_, line)| !line.starts_with("## ")) {
        // Prose between the items is for the reader.
        if !text.starts_with("- ") {
            continue;
        }
        let item = text.strip_prefix("- `").and_then(|rest| rest.split_once("`: "));
        let Some((name, reason)) = item.filter(|(_, reason)| !reason.trim().is_empty()) else {
            return Err(InvalidExplanation::Item { line, seen: text.to_owned() });
        };
        let sabotage: Sabotage =
            name.parse().map_err(|source| InvalidExplanation::Name { line, source })?;
        found.push(Explained { name: sabotage.class().name, reason: reason.to_owned() });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_of_the_section_are_read_and_of_no_other() {
        let text = "# r\n\n- `cache-for-ever`: elsewhere\n\n## Sabotages that survive\n\nTwo do:\n\n- `doors-open`: there are no doors\n- `answers-cut`: nobody reads\n\n## More\n\n- `x`: y\n";
        let names: Vec<_> = explained(text).unwrap().into_iter().map(|e| e.name).collect();
        assert_eq!(names, ["doors-open", "answers-cut"]);
        assert_eq!(explained("# r\n").unwrap(), []);
    }

    #[test]
    fn an_item_without_a_reason_and_one_without_a_name_are_refused_with_their_line() {
        for item in ["- `doors-open`", "- `doors-open`: ", "- doors-open: because"] {
            let error = explained(&format!("{SECTION}\n{item}\n")).unwrap_err();
            assert!(matches!(error, InvalidExplanation::Item { line: 2, .. }), "{error}");
        }
        let error = explained(&format!("{SECTION}\n- `door`: because\n")).unwrap_err();
        assert!(matches!(error, InvalidExplanation::Name { line: 2, .. }), "{error}");
    }
}
