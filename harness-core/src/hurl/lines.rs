//! A file line by line: what kind each is. Main types: [`Lines`], [`Kind`].

use super::cursor::Cursor;
use super::place::Place;

/// The lines of a file, and how far it was read.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    next: usize,
}

/// What a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request.
    Request,
    /// What is asked of an answer.
    Response,
    /// A section, such as `[Asserts]`.
    Section,
    /// A body.
    Body,
    /// Something else: a header, or a line of a section.
    Plain,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        Self { lines: text.lines().collect(), next: 0 }
    }

    /// Returns a line, counted from 1.
    pub(super) fn line(&self, number: usize) -> &'a str {
        number.checked_sub(1).and_then(|i| self.lines.get(i)).copied().unwrap_or_default()
    }

    /// Returns the next line that says something, without passing over it.
    pub(super) fn peek(&mut self) -> Option<(Kind, &'a str)> {
        while let Some(line) = self.lines.get(self.next) {
            let text = line.trim();
            if !text.is_empty() && !text.starts_with('#') {
                return Some((kind(text), line));
            }
            self.next += 1;
        }
        None
    }

    /// Returns a cursor on the line that [`Lines::peek`] returned, and passes over it.
    pub(super) fn take<'v>(&mut self, variables: &'v [String]) -> Cursor<'v>
    where
        'a: 'v,
    {
        let place = Place { line: self.next + 1, column: 1 };
        let line = self.lines.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        let mut cursor = Cursor::new(line, place, variables);
        cursor.blanks();
        cursor
    }

    /// Returns the place of the line that is read next.
    pub(super) fn place(&self) -> Place {
        let line = self.lines.get(self.next).copied().unwrap_or_default();
        let indent = line.chars().take_while(|c| c.is_whitespace()).count();
        Place { line: self.next + 1, column: indent + 1 }
    }

    /// Returns the next line as it is, blank or not, and passes over it.
    pub(super) fn raw(&mut self) -> Option<&'a str> {
        let line = self.lines.get(self.next)?;
        self.next += 1;
        Some(line)
    }

    /// Returns the variables that the options of the request on the next line set.
    pub(super) fn variables_ahead(&self) -> Vec<String> {
        let said = |line: &&&str| !line.trim().is_empty() && !line.trim().starts_with('#');
        let mut in_options = false;
        let mut names = Vec::new();
        for line in self.lines.iter().skip(self.next + 1).filter(said) {
            let text = line.trim();
            match kind(text) {
                Kind::Request | Kind::Response => break,
                Kind::Section => in_options = text.starts_with("[Options]"),
                Kind::Plain if in_options => {
                    let value = text.strip_prefix("variable").map(str::trim_start);
                    let value = value.and_then(|v| v.strip_prefix(':'));
                    let name = value.and_then(|v| v.split_once('=')).map(|(name, _)| name.trim());
                    names.extend(name.map(str::to_owned));
                }
                Kind::Body | Kind::Plain => {}
            }
        }
        names
    }

    /// Goes back by one line.
    pub(super) fn back(&mut self) {
        self.next = self.next.saturating_sub(1);
    }

    /// Returns the place after the last line.
    pub(super) fn end(&self) -> Place {
        Place { line: self.lines.len().max(1), column: 1 }
    }
}

fn kind(text: &str) -> Kind {
    let word = text.split([' ', '\t']).next().unwrap_or_default();
    let method = !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase());
    if word == "HTTP" || word.starts_with("HTTP/") {
        Kind::Response
    } else if method && !text[word.len()..].trim_start().starts_with(':') {
        Kind::Request
    } else if is_section(text) {
        Kind::Section
    } else if begins_body(text) {
        Kind::Body
    } else {
        Kind::Plain
    }
}

fn is_section(text: &str) -> bool {
    let Some((name, rest)) = text.strip_prefix('[').and_then(|t| t.split_once(']')) else {
        return false;
    };
    let rest = rest.trim_start();
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphabetic())
        && !matches!(name, "true" | "false" | "null")
        && (rest.is_empty() || rest.starts_with('#'))
}

fn begins_body(text: &str) -> bool {
    let lone = ["true", "false", "null"].contains(&text) || text.parse::<f64>().is_ok();
    let prefixes = ["[", "`", "<", "\"", "base64,", "hex,", "file,"];
    lone || (text.starts_with('{') && !text.starts_with("{{"))
        || prefixes.iter().any(|p| text.starts_with(p))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("GET {{base_url}}", Kind::Request)]
    #[case("GET", Kind::Request)]
    #[case("HTTP 200", Kind::Response)]
    #[case("HTTP/1.1 200", Kind::Response)]
    #[case("[Asserts] # these", Kind::Section)]
    #[case("[true]", Kind::Body)]
    #[case("[1, 2]", Kind::Body)]
    #[case("{", Kind::Body)]
    #[case("{{key}}: value", Kind::Plain)]
    #[case("```json", Kind::Body)]
    #[case("file,secret;", Kind::Body)]
    #[case("Accept: text/html", Kind::Plain)]
    #[case("HOST : x", Kind::Plain)]
    fn a_line_is_told_by_its_beginning(#[case] text: &str, #[case] expected: Kind) {
        assert_eq!(kind(text), expected);
    }
}
