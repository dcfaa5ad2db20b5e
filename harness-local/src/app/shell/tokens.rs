//! From text to tokens. Main function: [`tokens`].

use super::words::{Reader, Word, closing, is_variable, whole};

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Word),
    /// `;`, `;;`, `&&`, `||`, `|`, `&`, `(`, `)`, or `\n`.
    Operator(&'static str),
    /// A redirection. Unless it is a here-document or of one stream into another, its target is the next word.
    Redirect(Redirect),
    /// `name=(…)` or `name+=(…)`.
    Array { name: String, adds: bool, words: Vec<Word> },
    /// `((…))`
    Arithmetic(String),
}

/// A redirection of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `<`
    In,
    /// `<<<`
    Text,
    /// `<<`
    Here(Word),
    /// `>`, `2>`
    Out(u32),
    /// `>>`, `2>>`
    Append(u32),
    /// `2>&1`
    Into { from: u32, to: u32 },
    /// `&>`
    Both,
}

impl Redirect {
    /// Returns whether a word follows.
    pub(super) const fn takes_word(&self) -> bool {
        !matches!(self, Self::Here(_) | Self::Into { .. })
    }
}

const OPERATORS: [&str; 9] = ["&&", "||", "|&", "|", ";;", ";", "(", ")", "&"];

/// Splits a script into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut lexer =
        Lexer { reader: Reader { rest: text }, tokens: Vec::new(), pending: Vec::new() };
    while lexer.next()? {}
    if lexer.pending.is_empty() {
        Ok(lexer.tokens)
    } else {
        Err("a here-document has no end".to_owned())
    }
}

struct Lexer<'a> {
    reader: Reader<'a>,
    tokens: Vec<Token>,
    /// Here-documents whose text begins on the next line: where their tokens are, delimiter, quoted, tabs go.
    pending: Vec<(usize, String, bool, bool)>,
}

impl Lexer<'_> {
    /// Reads a token; false at the end.
    fn next(&mut self) -> Result<bool, String> {
        let rest = self.reader.rest.trim_start_matches([' ', '\t', '\r']);
        self.reader.rest = rest;
        if let Some(rest) = rest.strip_prefix("\\\n") {
            self.reader.rest = rest;
        } else if rest.is_empty() {
            return Ok(false);
        } else if rest.starts_with('#') {
            self.reader.rest = rest.find('\n').map_or("", |at| &rest[at..]);
        } else if let Some(rest) = rest.strip_prefix('\n') {
            self.tokens.push(Token::Operator("\n"));
            self.reader.rest = rest;
            self.here_documents()?;
        } else if let Some(inner) = rest.strip_prefix("((")
            && let Some(end) = closing(inner, '(', ')')
            && inner[end + 1..].starts_with(')')
        {
            self.tokens.push(Token::Arithmetic(inner[..end].to_owned()));
            self.reader.rest = &inner[end + 2..];
        } else if self.redirect()? {
        } else if rest.starts_with("<(") || rest.starts_with(">(") {
            return Err("process substitution is not played by a stand-in".to_owned());
        } else if let Some(sign) = OPERATORS.iter().find(|sign| rest.starts_with(**sign)) {
            self.tokens.push(Token::Operator(sign));
            self.reader.rest = &rest[sign.len()..];
        } else if !self.array()? {
            self.tokens.push(Token::Word(self.reader.word()?));
        }
        Ok(true)
    }

    /// Reads a redirection, if there is one here.
    fn redirect(&mut self) -> Result<bool, String> {
        let rest = self.reader.rest;
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let number: Option<u32> = rest[..digits].parse().ok();
        let after = &rest[digits..];
        let (redirect, length) = if digits == 0
            && (after.starts_with("&>") || after.starts_with(">&"))
        {
            let next = &after[2..];
            match (after.starts_with(">&"), next.chars().next()) {
                (true, Some(to @ ('1' | '2'))) => {
                    (Redirect::Into { from: 1, to: if to == '1' { 1 } else { 2 } }, 3)
                }
                _ => (Redirect::Both, 2),
            }
        } else if after.starts_with("<<<") {
            (Redirect::Text, 3)
        } else if after.starts_with("<<") {
            return self.here().map(|()| true);
        } else if let Some(to) = after.strip_prefix(">&") {
            let to = match to.chars().next() {
                Some('1') => 1,
                Some('2') => 2,
                _ => {
                    return Err(format!(
                        "the redirection {} is not played by a stand-in",
                        &rest[..digits + 2]
                    ));
                }
            };
            (Redirect::Into { from: number.unwrap_or(1), to }, 3)
        } else if after.starts_with(">>") {
            (Redirect::Append(number.unwrap_or(1)), 2)
        } else if after.starts_with('>') && !after.starts_with(">(") {
            let length = if after.starts_with(">|") { 2 } else { 1 };
            (Redirect::Out(number.unwrap_or(1)), length)
        } else if after.starts_with('<') && !after.starts_with("<(") && !after.starts_with("<&") {
            (Redirect::In, 1)
        } else {
            return Ok(false);
        };
        if number.is_some_and(|n| n > 2) {
            return Err("a stream beyond standard error is not played by a stand-in".to_owned());
        }
        self.reader.rest = &after[length..];
        self.tokens.push(Token::Redirect(redirect));
        Ok(true)
    }

    fn here(&mut self) -> Result<(), String> {
        let rest = self.reader.rest.trim_start_matches(|c: char| c.is_ascii_digit());
        let rest = &rest[2..];
        let (strips, rest) = match rest.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let rest = rest.trim_start_matches([' ', '\t']);
        let end = rest.find(|c: char| c.is_whitespace() || ";|&<>()".contains(c));
        let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
        let quoted = word.contains(['\'', '"', '\\']);
        let delimiter = word.replace(['\'', '"', '\\'], "");
        self.pending.push((self.tokens.len(), delimiter, quoted, strips));
        self.tokens.push(Token::Redirect(Redirect::Here(Vec::new())));
        self.reader.rest = rest;
        Ok(())
    }

    fn here_documents(&mut self) -> Result<(), String> {
        for (at, delimiter, quoted, strips) in std::mem::take(&mut self.pending) {
            let mut text = String::new();
            loop {
                if self.reader.rest.is_empty() {
                    return Err(format!("the here-document has no line `{delimiter}`"));
                }
                let (line, rest) =
                    self.reader.rest.split_once('\n').unwrap_or((self.reader.rest, ""));
                self.reader.rest = rest;
                let line = if strips { line.trim_start_matches('\t') } else { line };
                if line == delimiter {
                    break;
                }
                text.push_str(line);
                text.push('\n');
            }
            let word = if quoted {
                vec![super::words::Part::Text { text, quoted: true }]
            } else {
                whole(&text, true)?
            };
            self.tokens[at] = Token::Redirect(Redirect::Here(word));
        }
        Ok(())
    }

    /// Reads `name=(…)`, if there is one here.
    fn array(&mut self) -> Result<bool, String> {
        let rest = self.reader.rest;
        let Some(at) = rest.find("=(") else { return Ok(false) };
        let name = rest[..at].strip_suffix('+').unwrap_or(&rest[..at]);
        if !is_variable(name) {
            return Ok(false);
        }
        let adds = name.len() < at;
        let inner = &rest[at + 2..];
        let end = closing(inner, '(', ')').ok_or("an array is not closed")?;
        let mut words = Vec::new();
        for token in tokens(&inner[..end])? {
            match token {
                Token::Word(word) => words.push(word),
                Token::Operator("\n") => {}
                Token::Operator(_)
                | Token::Redirect(_)
                | Token::Array { .. }
                | Token::Arithmetic(_) => {
                    return Err("this array is not played by a stand-in".to_owned());
                }
            }
        }
        self.tokens.push(Token::Array { name: name.to_owned(), adds, words });
        self.reader.rest = &inner[end + 1..];
        Ok(true)
    }
}
