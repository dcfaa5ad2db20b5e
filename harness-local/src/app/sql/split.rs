//! From a script to its statements, as the databases' own clients cut it. Main function: [`pieces`].

use serde::{Deserialize, Serialize};

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) struct Piece {
    /// The statement without its semicolon, or a client's own command (`\connect x`, `.dump`).
    pub(in crate::app) text: String,
    /// The line that it begins on.
    pub(in crate::app) line: usize,
    /// Whether it is a command of the client.
    pub(in crate::app) is_command: bool,
    /// The lines of data below a `COPY … FROM stdin;`.
    pub(in crate::app) data: Option<Vec<String>>,
    /// Whether it was ended.
    pub(in crate::app) is_whole: bool,
}

/// Cuts a script into statements; a line that begins with `command` is the client's own.
pub(in crate::app) fn pieces(script: &str, command: char) -> Vec<Piece> {
    let mut cutter = Cutter { rest: script, line: 1 };
    let mut pieces = Vec::new();
    loop {
        cutter.skip_blank();
        if cutter.rest.is_empty() {
            return pieces;
        }
        let line = cutter.line;
        if cutter.rest.starts_with(command) {
            let text = cutter.take_line().trim().to_owned();
            let (is_command, data, is_whole) = (true, None, true);
            pieces.push(Piece { text, line, is_command, data, is_whole });
            continue;
        }
        let (text, is_whole) = cutter.statement();
        let upper = text.to_ascii_uppercase();
        let copies = upper.starts_with("COPY ") && upper.contains("FROM STDIN") && is_whole;
        let data = copies.then(|| cutter.data());
        if !text.is_empty() {
            pieces.push(Piece { text, line, is_command: false, data, is_whole });
        }
    }
}

struct Cutter<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cutter<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn take_line(&mut self) -> &'a str {
        let length = self.rest.find('\n').map_or(self.rest.len(), |at| at + 1);
        self.take(length)
    }

    /// Skips space, comments and empty statements.
    fn skip_blank(&mut self) {
        loop {
            let blank = self.rest.len() - self.rest.trim_start().len();
            self.take(blank);
            if self.rest.starts_with("--") || self.rest.starts_with('#') {
                self.take_line();
            } else if let Some(end) = self.comment() {
                self.take(end);
            } else if self.rest.starts_with(';') {
                self.take(1);
            } else {
                return;
            }
        }
    }

    /// Returns how long the comment is that begins here. One of MySQL's that it obeys (`/*!…*/`) only prepares the
    /// session, in all dumps.
    fn comment(&self) -> Option<usize> {
        let inner = self.rest.strip_prefix("/*")?;
        if let Some(obeyed) = inner.strip_prefix('!') {
            let obeyed = obeyed.trim_start_matches(|c: char| c.is_ascii_digit() || c == 'M');
            let prepares =
                ["SET ", "ALTER TABLE "].iter().any(|s| obeyed.trim_start().starts_with(s));
            if !prepares {
                return None;
            }
        }
        Some(inner.find("*/").map_or(self.rest.len(), |at| at + 4))
    }

    /// Reads up to a semicolon outside of quotes and comments.
    fn statement(&mut self) -> (String, bool) {
        let mut text = String::new();
        while let Some(c) = self.rest.chars().next() {
            if c == ';' {
                self.take(1);
                return (text.trim().to_owned(), true);
            }
            if self.rest.starts_with("--") {
                self.take_line();
                text.push('\n');
            } else if let Some(end) = self.comment() {
                self.take(end);
            } else if let '\'' | '"' | '`' = c {
                let length = quoted(self.rest, c);
                text.push_str(self.take(length));
            } else if self.rest.starts_with("$$") {
                let length = self.rest[2..].find("$$").map_or(self.rest.len(), |at| at + 4);
                text.push_str(self.take(length));
            } else {
                text.push_str(self.take(c.len_utf8()));
            }
        }
        (text.trim().to_owned(), false)
    }

    /// Reads the lines up to `\.`.
    fn data(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.rest.starts_with('\n') {
            self.take(1);
        }
        while !self.rest.is_empty() {
            let line = self.take_line().trim_end_matches(['\n', '\r']);
            if line == "\\." {
                break;
            }
            lines.push(line.to_owned());
        }
        lines
    }
}

/// Returns how long a quoted text is, with its quotes.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '\'' => escaped = true,
            // A doubled quote ends one text and begins the next: the same to us.
            c if c == quote => return at + c.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(script: &str) -> Vec<String> {
        pieces(script, '\\').into_iter().map(|p| p.text).collect()
    }

    #[test]
    fn a_semicolon_in_a_text_or_a_comment_ends_nothing() {
        assert_eq!(texts("SELECT ';' ; -- a;\n/* b; */ SELECT 2"), ["SELECT ';'", "SELECT 2"]);
        assert_eq!(
            texts("INSERT INTO t VALUES('it''s;', \"a;\")"),
            ["INSERT INTO t VALUES('it''s;', \"a;\")"]
        );
        assert!(texts(" ;; -- nothing\n").is_empty());
    }

    #[test]
    fn commands_of_the_client_and_data_are_told_apart() {
        let all = pieces("\\connect x\nCOPY t (a) FROM stdin;\n1;\n2\n\\.\n\nSELECT 1", '\\');
        assert!(all[0].is_command && all[0].text == "\\connect x");
        assert_eq!(all[1].data, Some(vec!["1;".to_owned(), "2".to_owned()]));
        assert!(all[2].line == 7 && !all[2].is_whole);
    }
}
