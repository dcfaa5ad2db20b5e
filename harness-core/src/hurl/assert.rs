//! What must hold of an answer, and what is kept of it. Main types: [`Assert`], [`Capture`], [`Mismatch`].

use serde_json::Value;

use super::cursor::{Cursor, Stop};
use super::filter::{Filter, filters};
use super::place::Place;
use super::predicate::{Predicate, holds, predicate};
use super::query::{Exchange, Query, query};
use super::variables::{Variables, is_reserved};

/// The longest value that is kept, in bytes.
const LONGEST_VALUE: usize = 64 * 1024;

/// Something that must hold of an answer.
#[derive(Clone, Debug)]
pub struct Assert {
    /// Where it stands.
    pub place: Place,
    /// Its line.
    pub text: String,
    query: Query,
    filters: Vec<Filter>,
    is_opposite: bool,
    predicate: Predicate,
}

/// Something that is kept of an answer, for later requests.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Where it stands.
    pub place: Place,
    /// The variable that keeps it.
    pub name: String,
    /// Whether it must appear in no artefact.
    pub is_secret: bool,
    query: Query,
    filters: Vec<Filter>,
}

/// What does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What was expected.
    pub expected: String,
    /// What was there instead.
    pub seen: String,
}

/// Reads an assert.
pub(super) fn assert(cursor: &mut Cursor<'_>) -> Result<Assert, Stop> {
    let place = cursor.place();
    let text = super::shown(cursor.rest().trim());
    let query = query(cursor)?;
    let filters = filters(cursor)?;
    cursor.blanks();
    let is_opposite = cursor.keyword("not");
    let predicate = predicate(cursor)?;
    cursor.end()?;
    Ok(Assert { place, text, query, filters, is_opposite, predicate })
}

/// Reads a capture.
pub(super) fn capture(cursor: &mut Cursor<'_>) -> Result<Capture, Stop> {
    let place = cursor.place();
    let name = cursor.take_while(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    cursor.blanks();
    if name.is_empty() || cursor.peek() != Some(':') {
        return Err(Stop::new(
            place,
            "expected `name: query` here, such as `id: jsonpath \"$.id\"`; a name is letters, digits, `_` and `-`",
        ));
    }
    if is_reserved(&name) {
        return Err(Stop::new(place, format!("`{name}` is given by cc-ci: choose another name")));
    }
    cursor.skip(1);
    cursor.blanks();
    let query = query(cursor)?;
    let filters = filters(cursor)?;
    cursor.blanks();
    let is_secret = cursor.keyword("redact");
    cursor.end()?;
    Ok(Capture { place, name, is_secret, query, filters })
}

fn value(
    query: &Query,
    filters: &[Filter],
    exchange: Exchange<'_>,
    variables: &Variables<'_>,
) -> Result<Option<Value>, String> {
    let mut value = query.ask(exchange, variables)?;
    for filter in filters {
        value = match value {
            Some(value) => filter.apply(&value, variables)?,
            None => return Ok(None),
        };
    }
    Ok(value)
}

impl Assert {
    /// Decides whether it holds of an answer.
    ///
    /// # Errors
    /// It does not, or cannot be asked of such an answer: neither it nor its opposite holds then.
    pub fn judge(&self, exchange: Exchange<'_>, variables: &Variables<'_>) -> Result<(), Mismatch> {
        let seen = |seen: String| Mismatch { expected: format!("`{}`", self.text), seen };
        let value = value(&self.query, &self.filters, exchange, variables).map_err(seen)?;
        let shown = || match &value {
            Some(Value::String(text)) => format!("\"{}\"", super::shown(text)),
            Some(value) => super::shown(&value.to_string()),
            None => "nothing".to_owned(),
        };
        match holds(&self.predicate, value.as_ref(), variables) {
            Ok((fits, _)) if fits != self.is_opposite => Ok(()),
            Ok((_, expected)) => {
                let not = if self.is_opposite { "not " } else { "" };
                Err(Mismatch {
                    expected: format!("`{}`: {not}{expected}", self.text),
                    seen: shown(),
                })
            }
            Err(why) => Err(seen(format!("{}; {why}", shown()))),
        }
    }
}

impl Capture {
    /// Returns what it keeps of an answer.
    ///
    /// # Errors
    /// There is nothing, or too much.
    pub fn take(
        &self,
        exchange: Exchange<'_>,
        variables: &Variables<'_>,
    ) -> Result<Value, Mismatch> {
        let expected = format!("a value to keep as `{}`", self.name);
        let wrong = |seen: String| Mismatch { expected: expected.clone(), seen };
        let value = value(&self.query, &self.filters, exchange, variables).map_err(wrong)?;
        let value = value.ok_or_else(|| wrong("nothing".to_owned()))?;
        let length = value.to_string().len();
        if length > LONGEST_VALUE {
            return Err(wrong(format!("{length} bytes, and at most {LONGEST_VALUE} are kept")));
        }
        Ok(value)
    }
}
