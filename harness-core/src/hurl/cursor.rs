//! Reading one line, or a run of lines, character by character. Main types: [`Cursor`], [`Stop`].

use super::place::Place;

/// Why reading stops, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    pub(super) place: Place,
    pub(super) what: String,
}

impl Stop {
    pub(super) fn new(place: Place, what: impl Into<String>) -> Self {
        Self { place, what: what.into() }
    }
}

/// A place in a text that is being read.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a str,
    place: Place,
    /// The variables that are set here.
    pub(super) variables: &'a [String],
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(text: &'a str, place: Place, variables: &'a [String]) -> Self {
        Self { rest: text, place, variables }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) const fn rest(&self) -> &'a str {
        self.rest
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.rest.starts_with(text)
    }

    /// Passes over so many characters, or as many as there are.
    pub(super) fn skip(&mut self, count: usize) {
        for _ in 0..count {
            let Some(c) = self.peek() else { return };
            self.rest = &self.rest[c.len_utf8()..];
            if c == '\n' {
                self.place = Place { line: self.place.line + 1, column: 1 };
            } else {
                self.place.column += 1;
            }
        }
    }

    pub(super) fn take_while(&mut self, mut fits: impl FnMut(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(c) = self.peek().filter(|c| fits(*c)) {
            taken.push(c);
            self.skip(1);
        }
        taken
    }

    /// Passes over blanks.
    pub(super) fn blanks(&mut self) {
        while self.peek().is_some_and(|c| c == ' ' || c == '\t') {
            self.skip(1);
        }
    }

    /// Reads a word: letters, and digits after the first.
    pub(super) fn word(&mut self) -> String {
        self.take_while(|c| c.is_ascii_alphanumeric())
    }

    /// Passes over a word that must end here.
    pub(super) fn keyword(&mut self, word: &str) -> bool {
        let Some(rest) = self.rest.strip_prefix(word) else { return false };
        if rest.chars().next().is_some_and(|c| c.is_ascii_alphanumeric()) {
            return false;
        }
        self.skip(word.chars().count());
        true
    }

    /// Says that nothing but a comment may follow.
    pub(super) fn end(&mut self) -> Result<(), Stop> {
        self.blanks();
        match self.peek() {
            None | Some('#') => Ok(()),
            Some(_) => Err(Stop::new(self.place, "expected the end of the line here")),
        }
    }
}
