//! Reading `recipe.toml`, the one way: TOML, then keys, then values, then what must fit together.

use std::ops::Range;

use thiserror::Error;

use super::keys::{GONE, KEYS, SECTIONS, Section, key, section};
use super::outline::Outline;
use super::rules;
use super::settings::Settings;
use crate::excerpt::{Excerpt, printable};
use crate::name::RecipeName;
use crate::near::{listed, nearest};

/// Settings that cannot be used: where, what is wrong, what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {problem}\n{excerpt}", excerpt.place())]
pub struct InvalidSettings {
    /// The place.
    pub excerpt: Excerpt,
    /// What is wrong there, and what to do about it.
    pub problem: String,
}

/// What is wrong, and the bytes that are.
pub(super) struct Problem {
    pub(super) place: Range<usize>,
    pub(super) text: String,
}

impl Settings {
    /// Reads the `recipe.toml` of a recipe's suite.
    ///
    /// # Errors
    /// It is not TOML, a key is not known, a value is not what belongs there, or values do not fit together or not
    /// the recipe: the first such place.
    pub fn parse(recipe: &RecipeName, text: &str) -> Result<Self, InvalidSettings> {
        read(recipe, text).map_err(|Problem { place, text: problem }| InvalidSettings {
            excerpt: Excerpt::of(&format!("recipes/{recipe}/recipe.toml"), text, place),
            problem: printable(&problem),
        })
    }
}

fn read(recipe: &RecipeName, text: &str) -> Result<Settings, Problem> {
    let outline = Outline::of(text).map_err(|error| Problem {
        place: error.span().unwrap_or_default(),
        text: not_toml(error.message()),
    })?;
    if let Some(problem) = unknown(&outline) {
        return Err(problem);
    }
    let settings: Settings = toml::from_str(text).map_err(|error| misfit(&outline, &error))?;
    match rules::broken(&settings, recipe, &outline) {
        Some(problem) => Err(problem),
        None => Ok(settings),
    }
}

/// Finds the first key that is not known.
fn unknown(outline: &Outline) -> Option<Problem> {
    outline.entries().find_map(|entry| {
        let (table, name) = match entry.path.split_once('.') {
            None => ("", entry.path.as_str()),
            Some((table, name)) => (table, name),
        };
        let home = section(table)?;
        let known = (table.is_empty() && section(name).is_some()) || key(&entry.path).is_some();
        // Below a key that takes a table the names are the author's; below any other its value is wrong.
        let within = name.contains('.') && KEYS.iter().any(|k| is_below(&entry.path, &k.path()));
        (!known && !within)
            .then(|| Problem { place: entry.key.clone(), text: unknown_key(home, name) })
    })
}

fn is_below(path: &str, key: &str) -> bool {
    path.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
}

fn unknown_key(home: &Section, name: &str) -> String {
    let before = KEYS.iter().find(|key| key.formerly == Some(name));
    if let Some(key) = before {
        let place = section(key.section).map(Section::header).unwrap_or_default();
        return format!(
            "`{name}` is a key of the earlier system: it is `{}` in {place} now",
            key.name
        );
    }
    if let Some((_, instead)) = GONE.iter().find(|(gone, _)| *gone == name) {
        return format!("`{name}` is a key of the earlier system: {instead}");
    }
    let mut own: Vec<&str> = home.keys().map(|key| key.name).collect();
    if home.name.is_empty() {
        own.extend(SECTIONS.iter().map(|s| s.name).filter(|name| !name.is_empty()));
    }
    let elsewhere: Vec<String> = KEYS
        .iter()
        .filter(|key| key.name == name)
        .filter_map(|key| section(key.section).map(Section::header))
        .collect();
    let hint = match (nearest(name, own.iter().copied()), elsewhere.is_empty()) {
        (Some(near), _) => format!("did you mean `{near}`? "),
        (None, false) => format!("it belongs in {}; ", elsewhere.join(" or ")),
        (None, true) => String::new(),
    };
    format!("unknown key `{name}` in {}: {hint}expected {}", home.header(), listed(own))
}

/// Says what belongs at the place where a value does not fit.
fn misfit(outline: &Outline, error: &toml::de::Error) -> Problem {
    let place = error.span().unwrap_or_default();
    let said = first_line(error.message());
    let path = outline.at(&place).map(|entry| entry.path.as_str()).unwrap_or_default();
    let nearest_key = KEYS.iter().find(|key| key.path() == path || is_below(path, &key.path()));
    let text = match (nearest_key, section(path).filter(|s| !s.name.is_empty()), seen(said)) {
        (Some(key), _, Some(seen)) => format!(
            "`{}` is {}, for example `{} = {}`: seen {seen}",
            key.path(),
            key.kind,
            key.name,
            key.example
        ),
        (None, Some(table), Some(_)) => {
            let keys = listed(table.keys().map(|key| key.name));
            let one = if table.repeated { "a list of tables, each under" } else { "one table" };
            format!("`{path}` is {one} {}: expected {keys} in it", table.header())
        }
        // A type of ours has said what it expected; one that is a whole table names its key.
        (_, _, None) | (None, None, _) => said.to_owned(),
    };
    let named = said.strip_prefix('`').and_then(|rest| rest.split([' ', '`']).next());
    let key = named.map(|name| format!("{path}.{name}"));
    let inner =
        outline.entries().find(|e| Some(&e.path) == key.as_ref() && e.key.start >= place.start);
    Problem { place: inner.map_or(place, |entry| entry.key.clone()), text }
}

/// Returns what serde saw, where it says no more than what type it expected.
fn seen(said: &str) -> Option<&str> {
    let starts = ["invalid type: ", "invalid value: ", "unknown variant "];
    let rest = starts.iter().find_map(|start| said.strip_prefix(start))?;
    Some(rest.rsplit_once(", expected ").map_or(rest, |(seen, _)| seen))
}

/// Says what is no TOML, where the parser says it for those who know its grammar.
fn not_toml(said: &str) -> String {
    let said = first_line(said);
    let plain = if said == "duplicate key" {
        "the key stands here for the second time, take one out"
    } else if said.starts_with("string values must be quoted") {
        "there is no value in quotes, a number, `true` or `false`: expected text in quotes, for example `\"10m\"`"
    } else {
        said
    };
    format!("the file is not TOML: {plain}")
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}
