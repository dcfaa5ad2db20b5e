//! Text with variables in it. Main type: [`Template`].

use super::cursor::{Cursor, Stop};
use super::place::Place;

/// Text with variables in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pub(super) parts: Vec<Part>,
    pub(super) place: Option<Place>,
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it stands.
    Text(String),
    /// A variable's value.
    Variable { name: String, place: Place, form: Form },
    /// A new identifier, in the form of a UUID.
    NewUuid,
}

/// How a variable's value is put into the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As it is.
    Plain,
    /// Inside the quotes of a JSON string.
    InJsonString,
    /// Where a JSON value is expected.
    JsonValue,
}

impl Template {
    /// Returns a template that is only text.
    pub(super) fn literal(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.to_owned())], place: None }
    }

    /// Returns the text, if there is no variable in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns the text before the first variable.
    pub(super) fn beginning(&self) -> &str {
        match self.parts.first() {
            Some(Part::Text(text)) => text,
            Some(Part::Variable { .. } | Part::NewUuid) | None => "",
        }
    }

    /// Returns the variable, if the template is nothing else.
    pub(super) fn as_variable(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Variable { name, .. }] => Some(name),
            _ => None,
        }
    }

    pub(super) fn push(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            Some(Part::Variable { .. } | Part::NewUuid) | None => {
                self.parts.push(Part::Text(c.to_string()));
            }
        }
    }

    /// Takes blanks away from the end.
    pub(super) fn trim_end(&mut self) {
        if let Some(Part::Text(text)) = self.parts.last_mut() {
            text.truncate(text.trim_end().len());
            if text.is_empty() {
                self.parts.pop();
            }
        }
    }
}

/// Reads `{{ name }}`; the cursor stands on the first brace.
pub(super) fn placeholder(cursor: &mut Cursor<'_>, form: Form) -> Result<Part, Stop> {
    let place = cursor.place();
    cursor.skip(2);
    cursor.blanks();
    let at = cursor.place();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    cursor.blanks();
    let known = cursor.variables;
    if name.is_empty() {
        return Err(Stop::new(at, "expected the name of a variable, such as `{{base_url}}`"));
    }
    match name.as_str() {
        "newUuid" if cursor.starts_with("}}") => {
            cursor.skip(2);
            return Ok(Part::NewUuid);
        }
        "getEnv" => {
            return Err(Stop::new(
                place,
                "`getEnv` is refused: a recipe's own tests see nothing of the machine that runs them; use one of the given variables",
            ));
        }
        "newDate" => {
            return Err(Stop::new(
                place,
                "`newDate` is not known to cc-ci: a test that depends on the date is not the same each time; write the date",
            ));
        }
        _ => {}
    }
    if !cursor.starts_with("}}") {
        return Err(Stop::new(
            cursor.place(),
            "expected `}}` after the variable's name: only a name can stand between the braces",
        ));
    }
    cursor.skip(2);
    if !known.iter().any(|k| **k == name) {
        let names: Vec<_> = known.iter().map(|k| format!("`{k}`")).collect();
        return Err(Stop::new(
            at,
            format!(
                "the variable `{name}` is not set here: known are {}; capture it in an earlier answer, or set it with `variable: {name}=…` in [Options]",
                names.join(", ")
            ),
        ));
    }
    Ok(Part::Variable { name, place: at, form })
}

/// Reads characters, escapes and variables until `ends` says so; the end itself is left.
pub(super) fn template(
    cursor: &mut Cursor<'_>,
    mut ends: impl FnMut(char) -> bool,
) -> Result<Template, Stop> {
    let mut out = Template { parts: Vec::new(), place: Some(cursor.place()) };
    while let Some(c) = cursor.peek() {
        if ends(c) {
            break;
        }
        if cursor.starts_with("{{") {
            let part = placeholder(cursor, Form::Plain)?;
            out.parts.push(part);
        } else if c == '\\' {
            out.push(escape(cursor)?);
        } else {
            cursor.skip(1);
            out.push(c);
        }
    }
    Ok(out)
}

/// Reads `"…"`; the cursor stands on the quote.
pub(super) fn quoted(cursor: &mut Cursor<'_>, quote: char) -> Result<Template, Stop> {
    let place = cursor.place();
    cursor.skip(1);
    let mut out = template(cursor, |c| c == quote)?;
    if cursor.peek() != Some(quote) {
        return Err(Stop::new(place, format!("expected a closing `{quote}` on the same line")));
    }
    cursor.skip(1);
    out.place = Some(place);
    Ok(out)
}

/// Reads the rest of a line up to a comment, without blanks around it.
pub(super) fn unquoted(cursor: &mut Cursor<'_>) -> Result<Template, Stop> {
    cursor.blanks();
    let mut out = template(cursor, |c| c == '#')?;
    out.trim_end();
    Ok(out)
}

fn escape(cursor: &mut Cursor<'_>) -> Result<char, Stop> {
    let place = cursor.place();
    cursor.skip(1);
    let unknown = || {
        Stop::new(
            place,
            "an unknown escape: expected one of \\\\ \\# \\\" \\` \\/ \\b \\f \\n \\r \\t \\u{…}",
        )
    };
    let c = cursor.peek().ok_or_else(unknown)?;
    cursor.skip(1);
    Ok(match c {
        '\\' | '#' | '"' | '`' | '/' => c,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' if cursor.peek() == Some('{') => {
            cursor.skip(1);
            let digits = cursor.take_while(|c| c.is_ascii_hexdigit());
            let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
            let closed = cursor.peek() == Some('}');
            cursor.skip(1);
            code.filter(|_| closed).ok_or_else(unknown)?
        }
        _ => return Err(unknown()),
    })
}
