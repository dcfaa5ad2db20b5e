//! Filling words in.

use super::arithmetic::compute;
use super::run::Shell;
use super::text::{escaped, fits, is_pattern, plain};
use super::words::{Change, Index, Parameter, Part, Word};
use crate::world::Io;

/// Why a script cannot go on: a message, which is printed, and the code that it ends with.
pub(super) type Stop = (i64, String);

impl Shell<'_, '_, '_> {
    /// Fills in words; each becomes none, one or several.
    pub(super) fn words(&mut self, words: &[Word], io: &mut Io<'_>) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        for word in words {
            for field in self.fields(word, io)? {
                let found = if is_pattern(&field) { self.paths(&field) } else { Vec::new() };
                if found.is_empty() {
                    all.push(plain(&field));
                } else {
                    all.extend(found);
                }
            }
        }
        Ok(all)
    }

    /// Fills in a word that stays one word.
    pub(super) fn text(&mut self, word: &Word, io: &mut Io<'_>) -> Result<String, Stop> {
        Ok(plain(&self.pattern(word, io)?))
    }

    /// Fills in a word that stays one word, with what is quoted escaped.
    pub(super) fn pattern(&mut self, word: &Word, io: &mut Io<'_>) -> Result<String, Stop> {
        let mut text = String::new();
        for part in word {
            match part {
                Part::Text { text: own, quoted: false } => text.push_str(own),
                Part::Text { text: own, quoted: true } => text.push_str(&escaped(own)),
                Part::Parameter { quoted, .. }
                | Part::Command { quoted, .. }
                | Part::Arithmetic { quoted, .. } => {
                    let value = self.values(part, io)?.join(" ");
                    text.push_str(&if *quoted { escaped(&value) } else { value });
                }
            }
        }
        Ok(text)
    }

    /// Fills in a word and splits it; what is quoted is escaped.
    fn fields(&mut self, word: &Word, io: &mut Io<'_>) -> Result<Vec<String>, Stop> {
        let (mut fields, mut current) = (Vec::new(), None::<String>);
        for part in word {
            match part {
                Part::Text { text, quoted } => {
                    let text = if *quoted { escaped(text) } else { text.clone() };
                    // Nothing between quotes is a word, unless "$@" beside it is none.
                    if !text.is_empty() || word.len() == 1 || !self.is_each(word) {
                        current.get_or_insert_default().push_str(&text);
                    }
                }
                Part::Parameter { quoted: true, parameter } if is_each(parameter) => {
                    let mut values = self.values(part, io)?.into_iter();
                    if let Some(first) = values.next() {
                        current.get_or_insert_default().push_str(&escaped(&first));
                    }
                    for value in values {
                        fields.extend(current.replace(escaped(&value)));
                    }
                }
                Part::Parameter { quoted: true, .. }
                | Part::Command { quoted: true, .. }
                | Part::Arithmetic { quoted: true, .. } => {
                    let value = self.values(part, io)?.join(" ");
                    current.get_or_insert_default().push_str(&escaped(&value));
                }
                Part::Parameter { .. } | Part::Command { .. } | Part::Arithmetic { .. } => {
                    let values = self.values(part, io)?;
                    self.split(&values, &mut fields, &mut current);
                }
            }
        }
        fields.extend(current);
        Ok(fields)
    }

    fn is_each(&self, word: &Word) -> bool {
        word.iter().any(
            |part| matches!(part, Part::Parameter { parameter, quoted: true } if is_each(parameter)),
        )
    }

    /// Splits values at blanks, or at what `IFS` says.
    fn split(&self, values: &[String], fields: &mut Vec<String>, current: &mut Option<String>) {
        let ifs = self.vars.text("IFS").unwrap_or_else(|| " \t\n".to_owned());
        let is_blank = |c: char| ifs.contains(c);
        for (at, value) in values.iter().enumerate() {
            if at > 0 || value.starts_with(is_blank) {
                fields.extend(current.take());
            }
            let pieces: Vec<&str> = value.split(is_blank).filter(|p| !p.is_empty()).collect();
            for (at, piece) in pieces.iter().enumerate() {
                if at > 0 {
                    fields.extend(current.take());
                }
                // What a value holds may still be a pattern, but no escape.
                current.get_or_insert_default().push_str(&piece.replace('\\', "\\\\"));
            }
            if value.ends_with(is_blank) && !value.is_empty() {
                fields.extend(current.take());
            }
        }
    }

    /// Returns the paths that fit a pattern, sorted.
    fn paths(&self, pattern: &str) -> Vec<String> {
        let cwd = self.machine.inside.cwd.trim_end_matches('/').to_owned();
        let is_relative = !pattern.starts_with('/');
        let whole = if is_relative { format!("{cwd}/{pattern}") } else { pattern.to_owned() };
        let depth = whole.matches('/').count();
        let cut = |path: String| path.split('/').take(depth + 1).collect::<Vec<_>>().join("/");
        let all = self.machine.inside.below("/").into_iter().map(cut);
        let mut found: Vec<String> = all
            .filter(|p| {
                let (parts, patterns) = (p.split('/'), whole.split('/'));
                p.matches('/').count() == depth
                    && parts.zip(patterns).all(|(part, pattern)| {
                        fits(pattern, part) && (!part.starts_with('.') || pattern.starts_with('.'))
                    })
            })
            .collect();
        found.sort();
        found.dedup();
        if is_relative {
            let prefix = format!("{cwd}/");
            for path in &mut found {
                *path = path.strip_prefix(&prefix).unwrap_or(path).to_owned();
            }
        }
        found
    }

    fn values(&mut self, part: &Part, io: &mut Io<'_>) -> Result<Vec<String>, Stop> {
        match part {
            Part::Text { text, .. } => Ok(vec![text.clone()]),
            Part::Command { script, .. } => Ok(vec![self.printed(script, io)?]),
            Part::Arithmetic { text, .. } => Ok(vec![self.computed(text, io)?.to_string()]),
            Part::Parameter { parameter, .. } => self.parameter(parameter, io),
        }
    }

    /// Computes an arithmetic expression after its `${…}` are filled in.
    pub(super) fn computed(&mut self, text: &str, io: &mut Io<'_>) -> Result<i64, Stop> {
        let word = super::words::whole(text, true).map_err(|e| (2, e))?;
        let text = self.text(&word, io)?;
        compute(&text, self).map_err(|e| (2, e))
    }

    fn parameter(&mut self, parameter: &Parameter, io: &mut Io<'_>) -> Result<Vec<String>, Stop> {
        let mut name = parameter.name.clone();
        if parameter.indirect {
            name = self.lookup(&name).unwrap_or_default();
            if name.is_empty() {
                return Ok(vec![String::new()]);
            }
        }
        if ["RANDOM", "SECONDS", "LINENO", "EPOCHSECONDS", "PIPESTATUS"].contains(&name.as_str()) {
            return Err((2, format!("${name} is not played by a stand-in")));
        }
        let all = match (&parameter.index, name.as_str()) {
            (None, "@" | "*") => Some(self.args.clone()),
            (Some(Index::Each | Index::Joined), _) => Some(self.vars.list(&name)),
            (Some(Index::At(_)) | None, _) => None,
        };
        if let Some(all) = all {
            return match (&parameter.change, parameter.length) {
                (_, true) => Ok(vec![all.len().to_string()]),
                (Some(Change::Slice { from, length }), false) => {
                    // Of the arguments, the first has the number 1.
                    let shift = i64::from(["@", "*"].contains(&name.as_str()));
                    let from = self.computed(from, io)? - shift;
                    let from = usize::try_from(from).unwrap_or(0).min(all.len());
                    let length = match length {
                        Some(length) => usize::try_from(self.computed(length, io)?).unwrap_or(0),
                        None => usize::MAX,
                    };
                    Ok(all.into_iter().skip(from).take(length).collect())
                }
                (Some(change @ Change::When { .. }), false) => {
                    let joined = (!all.is_empty()).then(|| all.join(" "));
                    match self.when(&name, joined.clone(), change, io)? {
                        Some(other) if Some(&other) != joined.as_ref() => Ok(vec![other]),
                        Some(_) => Ok(all),
                        None => Ok(Vec::new()),
                    }
                }
                (Some(change), false) => {
                    all.into_iter().map(|one| self.changed(one, change, io)).collect()
                }
                (None, false) => Ok(all),
            };
        }
        let value = match &parameter.index {
            Some(Index::At(at)) => {
                let at = self.computed(at, io)?;
                let list = self.vars.list(&name);
                let at = if at < 0 { at + i64::try_from(list.len()).unwrap_or(0) } else { at };
                usize::try_from(at).ok().and_then(|at| list.get(at).cloned())
            }
            Some(Index::Each | Index::Joined) | None => self.lookup(&name),
        };
        let value = match &parameter.change {
            Some(change @ Change::When { .. }) => self.when(&name, value, change, io)?,
            Some(change) => Some(self.changed(value.unwrap_or_default(), change, io)?),
            None => {
                if value.is_none() && self.options.refuses_unset {
                    return Err((1, format!("{name}: unbound variable")));
                }
                value
            }
        };
        let value = value.unwrap_or_default();
        Ok(vec![if parameter.length { value.chars().count().to_string() } else { value }])
    }

    /// Decides what stands for a value that is unset or empty.
    fn when(
        &mut self,
        name: &str,
        value: Option<String>,
        change: &Change,
        io: &mut Io<'_>,
    ) -> Result<Option<String>, Stop> {
        let Change::When { sign, or_empty, word } = change else { return Ok(value) };
        let is_there = value.as_ref().is_some_and(|v| !(*or_empty && v.is_empty()));
        match (sign, is_there) {
            ('+', true) => Ok(Some(self.text(word, io)?)),
            ('+', false) => Ok(None),
            (_, true) => Ok(value),
            ('=', false) => {
                let text = self.text(word, io)?;
                self.vars.set(name, text.clone());
                Ok(Some(text))
            }
            ('?', false) => {
                let text = self.text(word, io)?;
                let text =
                    if text.is_empty() { "parameter null or not set".to_owned() } else { text };
                Err((1, format!("{name}: {text}")))
            }
            (_, false) => Ok(Some(self.text(word, io)?)),
        }
    }

    fn changed(&mut self, value: String, change: &Change, io: &mut Io<'_>) -> Result<String, Stop> {
        Ok(match change {
            Change::When { .. } => value,
            Change::Case { upper: true } => value.to_uppercase(),
            Change::Case { upper: false } => value.to_lowercase(),
            Change::Slice { from, length } => {
                let chars: Vec<char> = value.chars().collect();
                let count = i64::try_from(chars.len()).unwrap_or(i64::MAX);
                let from = self.computed(from, io)?;
                let from = if from < 0 { (count + from).max(0) } else { from.min(count) };
                let length = match length {
                    Some(length) => self.computed(length, io)?,
                    None => count,
                };
                let end = if length < 0 { count + length } else { (from + length).min(count) };
                let (from, end) =
                    (usize::try_from(from).unwrap_or(0), usize::try_from(end).unwrap_or(0));
                chars.get(from..end).unwrap_or_default().iter().collect()
            }
            Change::Cut { end, longest, pattern } => {
                let pattern = self.pattern(pattern, io)?;
                cut(&value, &pattern, *end, *longest)
            }
            Change::Replace { all, pattern, with } => {
                let pattern = self.pattern(pattern, io)?;
                let with = self.text(with, io)?;
                replaced(&value, &pattern, &with, *all)
            }
        })
    }

    fn lookup(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.last.to_string()),
            "#" => Some(self.args.len().to_string()),
            "@" | "*" => Some(self.args.join(" ")),
            "$" => Some("1".to_owned()),
            "0" => Some(self.name.clone()),
            "-" | "!" => Some(String::new()),
            "PWD" => Some(self.machine.inside.cwd.clone()),
            "HOSTNAME" => self.vars.text(name).or_else(|| Some("stand-in".to_owned())),
            "UID" | "EUID" => Some("0".to_owned()),
            _ => match name.parse::<usize>() {
                Ok(at) => self.args.get(at.checked_sub(1)?).cloned(),
                Err(_) => self.vars.text(name),
            },
        }
    }
}

/// Returns whether a parameter becomes a word for each of its elements, even between quotes.
fn is_each(parameter: &Parameter) -> bool {
    let every = parameter.index == Some(Index::Each)
        || (parameter.index.is_none() && parameter.name == "@");
    every && !parameter.length
}

fn cut(value: &str, pattern: &str, end: bool, longest: bool) -> String {
    let mut places: Vec<usize> =
        value.char_indices().map(|(at, _)| at).chain([value.len()]).collect();
    // The shortest match of a prefix ends first; that of a suffix begins last.
    if end != longest {
        places.reverse();
    }
    let found = places
        .into_iter()
        .find(|at| fits(pattern, if end { &value[*at..] } else { &value[..*at] }));
    match (found, end) {
        (None, _) => value.to_owned(),
        (Some(at), true) => value[..at].to_owned(),
        (Some(at), false) => value[at..].to_owned(),
    }
}

fn replaced(value: &str, pattern: &str, with: &str, all: bool) -> String {
    let (mut out, mut rest, mut done) = (String::new(), value, false);
    while let Some(c) = rest.chars().next() {
        let mut ends: Vec<usize> =
            rest.char_indices().map(|(at, _)| at).skip(1).chain([rest.len()]).collect();
        ends.reverse();
        let found = ends.into_iter().find(|at| !done && fits(pattern, &rest[..*at]));
        match found {
            Some(at) => {
                out.push_str(with);
                rest = &rest[at..];
                done = !all;
            }
            None => {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    out
}
