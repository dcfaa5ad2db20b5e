//! What is done to a value before it is judged. Main type: [`Filter`].

use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::query::{Path, Pattern, path, pattern, text};
use super::template::Template;
use super::variables::Variables;

/// What is done to a value.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    Count,
    First,
    Last,
    Nth(i64),
    Regex(Pattern),
    Replace(Template, Template),
    ReplaceRegex(Pattern, Template),
    Split(Template),
    JsonPath(Path),
    ToInt,
    ToFloat,
    ToString,
}

/// Filters that Hurl has and cc-ci has not.
const UNKNOWN: [&str; 24] = [
    "base64Decode",
    "base64Encode",
    "base64UrlSafeDecode",
    "base64UrlSafeEncode",
    "charsetDecode",
    "dateFormat",
    "daysAfterNow",
    "daysBeforeNow",
    "decode",
    "format",
    "htmlEscape",
    "htmlUnescape",
    "location",
    "toDate",
    "toHex",
    "urlDecode",
    "urlEncode",
    "urlQueryParam",
    "utf8Decode",
    "utf8Encode",
    "xpath",
    "toUpper",
    "toLower",
    "length",
];

/// Reads the filters after a query, as many as there are.
pub(super) fn filters(cursor: &mut Cursor<'_>) -> Result<Vec<Filter>, Stop> {
    let mut filters = Vec::new();
    loop {
        cursor.blanks();
        let mut ahead = cursor.clone();
        let place = ahead.place();
        let word = ahead.word();
        if UNKNOWN.contains(&word.as_str()) {
            let what = format!(
                "the filter `{word}` is not known to cc-ci: expected count, first, last, nth, regex, replace, replaceRegex, split, jsonpath, toInt, toFloat or toString"
            );
            return Err(Stop::new(place, what));
        }
        let Some(filter) = filter(&word, &mut ahead)? else { return Ok(filters) };
        filters.push(filter);
        *cursor = ahead;
    }
}

fn filter(word: &str, cursor: &mut Cursor<'_>) -> Result<Option<Filter>, Stop> {
    cursor.blanks();
    Ok(Some(match word {
        "count" => Filter::Count,
        "first" => Filter::First,
        "last" => Filter::Last,
        "nth" => {
            let place = cursor.place();
            let digits = cursor.take_while(|c| c.is_ascii_digit() || c == '-');
            let n =
                digits.parse().map_err(|_| Stop::new(place, "expected a number, as in `nth 0`"))?;
            Filter::Nth(n)
        }
        "regex" => Filter::Regex(pattern(cursor, true)?),
        "replace" => Filter::Replace(
            text(cursor, "replace \"a\" \"b\"")?,
            text(cursor, "replace \"a\" \"b\"")?,
        ),
        "replaceRegex" => {
            Filter::ReplaceRegex(pattern(cursor, false)?, text(cursor, "replaceRegex /a+/ \"b\"")?)
        }
        "split" => Filter::Split(text(cursor, "split \",\"")?),
        "jsonpath" => Filter::JsonPath(path(cursor)?),
        "toInt" => Filter::ToInt,
        "toFloat" => Filter::ToFloat,
        "toString" => Filter::ToString,
        _ => return Ok(None),
    }))
}

impl Filter {
    /// Returns what becomes of a value; nothing if what is asked for is not there.
    pub(super) fn apply(
        &self,
        value: &Value,
        variables: &Variables<'_>,
    ) -> Result<Option<Value>, String> {
        let render = |t: &Template| variables.render(t).map_err(|e| e.to_string());
        let list = |name: &str| value.as_array().ok_or_else(|| unfit(name, "a list", value));
        let text = |name: &str| value.as_str().ok_or_else(|| unfit(name, "a text", value));
        match self {
            Self::Count => Ok(Some(list("count")?.len().into())),
            Self::First => Ok(list("first")?.first().cloned()),
            Self::Last => Ok(list("last")?.last().cloned()),
            Self::Nth(n) => {
                let list = list("nth")?;
                let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
                let index = if *n < 0 { n.saturating_add(length) } else { *n };
                Ok(usize::try_from(index).ok().and_then(|i| list.get(i)).cloned())
            }
            Self::Regex(pattern) => pattern.find(text("regex")?, variables),
            Self::Replace(old, new) => {
                let (old, new) = (render(old)?, render(new)?);
                if old.is_empty() {
                    return Err("`replace` wants a text to replace, and it is empty".to_owned());
                }
                Ok(Some(text("replace")?.replace(&old, &new).into()))
            }
            Self::ReplaceRegex(pattern, new) => {
                let new = render(new)?;
                Ok(Some(pattern.replace(text("replaceRegex")?, &new, variables)?.into()))
            }
            Self::Split(separator) => {
                let separator = render(separator)?;
                let parts = text("split")?.split(&separator).map(Value::from);
                Ok(Some(parts.collect()))
            }
            Self::JsonPath(path) => {
                let json = serde_json::from_str(text("jsonpath")?);
                path.find(&json.map_err(|e| format!("it is no JSON: {e}"))?, variables)
            }
            Self::ToInt => to_int(value).map(Some),
            Self::ToFloat => to_float(value).map(Some),
            Self::ToString => match value {
                Value::String(_) => Ok(Some(value.clone())),
                Value::Null | Value::Bool(_) | Value::Number(_) => {
                    Ok(Some(value.to_string().into()))
                }
                Value::Array(_) | Value::Object(_) => Err(unfit("toString", "one value", value)),
            },
        }
    }
}

fn to_int(value: &Value) -> Result<Value, String> {
    let unfit = || unfit("toInt", "a number", value);
    match value {
        Value::String(text) => text.trim().parse::<i64>().map(Value::from).map_err(|_| unfit()),
        Value::Number(number) if number.is_f64() => {
            let whole = number.as_f64().unwrap_or_default().trunc();
            format!("{whole:.0}").parse::<i64>().map(Value::from).map_err(|_| unfit())
        }
        Value::Number(_) => Ok(value.clone()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(unfit()),
    }
}

fn to_float(value: &Value) -> Result<Value, String> {
    let unfit = || unfit("toFloat", "a number", value);
    match value {
        Value::String(text) => text.trim().parse::<f64>().map(Value::from).map_err(|_| unfit()),
        Value::Number(number) => Ok(number.as_f64().map(Value::from).unwrap_or_default()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(unfit()),
    }
}

fn unfit(filter: &str, wants: &str, value: &Value) -> String {
    format!("`{filter}` wants {wants}, and it is {}", super::shown(&value.to_string()))
}
