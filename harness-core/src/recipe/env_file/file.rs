//! A whole env file.

use std::fmt;

use super::line::{Entry, ways_to_write};
use super::secret::SecretSpec;

/// An app's env file or a recipe's sample. Reading never fails and loses nothing: shown, it is the text it was read
/// from, comments, order, quotes and line endings included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EnvFile {
    entries: Vec<Entry>,
}

impl EnvFile {
    /// Reads a text.
    pub fn parse(text: &str) -> Self {
        let mut entries = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (entry, tail) = Entry::split_off(rest);
            entries.push(entry);
            rest = tail;
        }
        Self { entries }
    }

    /// Returns each variable once, in the order of first appearance, with the value that it has in the end.
    pub fn vars(&self) -> Vec<(String, String)> {
        let mut vars: Vec<(String, String)> = Vec::new();
        for entry in &self.entries {
            let lookup = |name: &str| vars.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            let (Some(name), Some(value)) = (entry.name(), entry.value(&lookup)) else { continue };
            match vars.iter_mut().find(|(n, _)| n == name) {
                Some((_, old)) => *old = value,
                None => vars.push((name.to_owned(), value)),
            }
        }
        vars
    }

    /// Returns the value that a variable has in the end.
    pub fn get(&self, name: &str) -> Option<String> {
        self.vars().into_iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Gives a variable a value that reads back exactly: in place of the value of its last assignment, whose comment
    /// stays, or on a new line at the end. The name must be letters, digits and `_`, not beginning with a digit;
    /// under any other name nothing can be assigned, and the file stays as it is.
    pub fn set(&mut self, name: &str, value: &str) {
        let place = self.last(|n| n == name);
        self.put(place, name, value);
    }

    /// Says which recipe and version the app has, on the `TYPE` or `RECIPE` line, whichever is there; a new `TYPE`
    /// line comes first in the file.
    pub fn set_type(&mut self, recipe_and_version: &str) {
        if let Some(place) = self.last(|n| n == "TYPE" || n == "RECIPE") {
            let name = self.entries[place].name().unwrap_or("TYPE").to_owned();
            self.put(Some(place), &name, recipe_and_version);
            return;
        }
        let mut line = Self::default();
        line.set("TYPE", recipe_and_version);
        self.entries.splice(0..0, line.entries);
    }

    /// Returns what the `TYPE` or `RECIPE` line says.
    pub fn recipe_and_version(&self) -> Option<String> {
        let place = self.last(|n| n == "TYPE" || n == "RECIPE")?;
        self.get(self.entries[place].name()?)
    }

    /// Returns the secrets that its uncommented `SECRET_<NAME>_VERSION` lines ask for, each once.
    pub fn secrets(&self) -> Vec<SecretSpec> {
        let vars = self.vars();
        let comment =
            |name: &str| self.last(|n| n == name).and_then(|place| self.entries[place].comment());
        vars.iter()
            .filter_map(|(name, value)| SecretSpec::read(name, value, comment(name)))
            .collect()
    }

    /// Returns the compose files that are laid over each other, from `COMPOSE_FILE`; `compose.yml` alone when it is
    /// not set.
    pub fn compose_files(&self) -> Vec<String> {
        let list = self.get("COMPOSE_FILE").unwrap_or_default();
        let files: Vec<String> =
            list.split(':').map(str::trim).filter(|f| !f.is_empty()).map(str::to_owned).collect();
        if files.is_empty() { vec!["compose.yml".to_owned()] } else { files }
    }

    fn last(&self, wanted: impl Fn(&str) -> bool) -> Option<usize> {
        self.entries.iter().rposition(|entry| entry.name().is_some_and(&wanted))
    }

    fn put(&mut self, place: Option<usize>, name: &str, value: &str) {
        let mut texts: Vec<String> = self.entries.iter().map(|entry| entry.text.clone()).collect();
        let (place, entry) = match place {
            Some(place) => (place, self.entries[place].clone()),
            None => {
                let line = format!("{name}=\n");
                let entry = Entry::split_off(&line).0;
                if entry.name() != Some(name) {
                    return;
                }
                if let Some(last) = texts.last_mut().filter(|last| !last.ends_with('\n')) {
                    last.push('\n');
                }
                texts.push(line);
                (self.entries.len(), entry)
            }
        };
        // Only the whole file says whether a way of writing reads back: a quote above may never have been closed.
        let written = ways_to_write(value)
            .into_iter()
            .filter_map(|way| entry.text_with(&way))
            .find_map(|text| {
                texts[place] = text;
                let file = Self::parse(&texts.concat());
                let same_place = file.entries.len() == texts.len()
                    && file.entries[place].comment() == entry.comment();
                (same_place && file.get(name).as_deref() == Some(value)).then_some(file)
            });
        if let Some(written) = written {
            *self = written;
        }
    }
}

impl fmt::Display for EnvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entries.iter().try_for_each(|entry| f.write_str(&entry.text))
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
