//! A file that cannot be run: where, what was seen, what to do. Main type: [`HurlError`].

use thiserror::Error;

use super::place::Place;

/// The longest piece of a file that an error repeats, in characters.
const LONGEST: usize = 100;

/// A file that cannot be run, with the place and the remedy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file}:{}:{}: {what}{}", place.line, place.column, self.excerpt())]
pub struct HurlError {
    /// The file.
    pub file: String,
    /// Where in it.
    pub place: Place,
    /// What was seen there, and what to write instead.
    pub what: String,
    /// The line.
    pub source_line: String,
}

impl HurlError {
    /// Returns the line with a caret below the place.
    fn excerpt(&self) -> String {
        if self.source_line.is_empty() {
            return String::new();
        }
        let number = self.place.line.to_string();
        let before: String = self.source_line.chars().take(self.place.column - 1).collect();
        let at = one_line(&before, usize::MAX).chars().count();
        if at >= LONGEST {
            return String::new();
        }
        let (line, margin) = (one_line(&self.source_line, LONGEST), " ".repeat(number.len()));
        format!("\n{number} | {line}\n{margin} | {}^", " ".repeat(at))
    }
}

/// Returns text as one line: control characters, and what turns the direction of text around, are escaped, and what is
/// long is cut.
pub(super) fn one_line(text: &str, longest: usize) -> String {
    let turns = |c| matches!(c, '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut line = String::new();
    for (count, c) in text.chars().enumerate() {
        if count >= longest {
            line.push('…');
            break;
        }
        if c.is_control() || turns(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped_and_what_is_long_is_cut() {
        assert_eq!(one_line("a\u{1b}[31m\nb\u{202e}", 99), "a\\u{1b}[31m\\nb\\u{202e}");
        assert_eq!(one_line("abcdef", 3), "abc…");
    }

    #[test]
    fn the_caret_stands_below_the_place() {
        let error = HurlError {
            file: "t.hurl".to_owned(),
            place: Place { line: 12, column: 3 },
            what: "wrong".to_owned(),
            source_line: "ab cd".to_owned(),
        };
        assert_eq!(error.to_string(), "t.hurl:12:3: wrong\n12 | ab cd\n   |   ^");
    }
}
