//! From tokens to what is to be done.

use super::words::{Part, Redirect, Token, tokens};

/// Commands one after the other.
pub(super) type List = Vec<Joined>;

/// A pipeline, and when it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Joined {
    pub(super) when: When,
    pub(super) negated: bool,
    pub(super) pipeline: Vec<Command>,
}

/// When a pipeline is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Always,
    AfterSuccess,
    AfterFailure,
}

/// A word, not yet filled in.
pub(super) type Word = Vec<Part>;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Words, assignments before them, redirections.
    Simple { words: Vec<Word>, redirects: Vec<(Redirect, Option<Word>)> },
    /// `if … then … elif … else … fi`.
    If { branches: Vec<(List, List)>, otherwise: List },
    /// `name() { … }`.
    Function { name: String, body: List },
    /// `{ … }`.
    Group(List),
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Result<List, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens };
    let list = parser.list(&[])?;
    match parser.tokens.first() {
        None => Ok(list),
        Some(token) => Err(format!("{token:?} is not expected here")),
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
}

/// Returns a word that is plain text, as keywords are.
fn plain(token: Option<&Token>) -> Option<String> {
    let Some(Token::Word(parts)) = token else { return None };
    let text = |part: &Part| match part {
        Part::Text { text, quoted: false } => Some(text.clone()),
        Part::Text { .. } | Part::Variable { .. } | Part::Command { .. } | Part::Arguments => None,
    };
    parts.iter().map(text).collect()
}

impl Parser<'_> {
    fn is(&self, word: &str) -> bool {
        plain(self.tokens.first()).as_deref() == Some(word)
    }

    fn operator(&self) -> Option<&'static str> {
        match self.tokens.first() {
            Some(Token::Operator(sign)) => Some(sign),
            Some(Token::Word(_) | Token::Redirect(_)) | None => None,
        }
    }

    fn next(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }

    fn skip_ends(&mut self) {
        while matches!(self.operator(), Some(";" | "\n")) {
            self.next();
        }
    }

    fn expect(&mut self, word: &str) -> Result<(), String> {
        self.skip_ends();
        if self.is(word) {
            self.next();
            return Ok(());
        }
        Err(format!("expected `{word}`, seen {:?}", self.tokens.first()))
    }

    /// Reads commands until one of these words or the end.
    fn list(&mut self, ends: &[&str]) -> Result<List, String> {
        let mut list = Vec::new();
        let mut when = When::Always;
        loop {
            self.skip_ends();
            if self.tokens.is_empty() || ends.iter().any(|end| self.is(end)) {
                return Ok(list);
            }
            let negated = self.is("!");
            if negated {
                self.next();
            }
            let mut pipeline = vec![self.command()?];
            while self.operator() == Some("|") {
                self.next();
                self.skip_ends();
                pipeline.push(self.command()?);
            }
            list.push(Joined { when, negated, pipeline });
            when = match self.operator() {
                Some("&&") => When::AfterSuccess,
                Some("||") => When::AfterFailure,
                Some(";" | "\n") => When::Always,
                None if self.tokens.is_empty() => When::Always,
                _ if ends.iter().any(|end| self.is(end)) => When::Always,
                other => return Err(format!("{other:?} is not played")),
            };
            if !self.tokens.is_empty() && !ends.iter().any(|end| self.is(end)) {
                self.next();
            }
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        if self.is("if") {
            self.next();
            return self.condition();
        }
        if self.is("{") {
            self.next();
            let body = self.list(&["}"])?;
            self.expect("}")?;
            return Ok(Command::Group(body));
        }
        for word in ["for", "while", "until", "case", "function", "select"] {
            if self.is(word) {
                return Err(format!("`{word}` is not played"));
            }
        }
        let is_function =
            matches!(self.tokens.get(1..3), Some([Token::Operator("("), Token::Operator(")")]));
        if is_function && let Some(name) = plain(self.tokens.first()) {
            (0..3).for_each(|_| self.next());
            self.expect("{")?;
            let body = self.list(&["}"])?;
            self.expect("}")?;
            return Ok(Command::Function { name, body });
        }
        self.simple()
    }

    fn condition(&mut self) -> Result<Command, String> {
        let (mut branches, mut otherwise) = (Vec::new(), Vec::new());
        loop {
            let test = self.list(&["then"])?;
            self.expect("then")?;
            branches.push((test, self.list(&["elif", "else", "fi"])?));
            if self.is("elif") {
                self.next();
                continue;
            }
            if self.is("else") {
                self.next();
                otherwise = self.list(&["fi"])?;
            }
            self.expect("fi")?;
            return Ok(Command::If { branches, otherwise });
        }
    }

    fn simple(&mut self) -> Result<Command, String> {
        let (mut words, mut redirects) = (Vec::new(), Vec::new());
        while let Some(token) = self.tokens.first() {
            match token {
                Token::Word(word) => {
                    words.push(word.clone());
                    self.next();
                }
                Token::Redirect(redirect) => {
                    self.next();
                    if !redirect.takes_file() {
                        redirects.push((*redirect, None));
                        continue;
                    }
                    let Some(Token::Word(target)) = self.tokens.first() else {
                        return Err("a redirection leads nowhere".to_owned());
                    };
                    redirects.push((*redirect, Some(target.clone())));
                    self.next();
                }
                Token::Operator(_) => break,
            }
        }
        if words.is_empty() && redirects.is_empty() {
            return Err(format!("expected a command, seen {:?}", self.tokens.first()));
        }
        Ok(Command::Simple { words, redirects })
    }
}
