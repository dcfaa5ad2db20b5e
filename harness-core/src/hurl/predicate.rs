//! What must hold of a value. Main type: [`Predicate`].

use std::cmp::Ordering;

use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::query::{Pattern, pattern};
use super::template::{Form, Template, placeholder, quoted};
use super::variables::Variables;

/// What must hold of a value.
#[derive(Clone, Debug)]
pub(super) enum Predicate {
    Compare(Comparison, Expected),
    StartsWith(Expected),
    EndsWith(Expected),
    Contains(Expected),
    Matches(Pattern),
    Exists,
    Is(Kind),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Empty,
    Float,
    Integer,
    List,
    Number,
    Object,
    Text,
}

/// What a value is compared with.
#[derive(Clone, Debug)]
pub(super) enum Expected {
    Literal(Value),
    Text(Template),
    Variable(String),
}

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
];

const KINDS: [(&str, Kind); 9] = [
    ("isBoolean", Kind::Boolean),
    ("isCollection", Kind::List),
    ("isEmpty", Kind::Empty),
    ("isFloat", Kind::Float),
    ("isInteger", Kind::Integer),
    ("isList", Kind::List),
    ("isNumber", Kind::Number),
    ("isObject", Kind::Object),
    ("isString", Kind::Text),
];

/// Reads a predicate.
pub(super) fn predicate(cursor: &mut Cursor<'_>) -> Result<Predicate, Stop> {
    cursor.blanks();
    let place = cursor.place();
    if let Some((sign, comparison)) = COMPARISONS.iter().find(|(s, _)| cursor.starts_with(s)) {
        cursor.skip(sign.len());
        return Ok(Predicate::Compare(*comparison, expected(cursor)?));
    }
    let word = cursor.word();
    match word.as_str() {
        "startsWith" => Ok(Predicate::StartsWith(expected(cursor)?)),
        "endsWith" => Ok(Predicate::EndsWith(expected(cursor)?)),
        "contains" | "includes" => Ok(Predicate::Contains(expected(cursor)?)),
        "matches" => Ok(Predicate::Matches(pattern(cursor, false)?)),
        "exists" => Ok(Predicate::Exists),
        other => match KINDS.iter().find(|(name, _)| *name == other) {
            Some((_, kind)) => Ok(Predicate::Is(*kind)),
            None if other.is_empty() => Err(Stop::new(
                place,
                "expected what must hold, such as `== 200`, `contains \"…\"` or `exists`",
            )),
            None => Err(Stop::new(
                place,
                format!(
                    "`{}` is not known to cc-ci: expected ==, !=, >, >=, <, <=, startsWith, endsWith, contains, matches, exists, isEmpty, isString, isInteger, isFloat, isNumber, isBoolean, isList or isObject",
                    super::shown(other)
                ),
            )),
        },
    }
}

fn expected(cursor: &mut Cursor<'_>) -> Result<Expected, Stop> {
    cursor.blanks();
    let place = cursor.place();
    let wrong = || {
        Stop::new(
            place,
            "expected a value here: a text in quotes, a number, true, false, null or `{{variable}}`",
        )
    };
    match cursor.peek() {
        Some(quote @ ('"' | '`')) if !cursor.starts_with("```") => {
            Ok(Expected::Text(quoted(cursor, quote)?))
        }
        Some('{') if cursor.starts_with("{{") => {
            let part = placeholder(cursor, Form::Plain)?;
            let template = Template { parts: vec![part], place: None };
            Ok(match template.as_variable() {
                Some(name) => Expected::Variable(name.to_owned()),
                None => Expected::Text(template),
            })
        }
        Some(c) if c.is_ascii_digit() || c == '-' => {
            let number = cursor.take_while(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
            let value: Value = serde_json::from_str(&number).map_err(|_| wrong())?;
            Ok(Expected::Literal(value))
        }
        Some(_) | None => match cursor.word().as_str() {
            "true" => Ok(Expected::Literal(Value::Bool(true))),
            "false" => Ok(Expected::Literal(Value::Bool(false))),
            "null" => Ok(Expected::Literal(Value::Null)),
            "file" | "base64" | "hex" => Err(Stop::new(
                place,
                "only texts, numbers, true, false, null and variables are compared by cc-ci: write the text in quotes",
            )),
            _ => Err(wrong()),
        },
    }
}

impl Expected {
    fn value(&self, variables: &Variables<'_>) -> Result<Value, String> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Text(text) => {
                variables.render(text).map(Value::String).map_err(|e| e.to_string())
            }
            Self::Variable(name) => variables
                .get(name)
                .cloned()
                .ok_or_else(|| format!("the variable `{name}` has no value")),
        }
    }
}

/// Whether a predicate holds, and what it asks for, in words. An error: it cannot be asked of such a value, so neither
/// it nor its opposite holds.
pub(super) fn holds(
    predicate: &Predicate,
    value: Option<&Value>,
    variables: &Variables<'_>,
) -> Result<(bool, String), String> {
    if let Predicate::Exists = predicate {
        return Ok((value.is_some(), "it to be there".to_owned()));
    }
    let Some(value) = value else { return Err("there is nothing".to_owned()) };
    let says =
        |word: &str, other: &Value| format!("it {word} {}", super::shown(&other.to_string()));
    let texts = |word: &str, other: &Value| match (value.as_str(), other.as_str()) {
        (Some(a), Some(b)) => Ok((a.to_owned(), b.to_owned())),
        (_, _) => Err(format!(
            "`{word}` compares texts, and one of them is none: {}",
            super::shown(&value.to_string())
        )),
    };
    match predicate {
        Predicate::Exists => Ok((true, String::new())),
        Predicate::Compare(comparison, expected) => {
            let other = expected.value(variables)?;
            compare(*comparison, value, &other)
        }
        Predicate::StartsWith(expected) => {
            let other = expected.value(variables)?;
            let (a, b) = texts("startsWith", &other)?;
            Ok((a.starts_with(&b), says("to start with", &other)))
        }
        Predicate::EndsWith(expected) => {
            let other = expected.value(variables)?;
            let (a, b) = texts("endsWith", &other)?;
            Ok((a.ends_with(&b), says("to end with", &other)))
        }
        Predicate::Contains(expected) => {
            let other = expected.value(variables)?;
            let is_in = if let Some(list) = value.as_array() {
                list.iter().any(|v| order(v, &other) == Some(Ordering::Equal))
            } else {
                let (a, b) = texts("contains", &other)?;
                a.contains(&b)
            };
            Ok((is_in, says("to contain", &other)))
        }
        Predicate::Matches(pattern) => {
            let text = value.as_str().ok_or_else(|| {
                format!("`matches` wants a text: {}", super::shown(&value.to_string()))
            })?;
            let expected = format!("it to match /{}/", super::shown(&pattern.shown(variables)));
            Ok((pattern.is_in(text, variables)?, expected))
        }
        Predicate::Is(kind) => Ok((is_of(value, *kind)?, format!("it to be {}", kind_word(*kind)))),
    }
}

fn compare(comparison: Comparison, value: &Value, other: &Value) -> Result<(bool, String), String> {
    let sign = COMPARISONS.iter().find(|(_, c)| *c == comparison).map_or("", |(sign, _)| sign);
    let shown = super::shown(&other.to_string());
    let Some(order) = order(value, other) else {
        return Err(format!("it cannot be compared with {shown}, which is of another kind"));
    };
    let is_ordered = value.is_number() || value.is_string();
    if !is_ordered && !matches!(comparison, Comparison::Equal | Comparison::NotEqual) {
        return Err(format!("`{sign}` compares numbers and texts"));
    }
    let fits = match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::NotEqual => order != Ordering::Equal,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
    };
    let word = if comparison == Comparison::Equal { String::new() } else { format!("{sign} ") };
    Ok((fits, format!("{word}{shown}")))
}

/// Compares two values of one kind; what has no order is equal or greater.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            (_, _) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        },
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        // Whether something is null can be asked of everything.
        (a, Value::Null) => Some(if a.is_null() { Ordering::Equal } else { Ordering::Greater }),
        (Value::Array(_), Value::Array(_)) | (Value::Object(_), Value::Object(_)) => {
            Some(if a == b { Ordering::Equal } else { Ordering::Greater })
        }
        (_, _) => None,
    }
}

fn is_of(value: &Value, kind: Kind) -> Result<bool, String> {
    Ok(match kind {
        Kind::Boolean => value.is_boolean(),
        Kind::Float => value.is_f64(),
        Kind::Integer => value.is_i64() || value.is_u64(),
        Kind::List => value.is_array(),
        Kind::Number => value.is_number(),
        Kind::Object => value.is_object(),
        Kind::Text => value.is_string(),
        Kind::Empty => match value {
            Value::String(text) => text.is_empty(),
            Value::Array(list) => list.is_empty(),
            Value::Object(map) => map.is_empty(),
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                return Err("`isEmpty` can be asked of texts, lists and objects".to_owned());
            }
        },
    })
}

const fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "true or false",
        Kind::Empty => "empty",
        Kind::Float => "a number with a fraction",
        Kind::Integer => "a whole number",
        Kind::List => "a list",
        Kind::Number => "a number",
        Kind::Object => "an object",
        Kind::Text => "a text",
    }
}
