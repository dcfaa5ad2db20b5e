//! Paths into JSON, as RFC 9535 has them, without slices and functions. Main type: [`JsonPath`].

use std::cmp::Ordering;

use serde_json::Value;
use thiserror::Error;

use super::query::several;

/// So many values a path may lead to on its way: `$..*..*` ends here and not with memory.
const MOST_VALUES: usize = 100_000;

/// A path into JSON.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct JsonPath {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq)]
struct Segment {
    /// Whether it is looked for at every depth.
    is_deep: bool,
    selectors: Vec<Selector>,
}

#[derive(Clone, Debug, PartialEq)]
enum Selector {
    Name(String),
    Index(i64),
    All,
    Where { path: Vec<Self>, test: Option<(Sign, Value)> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

const SIGNS: [(&str, Sign); 6] = [
    ("==", Sign::Equal),
    ("!=", Sign::NotEqual),
    ("<=", Sign::LessOrEqual),
    (">=", Sign::GreaterOrEqual),
    ("<", Sign::Less),
    (">", Sign::Greater),
];

/// A path that is none, or is not known here, or leads to too much.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum JsonPathError {
    #[error("`{path}` is no JSONPath that cc-ci knows: at `{at}` expected {expected}")]
    Unknown { path: String, at: String, expected: &'static str },
    #[error("the JSONPath leads to more than {MOST_VALUES} values: name what is meant")]
    TooMuch,
}

impl JsonPath {
    /// Reads a path.
    pub(super) fn parse(text: &str) -> Result<Self, JsonPathError> {
        let mut reader = Reader { rest: text.trim(), whole: text };
        reader.expect("$", "`$` at the beginning")?;
        let mut segments = Vec::new();
        while !reader.rest.is_empty() {
            segments.push(reader.segment()?);
        }
        Ok(Self { segments })
    }

    /// Returns what it leads to: nothing, one value as it is, or several as a list.
    pub(super) fn find(&self, json: &Value) -> Result<Option<Value>, JsonPathError> {
        let mut found = vec![json];
        for segment in &self.segments {
            let mut next = Vec::new();
            for value in found {
                if segment.is_deep {
                    deep(value, &segment.selectors, &mut next)?;
                } else {
                    select(value, &segment.selectors, &mut next)?;
                }
            }
            found = next;
        }
        Ok(several(found.into_iter().cloned().collect()))
    }
}

fn deep<'v>(
    value: &'v Value,
    selectors: &[Selector],
    out: &mut Vec<&'v Value>,
) -> Result<(), JsonPathError> {
    select(value, selectors, out)?;
    children(value).try_for_each(|child| deep(child, selectors, out))
}

fn select<'v>(
    value: &'v Value,
    selectors: &[Selector],
    out: &mut Vec<&'v Value>,
) -> Result<(), JsonPathError> {
    for selector in selectors {
        match selector {
            Selector::Name(_) | Selector::Index(_) => out.extend(one(value, selector)),
            Selector::All => out.extend(children(value)),
            Selector::Where { path, test } => {
                out.extend(children(value).filter(|child| fits(child, path, test.as_ref())));
            }
        }
        if out.len() > MOST_VALUES {
            return Err(JsonPathError::TooMuch);
        }
    }
    Ok(())
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(list) => Box::new(list.iter()),
        Value::Object(map) => Box::new(map.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            Box::new(std::iter::empty())
        }
    }
}

fn one<'v>(value: &'v Value, selector: &Selector) -> Option<&'v Value> {
    match selector {
        Selector::Name(name) => value.as_object()?.get(name),
        Selector::Index(index) => {
            let list = value.as_array()?;
            let length = i64::try_from(list.len()).ok()?;
            let index = if *index < 0 { index.checked_add(length)? } else { *index };
            list.get(usize::try_from(index).ok()?)
        }
        Selector::All | Selector::Where { .. } => None,
    }
}

fn fits(child: &Value, path: &[Selector], test: Option<&(Sign, Value)>) -> bool {
    let found = path.iter().try_fold(child, one);
    let Some((sign, other)) = test else { return found.is_some() };
    let Some(found) = found else { return *sign == Sign::NotEqual };
    let order = match (found, other) {
        (Value::Number(a), Value::Number(b)) => {
            a.as_f64().zip(b.as_f64()).and_then(|(a, b)| a.partial_cmp(&b))
        }
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (_, _) => None,
    };
    match sign {
        Sign::Equal => found == other || order == Some(Ordering::Equal),
        Sign::NotEqual => found != other && order != Some(Ordering::Equal),
        Sign::Less => order == Some(Ordering::Less),
        Sign::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Sign::Greater => order == Some(Ordering::Greater),
        Sign::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    }
}

struct Reader<'a> {
    rest: &'a str,
    whole: &'a str,
}

impl Reader<'_> {
    fn error(&self, expected: &'static str) -> JsonPathError {
        JsonPathError::Unknown {
            path: super::shown(self.whole),
            at: if self.rest.is_empty() { "its end".to_owned() } else { super::shown(self.rest) },
            expected,
        }
    }

    fn take(&mut self, text: &str) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, text: &str, expected: &'static str) -> Result<(), JsonPathError> {
        if self.take(text) { Ok(()) } else { Err(self.error(expected)) }
    }

    fn blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn segment(&mut self) -> Result<Segment, JsonPathError> {
        let is_deep = self.take("..");
        if self.rest.starts_with('[') {
            return Ok(Segment { is_deep, selectors: self.brackets()? });
        }
        if !is_deep {
            self.expect(".", "`.name`, `[0]`, `[*]` or `[?@.name == 'value']`")?;
        }
        let selector = if self.take("*") { Selector::All } else { self.name()? };
        Ok(Segment { is_deep, selectors: vec![selector] })
    }

    /// Reads a name as it stands after a dot.
    fn name(&mut self) -> Result<Selector, JsonPathError> {
        let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || !c.is_ascii();
        let end = self.rest.find(|c| !plain(c)).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.error("a name"));
        }
        let (name, rest) = self.rest.split_at(end);
        self.rest = rest;
        if self.rest.starts_with('(') {
            return Err(self.error("no function: count with the filter `count`"));
        }
        Ok(Selector::Name(name.to_owned()))
    }

    fn brackets(&mut self) -> Result<Vec<Selector>, JsonPathError> {
        self.expect("[", "`[`")?;
        let mut selectors = Vec::new();
        loop {
            self.blanks();
            selectors.push(self.selector()?);
            self.blanks();
            if self.take("]") {
                return Ok(selectors);
            }
            self.expect(",", "`]` (slices, `&&` and `||` are not known)")?;
        }
    }

    fn selector(&mut self) -> Result<Selector, JsonPathError> {
        if self.take("*") {
            return Ok(Selector::All);
        }
        if self.take("?") {
            return self.filter();
        }
        if self.rest.starts_with(['\'', '"']) {
            return self.quoted().map(Selector::Name);
        }
        self.index()
    }

    fn index(&mut self) -> Result<Selector, JsonPathError> {
        let end =
            self.rest.find(|c: char| !c.is_ascii_digit() && c != '-').unwrap_or(self.rest.len());
        let index = self.rest[..end].parse();
        let index = index.map_err(|_| self.error("an index, a name in quotes, `*` or `?…`"))?;
        self.rest = &self.rest[end..];
        Ok(Selector::Index(index))
    }

    /// Reads what stands after `?`, with or without parentheses around it.
    fn filter(&mut self) -> Result<Selector, JsonPathError> {
        self.blanks();
        let is_wrapped = self.take("(");
        self.blanks();
        self.expect("@", "`@` (only tests of one path are known)")?;
        let mut path = Vec::new();
        loop {
            if self.take(".") {
                path.push(self.name()?);
            } else if self.take("[") {
                let selector = if self.rest.starts_with(['\'', '"']) {
                    self.quoted().map(Selector::Name)?
                } else {
                    self.index()?
                };
                path.push(selector);
                self.expect("]", "`]`")?;
            } else {
                break;
            }
        }
        self.blanks();
        let test = match SIGNS.iter().find(|(sign, _)| self.rest.starts_with(sign)) {
            Some((sign, meaning)) => {
                self.take(sign);
                self.blanks();
                Some((*meaning, self.literal()?))
            }
            None => None,
        };
        self.blanks();
        if is_wrapped {
            self.expect(")", "`)` (`&&` and `||` are not known)")?;
        }
        Ok(Selector::Where { path, test })
    }

    fn literal(&mut self) -> Result<Value, JsonPathError> {
        if self.rest.starts_with(['\'', '"']) {
            return self.quoted().map(Value::String);
        }
        let end = self.rest.find([')', ']', ' ', '&', '|', ',']).unwrap_or(self.rest.len());
        let value: Option<Value> = serde_json::from_str(&self.rest[..end]).ok();
        let value = value.filter(|v| !v.is_object() && !v.is_array());
        let value =
            value.ok_or_else(|| self.error("a text in quotes, a number, true, false or null"))?;
        self.rest = &self.rest[end..];
        Ok(value)
    }

    fn quoted(&mut self) -> Result<String, JsonPathError> {
        let mut out = String::new();
        let mut chars = self.rest.char_indices();
        let quote = chars.next().map(|(_, c)| c);
        let mut is_escaped = false;
        for (at, c) in chars {
            if is_escaped {
                if !['\'', '"', '\\', '/'].contains(&c) {
                    return Err(self.error("no other escape than of a quote or `\\`"));
                }
                out.push(c);
                is_escaped = false;
            } else if c == '\\' {
                is_escaped = true;
            } else if Some(c) == quote {
                self.rest = &self.rest[at + 1..];
                return Ok(out);
            } else {
                out.push(c);
            }
        }
        Err(self.error("a closing quote"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn find(path: &str) -> Option<Value> {
        let json = json!({
            "name": "blog", "a.b": 1, "it's": 2, "none": null,
            "posts": [
                {"id": 1, "title": "One", "tags": ["x"]},
                {"id": 2, "title": "Two", "tags": []},
                {"id": 3, "title": "Two", "by": {"name": "ann"}},
            ],
        });
        JsonPath::parse(path).unwrap().find(&json).unwrap()
    }

    #[rstest]
    #[case("$.name", json!("blog"))]
    #[case("$['a.b']", json!(1))]
    #[case(r"$['it\'s']", json!(2))]
    #[case("$[\"name\"]", json!("blog"))]
    #[case("$.none", json!(null))]
    #[case("$.posts[0].title", json!("One"))]
    #[case("$.posts[-1].id", json!(3))]
    #[case("$.posts[*].id", json!([1, 2, 3]))]
    #[case("$.posts[0,2].id", json!([1, 3]))]
    #[case("$.posts[0].*", json!([1, "One", ["x"]]))]
    #[case("$..name", json!(["blog", "ann"]))]
    #[case("$..[0]", json!([{"id": 1, "title": "One", "tags": ["x"]}, "x"]))]
    #[case("$.posts[?(@.id == 2)].title", json!("Two"))]
    #[case("$.posts[?@.title=='Two'].id", json!([2, 3]))]
    #[case("$.posts[?(@.by)].id", json!(3))]
    #[case("$.posts[?(@.by.name == \"ann\")].id", json!(3))]
    #[case("$.posts[?(@.id >= 2)].id", json!([2, 3]))]
    #[case("$.posts[?(@.tags[0] != 'x')].id", json!([2, 3]))]
    fn a_path_leads_to(#[case] path: &str, #[case] expected: Value) {
        assert_eq!(find(path), Some(expected));
    }

    #[rstest]
    #[case("$.nobody")]
    #[case("$.posts[9]")]
    #[case("$.name[0]")]
    #[case("$.posts.id")]
    #[case("$.posts[?(@.id == 9)]")]
    fn what_is_not_there_is_nothing(#[case] path: &str) {
        assert_eq!(find(path), None);
    }

    #[rstest]
    #[case("name")]
    #[case("$name")]
    #[case("$.")]
    #[case("$.posts[")]
    #[case("$.posts[0")]
    #[case("$.posts[0:2]")]
    #[case("$.posts[?(@.id == 1 && @.title == 'x')]")]
    #[case("$.posts[?length(@.tags) == 1]")]
    #[case("$.posts.length()")]
    #[case("$.posts[?(@.id == $.name)]")]
    #[case("$['open")]
    fn what_is_not_known_is_refused(#[case] path: &str) {
        assert!(JsonPath::parse(path).is_err(), "{path}");
    }

    #[test]
    fn a_path_that_leads_everywhere_ends() {
        let json = json!(vec![vec![vec![1; 60]; 60]; 60]);
        assert_eq!(JsonPath::parse("$..*").unwrap().find(&json), Err(JsonPathError::TooMuch));
    }
}
