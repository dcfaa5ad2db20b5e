//! From tokens to what is to be done. Main function: [`parse`].

use super::conditions::Condition;
use super::tokens::{Redirect, Token, tokens};
use super::words::{Part, Word};

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

/// Redirections in their order, each with the word that follows it.
pub(super) type Redirects = Vec<(Redirect, Word)>;

/// A command with its redirections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) what: What,
    pub(super) redirects: Redirects,
}

/// What a command does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// Assignments, then words.
    Simple(Vec<Item>),
    /// `if … then … elif … else … fi`.
    If { branches: Vec<(List, List)>, otherwise: List },
    /// `for x in …; do …; done`; without words, over the arguments.
    For { name: String, words: Option<Vec<Word>>, body: List },
    /// `while …`, `until …`.
    While { until: bool, test: List, body: List },
    /// `case … in …`.
    Case { word: Word, arms: Vec<(Vec<Word>, List)> },
    /// `name() { … }`.
    Function { name: String, body: Box<Command> },
    /// `{ … }`.
    Group(List),
    /// `( … )`.
    Subshell(List),
    /// `[[ … ]]`.
    Condition(Condition),
    /// `((…))`.
    Arithmetic(String),
}

/// A piece of a simple command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Item {
    Word(Word),
    Array { name: String, adds: bool, words: Vec<Word> },
}

/// Reads a script.
pub(super) fn parse(text: &str) -> Result<List, String> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens };
    let list = parser.list(&[])?;
    match parser.tokens.first() {
        None => Ok(list),
        Some(token) => Err(format!("syntax error near {token:?}")),
    }
}

pub(super) struct Parser<'a> {
    pub(super) tokens: &'a [Token],
}

/// Returns a word that is plain text, as keywords are.
pub(super) fn plain(token: Option<&Token>) -> Option<String> {
    let Some(Token::Word(parts)) = token else { return None };
    let text = |part: &Part| match part {
        Part::Text { text, quoted: false } => Some(text.clone()),
        Part::Text { .. }
        | Part::Parameter { .. }
        | Part::Command { .. }
        | Part::Arithmetic { .. } => None,
    };
    parts.iter().map(text).collect()
}

impl Parser<'_> {
    pub(super) fn is(&self, word: &str) -> bool {
        plain(self.tokens.first()).as_deref() == Some(word)
    }

    pub(super) fn operator(&self) -> Option<&'static str> {
        match self.tokens.first() {
            Some(Token::Operator(sign)) => Some(sign),
            Some(
                Token::Word(_) | Token::Redirect(_) | Token::Array { .. } | Token::Arithmetic(_),
            )
            | None => None,
        }
    }

    pub(super) fn next(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }

    pub(super) fn skip_ends(&mut self) {
        while matches!(self.operator(), Some(";" | "\n")) {
            self.next();
        }
    }

    pub(super) fn expect(&mut self, word: &str) -> Result<(), String> {
        self.skip_ends();
        if self.is(word) || self.operator() == Some(word) {
            self.next();
            return Ok(());
        }
        Err(format!("syntax error: expected `{word}`, seen {:?}", self.tokens.first()))
    }

    fn at_end(&self, ends: &[&str]) -> bool {
        self.tokens.is_empty()
            || ends.iter().any(|end| self.is(end) || self.operator() == Some(*end))
    }

    /// Reads commands until one of these words or operators, or the end.
    pub(super) fn list(&mut self, ends: &[&str]) -> Result<List, String> {
        let mut list = Vec::new();
        let mut when = When::Always;
        loop {
            self.skip_ends();
            if self.at_end(ends) {
                return Ok(list);
            }
            let mut negated = false;
            while self.is("!") {
                negated = !negated;
                self.next();
            }
            let mut pipeline = vec![self.command()?];
            while let Some("|" | "|&") = self.operator() {
                if self.operator() == Some("|&") {
                    pipeline.last_mut().into_iter().for_each(|c| {
                        c.redirects.push((Redirect::Into { from: 2, to: 1 }, Vec::new()));
                    });
                }
                self.next();
                self.skip_ends();
                pipeline.push(self.command()?);
            }
            list.push(Joined { when, negated, pipeline });
            if self.at_end(ends) {
                return Ok(list);
            }
            when = match self.operator() {
                Some("&&") => When::AfterSuccess,
                Some("||") => When::AfterFailure,
                Some(";" | "\n") => When::Always,
                Some("&") => return Err("`&` is not played by a stand-in".to_owned()),
                Some(other) => return Err(format!("syntax error near `{other}`")),
                None => return Err(format!("syntax error near {:?}", self.tokens.first())),
            };
            self.next();
        }
    }

    fn command(&mut self) -> Result<Command, String> {
        let what = self.what()?;
        let mut redirects = Vec::new();
        if matches!(what, What::Simple(_)) {
            return self.simple();
        }
        while let Some(Token::Redirect(redirect)) = self.tokens.first() {
            let redirect = redirect.clone();
            self.next();
            redirects.push(self.target(redirect)?);
        }
        Ok(Command { what, redirects })
    }

    /// Reads a compound command; of a simple one nothing.
    fn what(&mut self) -> Result<What, String> {
        if let Some(Token::Arithmetic(text)) = self.tokens.first() {
            let text = text.clone();
            self.next();
            return Ok(What::Arithmetic(text));
        }
        if self.operator() == Some("(") {
            self.next();
            let body = self.list(&[")"])?;
            self.expect(")")?;
            return Ok(What::Subshell(body));
        }
        let keyword = plain(self.tokens.first()).unwrap_or_default();
        if ["select", "coproc", "time"].contains(&keyword.as_str()) {
            return Err(format!("`{keyword}` is not played by a stand-in"));
        }
        let is_function =
            matches!(self.tokens.get(1..3), Some([Token::Operator("("), Token::Operator(")")]));
        if is_function && !keyword.is_empty() {
            (0..3).for_each(|_| self.next());
            return self.function(keyword);
        }
        let known = ["if", "for", "while", "until", "case", "{", "[[", "function"];
        if !known.contains(&keyword.as_str()) {
            return Ok(What::Simple(Vec::new()));
        }
        self.next();
        match keyword.as_str() {
            "if" => self.condition(),
            "for" => self.each(),
            "case" => self.case(),
            "[[" => Condition::parse(self).map(What::Condition),
            "{" => {
                let body = self.list(&["}"])?;
                self.expect("}")?;
                Ok(What::Group(body))
            }
            "function" => {
                let name = plain(self.tokens.first()).ok_or("a function has no name")?;
                self.next();
                if self.operator() == Some("(") {
                    (0..2).for_each(|_| self.next());
                }
                self.function(name)
            }
            _ => {
                let test = self.list(&["do"])?;
                let body = self.body()?;
                Ok(What::While { until: keyword == "until", test, body })
            }
        }
    }

    fn function(&mut self, name: String) -> Result<What, String> {
        self.skip_ends();
        let body = Box::new(self.command()?);
        Ok(What::Function { name, body })
    }

    fn body(&mut self) -> Result<List, String> {
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn each(&mut self) -> Result<What, String> {
        if matches!(self.tokens.first(), Some(Token::Arithmetic(_))) {
            return Err("`for ((…))` is not played by a stand-in".to_owned());
        }
        let name = plain(self.tokens.first()).ok_or("`for` has no name")?;
        self.next();
        self.skip_ends();
        let mut words = None;
        if self.is("in") {
            self.next();
            let mut all = Vec::new();
            while let Some(Token::Word(word)) = self.tokens.first() {
                all.push(word.clone());
                self.next();
            }
            words = Some(all);
        }
        Ok(What::For { name, words, body: self.body()? })
    }

    fn case(&mut self) -> Result<What, String> {
        let Some(Token::Word(word)) = self.tokens.first().cloned() else {
            return Err("`case` has no word".to_owned());
        };
        self.next();
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            self.skip_ends();
            if self.is("esac") {
                self.next();
                return Ok(What::Case { word, arms });
            }
            if self.operator() == Some("(") {
                self.next();
            }
            let mut patterns = Vec::new();
            loop {
                let Some(Token::Word(pattern)) = self.tokens.first().cloned() else {
                    return Err(format!("syntax error in `case` near {:?}", self.tokens.first()));
                };
                patterns.push(pattern);
                self.next();
                let more = self.operator() == Some("|");
                if !more {
                    break;
                }
                self.next();
            }
            self.expect(")")?;
            let body = self.list(&[";;", "esac"])?;
            if self.operator() == Some(";;") {
                self.next();
            }
            arms.push((patterns, body));
        }
    }

    fn condition(&mut self) -> Result<What, String> {
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
            return Ok(What::If { branches, otherwise });
        }
    }

    fn target(&mut self, redirect: Redirect) -> Result<(Redirect, Word), String> {
        if !redirect.takes_word() {
            return Ok((redirect, Vec::new()));
        }
        let Some(Token::Word(target)) = self.tokens.first().cloned() else {
            return Err("a redirection leads nowhere".to_owned());
        };
        self.next();
        Ok((redirect, target))
    }

    fn simple(&mut self) -> Result<Command, String> {
        let (mut items, mut redirects) = (Vec::new(), Vec::new());
        while let Some(token) = self.tokens.first() {
            match token {
                Token::Word(word) => {
                    items.push(Item::Word(word.clone()));
                    self.next();
                }
                Token::Array { name, adds, words } => {
                    let (name, adds, words) = (name.clone(), *adds, words.clone());
                    items.push(Item::Array { name, adds, words });
                    self.next();
                }
                Token::Redirect(redirect) => {
                    let redirect = redirect.clone();
                    self.next();
                    redirects.push(self.target(redirect)?);
                }
                Token::Operator(_) | Token::Arithmetic(_) => break,
            }
        }
        if items.is_empty() && redirects.is_empty() {
            return Err(format!("syntax error near {:?}", self.tokens.first()));
        }
        Ok(Command { what: What::Simple(items), redirects })
    }
}
