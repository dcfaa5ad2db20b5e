//! Reading command lines as GNU's getopt does. Main function: [`read`].

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Value,
    /// A value only if it is written in the same word.
    Maybe,
}

/// An option: its letter (or a space), its name, what it takes.
pub(super) type Known = (char, &'static str, Takes);

/// A command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// Options in their order, by name.
    pub(super) options: Vec<(&'static str, String)>,
    /// All else.
    pub(super) rest: Vec<String>,
}

impl Line {
    /// Returns the last value of an option.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().rev().find(|(n, _)| *n == name).map(|(_, v)| v.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// Reads a command line; an unknown option is returned by name.
pub(super) fn read(words: &[&str], known: &[Known]) -> Result<Line, String> {
    let mut line = Line::default();
    let mut words = words.iter().copied();
    while let Some(word) = words.next() {
        if word == "--" {
            line.rest.extend(words.by_ref().map(str::to_owned));
        } else if let Some(long) = word.strip_prefix("--") {
            let (name, value) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (long, None),
            };
            let found = known.iter().find(|(_, n, _)| *n == name);
            let (_, name, takes) = found.ok_or_else(|| format!("--{name}"))?;
            let value = match (value, takes) {
                (Some(value), _) => value,
                (None, Takes::Value) => words.next().ok_or_else(|| word.to_owned())?,
                (None, Takes::Nothing | Takes::Maybe) => "",
            };
            line.options.push((name, value.to_owned()));
        } else if word.len() > 1 && word.starts_with('-') {
            letters(word, &mut words, known, &mut line)?;
        } else {
            line.rest.push(word.to_owned());
        }
    }
    Ok(line)
}

fn letters<'a>(
    word: &'a str,
    words: &mut impl Iterator<Item = &'a str>,
    known: &[Known],
    line: &mut Line,
) -> Result<(), String> {
    let mut rest = &word[1..];
    while let Some(letter) = rest.chars().next() {
        rest = &rest[letter.len_utf8()..];
        let found = known.iter().find(|(l, _, _)| *l == letter && letter != ' ');
        let (_, name, takes) = found.ok_or_else(|| format!("-{letter}"))?;
        let value = match takes {
            Takes::Nothing => "",
            Takes::Maybe => std::mem::take(&mut rest),
            Takes::Value if rest.is_empty() => words.next().ok_or_else(|| word.to_owned())?,
            Takes::Value => std::mem::take(&mut rest),
        };
        line.options.push((name, value.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Known] = &[
        ('h', "host", Takes::Value),
        ('p', "password", Takes::Maybe),
        ('t', "tuples-only", Takes::Nothing),
        ('c', "command", Takes::Value),
    ];

    #[test]
    fn letters_may_be_joined_and_values_may_be_attached() {
        let line = read(&["-tc", "SELECT 1", "-pse cret", "--host=db", "name"], KNOWN).unwrap();
        assert!(line.has("tuples-only"));
        assert_eq!(line.get("command"), Some("SELECT 1"));
        assert_eq!(line.get("password"), Some("se cret"));
        assert_eq!((line.get("host"), &line.rest[..]), (Some("db"), &["name".to_owned()][..]));
    }

    #[test]
    fn an_unknown_option_is_named() {
        assert_eq!(read(&["-x"], KNOWN), Err("-x".to_owned()));
        assert_eq!(read(&["--nothing=1"], KNOWN), Err("--nothing".to_owned()));
    }
}
