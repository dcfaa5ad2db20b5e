//! What is looked at in an answer. Main types: [`Query`], [`Exchange`].

use regex::{Regex, RegexBuilder};
use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::json_path::JsonPath;
use super::place::Place;
use super::template::{Template, quoted};
use super::variables::Variables;
use crate::http::Answer;

/// How much a compiled regular expression may take, in bytes.
const REGEX_SIZE: usize = 1024 * 1024;

/// An answer, and where it came from.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The answer.
    pub answer: &'a Answer,
    /// The URL that gave it.
    pub url: &'a str,
    /// Whether the end of its body was cut off: nothing can be said of such a body.
    pub is_cut: bool,
}

/// What is looked at.
#[derive(Clone, Debug)]
pub(super) enum Query {
    Status,
    Url,
    Body,
    Header(Template),
    Cookie(Template),
    JsonPath(Path),
    Regex(Pattern),
    Variable(Template),
}

/// A JSONPath; read beforehand unless a variable is part of it.
#[derive(Clone, Debug)]
pub(super) struct Path {
    text: Template,
    read: Option<JsonPath>,
}

/// A regular expression; read beforehand unless a variable is part of it.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    text: Template,
    read: Option<Regex>,
}

/// Reads a query.
pub(super) fn query(cursor: &mut Cursor<'_>) -> Result<Query, Stop> {
    let place = cursor.place();
    let word = cursor.word();
    cursor.blanks();
    let unknown = |remedy: &str| {
        Err(Stop::new(place, format!("`{}` is not known to cc-ci: {remedy}", super::shown(&word))))
    };
    match word.as_str() {
        "status" => Ok(Query::Status),
        "url" => Ok(Query::Url),
        "body" => Ok(Query::Body),
        "header" => Ok(Query::Header(text(cursor, "header \"Content-Type\"")?)),
        "cookie" => cookie(cursor),
        "jsonpath" => Ok(Query::JsonPath(path(cursor)?)),
        "regex" => Ok(Query::Regex(pattern(cursor, true)?)),
        "variable" => Ok(Query::Variable(text(cursor, "variable \"name\"")?)),
        "xpath" => {
            unknown("use `regex`, `body contains`, or `jsonpath` where the app answers JSON")
        }
        "duration" => unknown(
            "how long an answer takes depends on the machine; leave it out, or limit it with `max-time` in [Options]",
        ),
        "bytes" | "rawbytes" | "sha256" | "md5" => unknown("use `body`"),
        "certificate" => unknown("the generic checks look at the certificate; leave it out"),
        "version" | "ip" | "redirects" => unknown("it depends on the router; leave it out"),
        _ => unknown("expected status, header, body, jsonpath, regex, cookie, url or variable"),
    }
}

fn cookie(cursor: &mut Cursor<'_>) -> Result<Query, Stop> {
    let place = cursor.place();
    let name = text(cursor, "cookie \"session\"")?;
    if name.as_literal().is_some_and(|n| n.contains('[')) {
        return Err(Stop::new(
            place,
            "attributes of cookies are not known to cc-ci: use `header \"Set-Cookie\" contains …`",
        ));
    }
    Ok(Query::Cookie(name))
}

/// Reads `"…"`.
pub(super) fn text(cursor: &mut Cursor<'_>, example: &str) -> Result<Template, Stop> {
    cursor.blanks();
    if cursor.peek() != Some('"') {
        return Err(Stop::new(
            cursor.place(),
            format!("expected a text in quotes, as in `{example}`"),
        ));
    }
    quoted(cursor, '"')
}

/// Reads a JSONPath in quotes.
pub(super) fn path(cursor: &mut Cursor<'_>) -> Result<Path, Stop> {
    cursor.blanks();
    let place = cursor.place();
    let text = text(cursor, "jsonpath \"$.name\"")?;
    let read = text.as_literal().map(JsonPath::parse).transpose();
    let read = read.map_err(|error| Stop::new(place, error.to_string()))?;
    Ok(Path { text, read })
}

/// Reads a regular expression between quotes or slashes.
pub(super) fn pattern(cursor: &mut Cursor<'_>, needs_group: bool) -> Result<Pattern, Stop> {
    cursor.blanks();
    let place = cursor.place();
    let text = match cursor.peek() {
        Some('/') => slashed(cursor, place)?,
        Some(_) | None => text(cursor, "regex \"version (.*)\"")?,
    };
    let read = text.as_literal().map(|t| compiled(t, needs_group)).transpose();
    Ok(Pattern { read: read.map_err(|what| Stop::new(place, what))?, text })
}

fn slashed(cursor: &mut Cursor<'_>, place: Place) -> Result<Template, Stop> {
    cursor.skip(1);
    let mut out = String::new();
    loop {
        match cursor.peek() {
            None => return Err(Stop::new(place, "expected a closing `/` on the same line")),
            Some('/') => {
                cursor.skip(1);
                return Ok(Template::literal(&out));
            }
            Some('\\') => {
                cursor.skip(1);
                let next = cursor.peek();
                if next != Some('/') {
                    out.push('\\');
                }
                out.extend(next);
                cursor.skip(1);
            }
            Some(c) => {
                out.push(c);
                cursor.skip(1);
            }
        }
    }
}

fn compiled(text: &str, needs_group: bool) -> Result<Regex, String> {
    let regex = RegexBuilder::new(text).size_limit(REGEX_SIZE).build();
    let regex = regex.map_err(|error| {
        let said = error.to_string();
        let last = said.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
        format!("not a regular expression: {}", super::shown(last))
    })?;
    if needs_group && regex.captures_len() < 2 {
        return Err(
            "expected a group in this regular expression, as in `(.*)`: what it finds is the value"
                .to_owned(),
        );
    }
    Ok(regex)
}

impl Path {
    /// Returns what the path leads to in a JSON text: one value as it is, several as a list.
    pub(super) fn find(
        &self,
        json: &Value,
        variables: &Variables<'_>,
    ) -> Result<Option<Value>, String> {
        match &self.read {
            Some(path) => path.find(json).map_err(|e| e.to_string()),
            None => {
                let text = variables.render(&self.text).map_err(|e| e.to_string())?;
                let path = JsonPath::parse(&text).map_err(|e| e.to_string())?;
                path.find(json).map_err(|e| e.to_string())
            }
        }
    }
}

impl Pattern {
    fn regex(&self, variables: &Variables<'_>, needs_group: bool) -> Result<Regex, String> {
        match &self.read {
            Some(regex) => Ok(regex.clone()),
            None => {
                let text = variables.render(&self.text).map_err(|e| e.to_string())?;
                compiled(&text, needs_group)
            }
        }
    }

    /// Returns what the first group finds.
    pub(super) fn find(
        &self,
        text: &str,
        variables: &Variables<'_>,
    ) -> Result<Option<Value>, String> {
        let regex = self.regex(variables, true)?;
        let found = regex.captures(text).and_then(|c| c.get(1).map(|m| m.as_str().to_owned()));
        Ok(found.map(Value::String))
    }

    /// Returns whether it is found anywhere.
    pub(super) fn is_in(&self, text: &str, variables: &Variables<'_>) -> Result<bool, String> {
        Ok(self.regex(variables, false)?.is_match(text))
    }

    /// Returns the text with everything that it finds replaced.
    pub(super) fn replace(
        &self,
        text: &str,
        new: &str,
        variables: &Variables<'_>,
    ) -> Result<String, String> {
        let regex = self.regex(variables, false)?;
        Ok(regex.replace_all(text, new).into_owned())
    }

    /// Returns the expression as it was written.
    pub(super) fn shown(&self, variables: &Variables<'_>) -> String {
        variables.render(&self.text).unwrap_or_default()
    }
}

impl Query {
    /// Returns what the query finds; nothing if it is not there.
    pub(super) fn ask(
        &self,
        exchange: Exchange<'_>,
        variables: &Variables<'_>,
    ) -> Result<Option<Value>, String> {
        let render = |t: &Template| variables.render(t).map_err(|e| e.to_string());
        match self {
            Self::Status => Ok(Some(exchange.answer.status.into())),
            Self::Url => Ok(Some(exchange.url.into())),
            Self::Body => Ok(Some(body(exchange)?.into())),
            Self::Header(name) => {
                let name = render(name)?.to_ascii_lowercase();
                let values = exchange.answer.headers.iter().filter(|(n, _)| *n == name);
                Ok(several(values.map(|(_, v)| v.clone().into()).collect()))
            }
            Self::Cookie(name) => {
                let name = render(name)?;
                Ok(set_cookies(exchange.answer).find(|(n, _)| *n == name).map(|(_, v)| v.into()))
            }
            Self::JsonPath(path) => {
                let text = body(exchange)?;
                let json = serde_json::from_str(&text).map_err(|error| {
                    format!("the body is no JSON ({error}): {}", exchange.answer.summary())
                })?;
                path.find(&json, variables)
            }
            Self::Regex(pattern) => pattern.find(&body(exchange)?, variables),
            Self::Variable(name) => Ok(variables.get(&render(name)?).cloned()),
        }
    }
}

fn body(exchange: Exchange<'_>) -> Result<String, String> {
    if exchange.is_cut {
        let kept = exchange.answer.body.len();
        return Err(format!(
            "the body is longer than {kept} bytes and was cut: nothing can be said of all of it"
        ));
    }
    Ok(exchange.answer.text())
}

/// Returns one value as it is, and several as a list.
pub(super) fn several(mut values: Vec<Value>) -> Option<Value> {
    match values.len() {
        0 => None,
        1 => values.pop(),
        _ => Some(Value::Array(values)),
    }
}

fn set_cookies(answer: &Answer) -> impl Iterator<Item = (&str, &str)> {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    set.filter_map(|(_, value)| {
        let (name, value) = value.split(';').next()?.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}
