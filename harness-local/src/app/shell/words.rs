//! From text to tokens.

/// A piece of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A word.
    Word(Vec<Part>),
    /// `;`, `&&`, `||`, `|`, `(`, `)`, or `\n`.
    Operator(&'static str),
    /// A redirection; its target is the next word, unless it is of one stream into another.
    Redirect(Redirect),
}

/// A redirection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// `<`
    In,
    /// `>`
    Out,
    /// `>>`
    Append,
    /// `2>`
    Err,
    /// `>&2`
    OutToErr,
    /// `2>&1`
    ErrToOut,
    /// `&>`
    Both,
}

impl Redirect {
    /// Returns whether a word follows that names a file.
    pub(super) const fn takes_file(self) -> bool {
        !matches!(self, Self::OutToErr | Self::ErrToOut)
    }
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text { text: String, quoted: bool },
    /// A variable, or what stands for it when it is empty.
    Variable { name: String, default: Option<String>, quoted: bool },
    /// What a command prints.
    Command { script: String, quoted: bool },
    /// `"$@"`: each argument a word.
    Arguments,
}

const OPERATORS: [&str; 6] = ["&&", "||", "|", ";", "(", ")"];

const REDIRECTS: [(&str, Redirect); 8] = [
    ("2>&1", Redirect::ErrToOut),
    ("1>&2", Redirect::OutToErr),
    (">&2", Redirect::OutToErr),
    ("&>", Redirect::Both),
    ("2>", Redirect::Err),
    (">>", Redirect::Append),
    (">", Redirect::Out),
    ("<", Redirect::In),
];

/// Splits a script into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut reader = Reader { rest: text };
    let mut tokens = Vec::new();
    loop {
        reader.rest = reader.rest.trim_start_matches([' ', '\t', '\r']);
        if let Some(rest) = reader.rest.strip_prefix("\\\n") {
            reader.rest = rest;
        } else if reader.rest.is_empty() {
            return Ok(tokens);
        } else if reader.rest.starts_with('#') {
            reader.rest = reader.rest.find('\n').map_or("", |at| &reader.rest[at..]);
        } else if let Some(rest) = reader.rest.strip_prefix('\n') {
            tokens.push(Token::Operator("\n"));
            reader.rest = rest;
        } else if let Some((sign, redirect)) =
            REDIRECTS.iter().find(|(sign, _)| reader.rest.starts_with(sign))
        {
            tokens.push(Token::Redirect(*redirect));
            reader.rest = &reader.rest[sign.len()..];
        } else if let Some(sign) = OPERATORS.iter().find(|sign| reader.rest.starts_with(**sign)) {
            tokens.push(Token::Operator(sign));
            reader.rest = &reader.rest[sign.len()..];
        } else {
            tokens.push(Token::Word(reader.word()?));
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn word(&mut self) -> Result<Vec<Part>, String> {
        let mut parts = Vec::new();
        while let Some(c) = self.rest.chars().next() {
            match c {
                c if c.is_whitespace() || ";|&()<>".contains(c) => break,
                '\'' => {
                    let inner = self.rest[1..].split_once('\'').ok_or("a quote is not closed")?;
                    parts.push(Part::Text { text: inner.0.to_owned(), quoted: true });
                    self.rest = inner.1;
                }
                '"' => {
                    self.rest = &self.rest[1..];
                    self.quoted(&mut parts)?;
                }
                '\\' => {
                    let next = self.rest[1..].chars().next();
                    let text = next.filter(|c| *c != '\n').map(String::from).unwrap_or_default();
                    parts.push(Part::Text { text, quoted: true });
                    self.rest = &self.rest[1 + next.map_or(0, char::len_utf8)..];
                }
                '$' => self.dollar(false, &mut parts)?,
                c => {
                    parts.push(Part::Text { text: c.to_string(), quoted: false });
                    self.rest = &self.rest[c.len_utf8()..];
                }
            }
        }
        Ok(parts)
    }

    /// Reads up to a closing double quote.
    fn quoted(&mut self, parts: &mut Vec<Part>) -> Result<(), String> {
        let mut text = String::new();
        let flush = |text: &mut String, parts: &mut Vec<Part>| {
            parts.push(Part::Text { text: std::mem::take(text), quoted: true });
        };
        loop {
            let c = self.rest.chars().next().ok_or("a double quote is not closed")?;
            match c {
                '"' => {
                    self.rest = &self.rest[1..];
                    if self.rest.is_empty()
                        || !text.is_empty()
                        || !matches!(parts.last(), Some(Part::Arguments))
                    {
                        flush(&mut text, parts);
                    }
                    return Ok(());
                }
                '\\' => {
                    let next =
                        self.rest[1..].chars().next().ok_or("a double quote is not closed")?;
                    match next {
                        '"' | '\\' | '$' | '`' => text.push(next),
                        '\n' => {}
                        other => text.extend(['\\', other]),
                    }
                    self.rest = &self.rest[1 + next.len_utf8()..];
                }
                '$' => {
                    if !text.is_empty() {
                        flush(&mut text, parts);
                    }
                    self.dollar(true, parts)?;
                }
                c => {
                    text.push(c);
                    self.rest = &self.rest[c.len_utf8()..];
                }
            }
        }
    }

    fn dollar(&mut self, quoted: bool, parts: &mut Vec<Part>) -> Result<(), String> {
        let after = &self.rest[1..];
        if after.starts_with("((") {
            return Err("arithmetic is not played".to_owned());
        }
        if let Some(inner) = after.strip_prefix('(') {
            let end = closing(inner).ok_or("`$(` is not closed")?;
            parts.push(Part::Command { script: inner[..end].to_owned(), quoted });
            self.rest = &inner[end + 1..];
        } else if let Some(inner) = after.strip_prefix('{') {
            let (inside, rest) = inner.split_once('}').ok_or("`${` is not closed")?;
            let (name, default) = match inside.split_once(":-").or_else(|| inside.split_once('-')) {
                Some((name, default)) => (name, Some(default.to_owned())),
                None => (inside, None),
            };
            if !is_name(name) {
                return Err(format!("`${{{inside}}}` is not played"));
            }
            parts.push(Part::Variable { name: name.to_owned(), default, quoted });
            self.rest = rest;
        } else if let Some(rest) = after.strip_prefix('@') {
            parts.push(Part::Arguments);
            self.rest = rest;
        } else {
            let is_special = after.starts_with(|c: char| c.is_ascii_digit() || "?#".contains(c));
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length =
                if is_special { 1 } else { after.find(|c| !word(c)).unwrap_or(after.len()) };
            let (name, rest) = after.split_at(length);
            if name.is_empty() {
                parts.push(Part::Text { text: "$".to_owned(), quoted: true });
            } else {
                parts.push(Part::Variable { name: name.to_owned(), default: None, quoted });
            }
            self.rest = rest;
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && (name.chars().all(plain) || name == "@" || name == "#")
}

/// Returns where the bracket closes that was opened before the text.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => return Some(at),
            (None, ')') => depth -= 1,
            (None, _) => {}
        }
    }
    None
}
