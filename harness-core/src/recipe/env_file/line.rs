//! One entry of an env file: an assignment, or text that means nothing. Reading is total.

use std::ops::Range;

use crate::recipe::dollar::{Dialect, expand};

/// A piece of the file: one line, or several when a quoted value spans them. Keeps its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// The text, with its line ending.
    pub(super) text: String,
    /// What it assigns, if anything.
    pub(super) assignment: Option<Assignment>,
}

/// `NAME=value # comment`, as places in the entry's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assignment {
    name: Range<usize>,
    /// The value with its quotes.
    value: Range<usize>,
    quotes: Quotes,
    /// The text behind the `#`.
    comment: Option<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quotes {
    None,
    Single,
    Double,
}

impl Entry {
    /// Splits the next entry off the text, which must not be empty.
    pub(super) fn split_off(text: &str) -> (Self, &str) {
        let line = text.find('\n').map_or(text.len(), |at| at + 1);
        let read =
            name_and_value_start(&text[..line]).map(|(name, start)| value(text, name, start));
        let (assignment, end) = match read {
            Some((assignment, end)) => (Some(assignment), end),
            None => (None, line),
        };
        (Self { text: text[..end].to_owned(), assignment }, &text[end..])
    }

    /// Returns the name that is assigned.
    pub(super) fn name(&self) -> Option<&str> {
        self.assignment.as_ref().map(|a| &self.text[a.name.clone()])
    }

    /// Returns the comment behind the value.
    pub(super) fn comment(&self) -> Option<&str> {
        self.assignment.as_ref().and_then(|a| a.comment.clone()).map(|range| &self.text[range])
    }

    /// Returns the value, expanded by the variables above.
    pub(super) fn value(&self, lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
        let assignment = self.assignment.as_ref()?;
        let raw = &self.text[assignment.value.clone()];
        Some(match assignment.quotes {
            Quotes::None => expanded(raw, lookup),
            Quotes::Single => raw[1..raw.len() - 1].to_owned(),
            Quotes::Double => unescaped(&raw[1..raw.len() - 1], lookup),
        })
    }

    /// Returns the text with other characters in the place of the value.
    pub(super) fn text_with(&self, written: &str) -> Option<String> {
        let range = self.assignment.as_ref()?.value.clone();
        Some(format!("{}{written}{}", &self.text[..range.start], &self.text[range.end..]))
    }
}

/// Returns the ways to write a value, plainest first. The last one can write any value, also below a quote that was
/// never closed: what follows its opening quote is neither a comment nor the line's end.
pub(super) fn ways_to_write(value: &str) -> Vec<String> {
    let plain = |c: char| {
        c.is_ascii_alphanumeric()
            || "_./:@%+,=~^-".contains(c)
            || !c.is_ascii() && !c.is_whitespace()
    };
    let mut ways = Vec::new();
    if value.chars().all(plain) {
        ways.push(value.to_owned());
    }
    if !value.contains(['\'', '\n', '\r']) {
        ways.push(format!("'{value}'"));
    }
    let mut escaped = String::with_capacity(value.len() + 2);
    for c in value.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '"' | '\\' | '$' | '#' => escaped.extend(['\\', c]),
            c => escaped.push(c),
        }
    }
    ways.push(format!("\"{escaped}\""));
    ways
}

/// Finds the name on the line and where the text behind `=` begins.
fn name_and_value_start(line: &str) -> Option<(Range<usize>, usize)> {
    let blanks = |from: usize| {
        from + (line[from..].len() - line[from..].trim_start_matches([' ', '\t']).len())
    };
    let mut start = blanks(0);
    if let Some(after) = line[start..].strip_prefix("export")
        && after.starts_with([' ', '\t'])
    {
        start = blanks(start + "export".len());
    }
    let rest = &line[start..];
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let equals = blanks(start + length);
    line[equals..].starts_with('=').then_some((start..start + length, equals + 1))
}

/// Reads the value from `start` on; returns the assignment and where the entry ends.
fn value(text: &str, name: Range<usize>, start: usize) -> (Assignment, usize) {
    let rest = &text[start..];
    let begin = start + (rest.len() - rest.trim_start_matches([' ', '\t']).len());
    for (mark, quotes) in [('\'', Quotes::Single), ('"', Quotes::Double)] {
        if text[begin..].starts_with(mark)
            && let Some(close) = closing(text, begin + 1, mark, quotes)
            && let Some((comment, end)) = behind(text, close + 1)
        {
            return (Assignment { name, value: begin..close + 1, quotes, comment }, end);
        }
    }
    let end = text[start..].find('\n').map_or(text.len(), |at| start + at + 1);
    let line = &text[start..end];
    let hash = line
        .char_indices()
        .zip(line.chars().skip(1))
        .find(|((_, a), b)| matches!(a, ' ' | '\t') && *b == '#');
    let (value_end, comment) = match hash {
        Some(((at, _), _)) => (start + at, Some(trimmed(text, start + at + 2, end))),
        None => (end, None),
    };
    let value = trimmed(text, start, value_end);
    (Assignment { name, value, quotes: Quotes::None, comment }, end)
}

/// Finds the closing quote.
fn closing(text: &str, from: usize, mark: char, quotes: Quotes) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text[from..].char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' && quotes == Quotes::Double {
            escaped = true;
        } else if c == mark {
            return Some(from + at);
        }
    }
    None
}

/// Reads what may stand behind a closing quote: blanks, a comment, the line's end. Anything else makes the quote
/// an ordinary character.
fn behind(text: &str, from: usize) -> Option<(Option<Range<usize>>, usize)> {
    let end = text[from..].find('\n').map_or(text.len(), |at| from + at + 1);
    let rest = &text[from..end];
    let comment = rest.trim_start_matches([' ', '\t', '\r']);
    if comment.trim_matches(BLANKS).is_empty() {
        return Some((None, end));
    }
    let at = end - comment.len();
    comment.starts_with('#').then(|| (Some(trimmed(text, at + 1, end)), end))
}

/// What may stand behind a value without belonging to it; before it only the first two may.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn trimmed(text: &str, from: usize, to: usize) -> Range<usize> {
    let piece = text[from..to].trim_end_matches(BLANKS);
    let body = piece.trim_start_matches([' ', '\t']);
    // An all-blank piece is empty at its beginning, so that a value written there precedes the line's end.
    from + (piece.len() - body.len())..from + piece.len()
}

fn expanded(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    expand(text, Dialect::EnvFile, lookup).unwrap_or_else(|bad| bad.0)
}

/// Replaces escapes and variables in a double-quoted value. What an escape gives is never expanded.
fn unescaped(raw: &str, lookup: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        out.push_str(&expanded(&rest[..at], lookup));
        let mut chars = rest[at + 1..].chars();
        match chars.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(c @ ('"' | '\\' | '$' | '#')) => out.push(c),
            Some(c) => out.extend(['\\', c]),
            None => out.push('\\'),
        }
        rest = chars.as_str();
    }
    out.push_str(&expanded(rest, lookup));
    out
}
