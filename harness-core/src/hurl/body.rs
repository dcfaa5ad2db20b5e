//! Bodies: JSON, text between back quotes; files are refused. Main type: [`Body`].

use super::cursor::{Cursor, Stop};
use super::lines::Lines;
use super::place::Place;
use super::template::{Form, Part, Template, placeholder, quoted};

/// What is sent with a request, or expected of an answer.
#[derive(Clone, Debug)]
pub struct Body {
    /// The text.
    pub text: Template,
    /// The media type that is said of it, unless a header says another.
    pub content_type: Option<&'static str>,
    /// Whether it was written as a JSON value.
    pub(super) is_json: bool,
}

const REMEDY: &str = "write JSON, or text between ``` lines";

/// Reads a body; the next line begins it.
pub(super) fn body(lines: &mut Lines<'_>, variables: &[String]) -> Result<Body, Stop> {
    let mut cursor = lines.take(variables);
    let place = cursor.place();
    let refused = |what: &str| Err(Stop::new(place, format!("{what}: {REMEDY}")));
    match cursor.peek() {
        Some('`') if cursor.starts_with("```") => fenced(lines, cursor),
        Some('`') => {
            let text = quoted(&mut cursor, '`')?;
            cursor.end()?;
            Ok(Body { text, content_type: None, is_json: false })
        }
        Some('{' | '[') => {
            lines.back();
            json(lines, place, variables)
        }
        Some('<') => refused("an XML body as it stands is not known to cc-ci"),
        Some('f') => refused("a body from a file (`file,…;`) is refused: tests see no files"),
        Some('b') => refused("a `base64,…;` body is not known to cc-ci"),
        Some('h') => refused("a `hex,…;` body is not known to cc-ci"),
        Some(_) | None => refused("a body that is a lone JSON value is not known to cc-ci"),
    }
}

/// Reads the lines between ``` and ```.
fn fenced(lines: &mut Lines<'_>, mut cursor: Cursor<'_>) -> Result<Body, Stop> {
    let begin = cursor.place();
    cursor.skip(3);
    let place = cursor.place();
    let (content_type, is_raw) = match cursor.rest().trim() {
        "" => (None, false),
        "raw" => (None, true),
        "json" => (Some("application/json"), false),
        "xml" => (Some("application/xml"), false),
        other => {
            let what = format!(
                "`{}` after ``` is not known to cc-ci: expected nothing, `json`, `xml` or `raw`",
                super::shown(other)
            );
            return Err(Stop::new(place, what));
        }
    };
    let mut text = Template::default();
    loop {
        let at = Place { line: lines.place().line, column: 1 };
        let Some(line) = lines.raw() else {
            return Err(Stop::new(begin, "expected a closing ``` after this text"));
        };
        let (content, is_end) = match line.split_once("```") {
            Some((content, rest)) => {
                Cursor::new(rest, at, cursor.variables).end()?;
                (content, true)
            }
            None => (line, false),
        };
        let mut inside = Cursor::new(content, at, cursor.variables);
        while let Some(c) = inside.peek() {
            if !is_raw && inside.starts_with("{{") {
                text.parts.push(placeholder(&mut inside, Form::Plain)?);
            } else {
                inside.skip(1);
                text.push(c);
            }
        }
        if is_end {
            return Ok(Body { text, content_type, is_json: false });
        }
        text.push('\n');
    }
}

/// Reads a JSON object or list, to the bracket that closes it.
fn json(lines: &mut Lines<'_>, place: Place, variables: &[String]) -> Result<Body, Stop> {
    let mut text = Template::default();
    let (mut depth, mut in_string) = (0_usize, false);
    loop {
        let at = Place { line: lines.place().line, column: 1 };
        let Some(line) = lines.raw() else {
            return Err(Stop::new(place, "expected the bracket that closes this JSON"));
        };
        let mut cursor = Cursor::new(line, at, variables);
        while let Some(c) = cursor.peek() {
            if cursor.starts_with("{{") && (in_string || depth > 0) {
                let form = if in_string { Form::InJsonString } else { Form::JsonValue };
                text.parts.push(placeholder(&mut cursor, form)?);
                continue;
            }
            cursor.skip(1);
            text.push(c);
            match c {
                '\\' if in_string => {
                    if let Some(escaped) = cursor.peek() {
                        cursor.skip(1);
                        text.push(escaped);
                    }
                }
                '"' => in_string = !in_string,
                '{' | '[' if !in_string => depth += 1,
                '}' | ']' if !in_string => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && matches!(c, '}' | ']') && !in_string {
                cursor.end()?;
                is_json(&text, place)?;
                return Ok(Body { text, content_type: Some("application/json"), is_json: true });
            }
        }
        text.push('\n');
    }
}

/// Says whether the text is JSON once its variables have values.
fn is_json(text: &Template, place: Place) -> Result<(), Stop> {
    let filled: String = text
        .parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Variable { form: Form::JsonValue, .. } => "0",
            Part::Variable { form: Form::InJsonString | Form::Plain, .. } | Part::NewUuid => "x",
        })
        .collect();
    match serde_json::from_str::<serde_json::Value>(&filled) {
        Ok(_) => Ok(()),
        Err(error) => {
            let line = place.line + error.line().max(1) - 1;
            let column =
                if error.line() <= 1 { error.column() + place.column - 1 } else { error.column() };
            let said = error.to_string();
            let said = said.split(" at line").next().unwrap_or_default().to_owned();
            let place = Place { line, column: column.max(1) };
            Err(Stop::new(place, format!("the body is no JSON: {said}")))
        }
    }
}
