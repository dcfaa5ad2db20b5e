//! Words: what they are made of, and reading them. Main type: [`Reader`].

/// A word, not yet filled in.
pub(super) type Word = Vec<Part>;

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it is.
    Text { text: String, quoted: bool },
    /// A parameter.
    Parameter { parameter: Box<Parameter>, quoted: bool },
    /// What a command prints.
    Command { script: String, quoted: bool },
    /// `$((…))`.
    Arithmetic { text: String, quoted: bool },
}

/// `$x`, `${x:-y}` and so on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: String,
    /// `${!x}`: the parameter whose name this one holds.
    pub(super) indirect: bool,
    /// `${#x}`
    pub(super) length: bool,
    pub(super) index: Option<Index>,
    pub(super) change: Option<Change>,
}

/// Which elements of an array are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// `[@]`
    Each,
    /// `[*]`
    Joined,
    /// `[1]`
    At(String),
}

/// What is done to a parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// `-`, `=`, `?`, `+`: when it is unset, or, with a colon, when it is empty.
    When { sign: char, or_empty: bool, word: Word },
    /// `#`, `##`, `%`, `%%`
    Cut { end: bool, longest: bool, pattern: Word },
    /// `/a/b`, `//a/b`
    Replace { all: bool, pattern: Word, with: Word },
    /// `:1:2`
    Slice { from: String, length: Option<String> },
    /// `^^`, `,,`
    Case { upper: bool },
}

impl Parameter {
    pub(super) fn plain(name: &str) -> Self {
        Self { name: name.to_owned(), indirect: false, length: false, index: None, change: None }
    }
}

/// Returns whether a name is one of a variable.
pub(super) fn is_variable(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(plain) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Reads words from the beginning of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    pub(super) rest: &'a str,
}

/// Reads a whole text as one word, as between double quotes if it is `quoted`.
pub(super) fn whole(text: &str, quoted: bool) -> Result<Word, String> {
    let mut reader = Reader { rest: text };
    let mut parts = Vec::new();
    if quoted {
        reader.quoted(&mut parts, None)?;
        return Ok(parts);
    }
    while !reader.rest.is_empty() {
        let before = reader.rest.len();
        parts.append(&mut reader.word()?);
        if reader.rest.len() == before || !reader.rest.is_empty() {
            // Blanks and operators are nothing special here.
            let Some(c) = reader.rest.chars().next() else { break };
            parts.push(Part::Text { text: c.to_string(), quoted: false });
            reader.rest = &reader.rest[c.len_utf8()..];
        }
    }
    Ok(parts)
}

impl<'a> Reader<'a> {
    pub(super) fn word(&mut self) -> Result<Word, String> {
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
                    self.quoted(&mut parts, Some('"'))?;
                }
                '\\' => {
                    let next = self.rest[1..].chars().next();
                    if let Some(next) = next.filter(|c| *c != '\n') {
                        parts.push(Part::Text { text: next.to_string(), quoted: true });
                    }
                    self.rest = &self.rest[1 + next.map_or(0, char::len_utf8)..];
                }
                '`' => self.backquoted(false, &mut parts)?,
                '$' if self.rest.starts_with("$'") => self.escaped(&mut parts)?,
                '$' => self.dollar(false, &mut parts)?,
                c => {
                    if let Some(Part::Text { text, quoted: false }) = parts.last_mut() {
                        text.push(c);
                    } else {
                        parts.push(Part::Text { text: c.to_string(), quoted: false });
                    }
                    self.rest = &self.rest[c.len_utf8()..];
                }
            }
        }
        Ok(parts)
    }

    /// Reads up to the closing quote, or to the end if there is none.
    fn quoted(&mut self, parts: &mut Word, close: Option<char>) -> Result<(), String> {
        // Even nothing between quotes is a word.
        parts.push(Part::Text { text: String::new(), quoted: true });
        loop {
            let Some(c) = self.rest.chars().next() else {
                return match close {
                    Some(_) => Err("a double quote is not closed".to_owned()),
                    None => Ok(()),
                };
            };
            let mut add = |text: &str| match parts.last_mut() {
                Some(Part::Text { text: last, quoted: true }) => last.push_str(text),
                _ => parts.push(Part::Text { text: text.to_owned(), quoted: true }),
            };
            match c {
                c if Some(c) == close => {
                    self.rest = &self.rest[1..];
                    return Ok(());
                }
                '\\' => {
                    let next = self.rest[1..].chars().next();
                    match next {
                        Some(c @ ('\\' | '$' | '`')) => add(&c.to_string()),
                        Some('"') if close.is_some() => add("\""),
                        Some('\n') => {}
                        Some(other) => add(&format!("\\{other}")),
                        None => add("\\"),
                    }
                    self.rest = &self.rest[1 + next.map_or(0, char::len_utf8)..];
                }
                '$' => self.dollar(true, parts)?,
                '`' => self.backquoted(true, parts)?,
                c => {
                    add(&c.to_string());
                    self.rest = &self.rest[c.len_utf8()..];
                }
            }
        }
    }

    fn backquoted(&mut self, quoted: bool, parts: &mut Word) -> Result<(), String> {
        let inner = self.rest[1..].split_once('`').ok_or("a back quote is not closed")?;
        parts.push(Part::Command { script: inner.0.replace("\\\\", "\\"), quoted });
        self.rest = inner.1;
        Ok(())
    }

    /// Reads `$'…'`.
    fn escaped(&mut self, parts: &mut Word) -> Result<(), String> {
        let inner = self.rest[2..].split_once('\'').ok_or("a quote is not closed")?;
        let text = super::text::unescaped(inner.0);
        parts.push(Part::Text { text, quoted: true });
        self.rest = inner.1;
        Ok(())
    }

    fn dollar(&mut self, quoted: bool, parts: &mut Word) -> Result<(), String> {
        let after = &self.rest[1..];
        if let Some(inner) = after.strip_prefix("((")
            && let Some(end) = closing(inner, '(', ')')
            && inner[end + 1..].starts_with(')')
        {
            parts.push(Part::Arithmetic { text: inner[..end].to_owned(), quoted });
            self.rest = &inner[end + 2..];
        } else if let Some(inner) = after.strip_prefix('(') {
            let end = closing(inner, '(', ')').ok_or("`$(` is not closed")?;
            parts.push(Part::Command { script: inner[..end].to_owned(), quoted });
            self.rest = &inner[end + 1..];
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = closing(inner, '{', '}').ok_or("`${` is not closed")?;
            let parameter = Box::new(parameter(&inner[..end], quoted)?);
            parts.push(Part::Parameter { parameter, quoted });
            self.rest = &inner[end + 1..];
        } else {
            let special = after.starts_with(|c: char| c.is_ascii_digit() || "?#@*$!-".contains(c));
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = if special { 1 } else { after.find(|c| !word(c)).unwrap_or(after.len()) };
            let (name, rest) = after.split_at(length);
            if name.is_empty() {
                parts.push(Part::Text { text: "$".to_owned(), quoted: true });
            } else {
                let parameter = Box::new(Parameter::plain(name));
                parts.push(Part::Parameter { parameter, quoted });
            }
            self.rest = rest;
        }
        Ok(())
    }
}

/// Reads what stands between `${` and `}`.
fn parameter(inside: &str, quoted: bool) -> Result<Parameter, String> {
    let refused = || format!("`${{{inside}}}` is not played by a stand-in");
    let mut made = Parameter::plain("");
    let mut rest = inside;
    if let Some(after) = rest.strip_prefix('#').filter(|a| !a.is_empty()) {
        (made.length, rest) = (true, after);
    } else if let Some(after) = rest.strip_prefix('!') {
        (made.indirect, rest) = (true, after);
    }
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = match rest.find(|c| !word(c)) {
        Some(0) if rest.starts_with(['@', '*', '?', '#', '$']) => 1,
        Some(at) => at,
        None => rest.len(),
    };
    made.name = rest[..length].to_owned();
    rest = &rest[length..];
    if made.name.is_empty() {
        return Err(refused());
    }
    if let Some(inner) = rest.strip_prefix('[') {
        let (index, after) = inner.split_once(']').ok_or_else(refused)?;
        made.index = Some(match index {
            "@" => Index::Each,
            "*" => Index::Joined,
            at => Index::At(at.to_owned()),
        });
        rest = after;
    }
    made.change = change(rest, quoted).map_err(|()| refused())?;
    let lists_names = made.indirect && (made.index.is_some() || made.change.is_some());
    if lists_names || (made.length && made.change.is_some()) {
        return Err(refused());
    }
    Ok(made)
}

fn change(rest: &str, quoted: bool) -> Result<Option<Change>, ()> {
    let read = |text: &str| whole(text, quoted).map_err(|_| ());
    let pattern = |text: &str| whole(text, false).map_err(|_| ());
    let plain = rest.strip_prefix(':').unwrap_or(rest);
    let or_empty = plain.len() < rest.len();
    if let Some(sign) = plain.chars().next().filter(|c| "-=?+".contains(*c)) {
        // `${x: -3}` is a slice; `${x:-3}` is a default.
        return Ok(Some(Change::When { sign, or_empty, word: read(&plain[1..])? }));
    }
    if or_empty {
        let (from, length) = match plain.split_once(':') {
            Some((from, length)) => (from, Some(length.to_owned())),
            None => (plain, None),
        };
        return Ok(Some(Change::Slice { from: from.to_owned(), length }));
    }
    for (sign, end, longest) in
        [("##", false, true), ("#", false, false), ("%%", true, true), ("%", true, false)]
    {
        if let Some(text) = rest.strip_prefix(sign) {
            return Ok(Some(Change::Cut { end, longest, pattern: pattern(text)? }));
        }
    }
    if let Some(text) = rest.strip_prefix('/') {
        let (all, text) = match text.strip_prefix('/') {
            Some(text) => (true, text),
            None => (false, text),
        };
        let (old, new) = halves(text);
        let (old, new) = (pattern(old)?, pattern(new)?);
        return Ok(Some(Change::Replace { all, pattern: old, with: new }));
    }
    match rest {
        "" => Ok(None),
        "^^" => Ok(Some(Change::Case { upper: true })),
        ",," => Ok(Some(Change::Case { upper: false })),
        _ => Err(()),
    }
}

/// Splits at the first slash that is neither quoted nor escaped.
fn halves(text: &str) -> (&str, &str) {
    let (mut escaped, mut quote) = (false, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (_, '\\') => escaped = true,
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"') => quote = Some(c),
            (None, '/') => return (&text[..at], &text[at + 1..]),
            _ => {}
        }
    }
    (text, "")
}

/// Returns where a bracket closes that was opened before the text.
pub(super) fn closing(text: &str, open: char, close: char) -> Option<usize> {
    let (mut depth, mut quote, mut escaped) = (0, None, false);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('\''), '\'') => quote = None,
            (Some('\''), _) => {}
            (_, '\\') => escaped = true,
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c == open => depth += 1,
            (None, c) if c == close && depth == 0 => return Some(at),
            (None, c) if c == close => depth -= 1,
            (None, _) => {}
        }
    }
    None
}
