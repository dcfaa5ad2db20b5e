//! The values of variables, and templates with them filled in. Main types: [`Variables`], [`RenderError`].

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use thiserror::Error;

use super::template::{Form, Part, Template};

/// The longest text that variables may make, in bytes: a file that doubles a variable with each request ends here.
const LONGEST: usize = 1024 * 1024;

/// What cc-ci gives to every file.
const GIVEN: [&str; 5] = ["base_url", "domain", "password", "unique", "user"];

/// Returns whether a name is one that cc-ci gives.
pub(super) fn is_reserved(name: &str) -> bool {
    GIVEN.contains(&name) || ["getEnv", "newDate", "newUuid"].contains(&name)
}

/// The values of variables.
pub struct Variables<'a> {
    values: BTreeMap<String, Value>,
    new_uuid: &'a dyn Fn() -> String,
}

impl fmt::Debug for Variables<'_> {
    /// Names alone: a value may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// A template could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RenderError {
    /// A variable has no value: an earlier request did not capture it.
    #[error("the variable `{0}` has no value")]
    Unset(String),
    /// A variable's value is a list or an object.
    #[error(
        "the variable `{0}` is a list or an object, which has no form in text: capture one part of it"
    )]
    NotScalar(String),
    /// A variable stands where JSON wants a value and is a text.
    #[error(
        "the variable `{0}` is a text where a number, `true`, `false` or `null` is expected: put it in quotes"
    )]
    NotJson(String),
    /// The text is longer than is good for anybody.
    #[error("its variables make it longer than 1 MiB")]
    TooLong,
}

impl<'a> Variables<'a> {
    /// Returns no variables yet, with what makes the value of `{{newUuid}}`.
    pub fn new(new_uuid: &'a dyn Fn() -> String) -> Self {
        Self { values: BTreeMap::new(), new_uuid }
    }

    /// The variables that every file is given.
    pub const GIVEN: [&'static str; 5] = GIVEN;

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(name.to_owned(), value.into());
    }

    /// Returns a variable's value.
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// Fills a template in.
    ///
    /// # Errors
    /// A variable has no value, or none that can stand there, or the text gets too long.
    pub fn render(&self, template: &Template) -> Result<String, RenderError> {
        let mut text = String::new();
        for part in &template.parts {
            match part {
                Part::Text(plain) => text.push_str(plain),
                Part::NewUuid => text.push_str(&(self.new_uuid)()),
                Part::Variable { name, form, .. } => {
                    let value = self.get(name).ok_or_else(|| RenderError::Unset(name.clone()))?;
                    text.push_str(&filled(name, value, *form)?);
                }
            }
            if text.len() > LONGEST {
                return Err(RenderError::TooLong);
            }
        }
        Ok(text)
    }
}

fn filled(name: &str, value: &Value, form: Form) -> Result<String, RenderError> {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(_) | Value::Object(_) => return Err(RenderError::NotScalar(name.to_owned())),
    };
    match form {
        Form::Plain => Ok(plain),
        Form::InJsonString => {
            let quoted = Value::String(plain).to_string();
            Ok(quoted[1..quoted.len() - 1].to_owned())
        }
        Form::JsonValue => {
            let is_text = serde_json::from_str::<Value>(&plain).map_or(true, |v| {
                matches!(v, Value::String(_) | Value::Array(_) | Value::Object(_))
            });
            if is_text { Err(RenderError::NotJson(name.to_owned())) } else { Ok(plain) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::HurlFile;
    use super::*;

    fn body(text: &str, value: Value) -> Result<String, RenderError> {
        let file = format!("POST {{{{base_url}}}}\n{text}\nHTTP 200\n");
        let file = HurlFile::parse("t.hurl", &file, &["base_url", "v"]).unwrap();
        let uuid = || "u-u".to_owned();
        let mut variables = Variables::new(&uuid);
        variables.set("v", value);
        variables.render(&file.entries[0].body.as_ref().unwrap().text)
    }

    #[test]
    fn a_value_takes_the_form_that_its_place_wants() {
        assert_eq!(body("`a {{v}}`", "b".into()).unwrap(), "a b");
        assert_eq!(body("{\"a\": \"{{v}}\"}", "q\"\n".into()).unwrap(), "{\"a\": \"q\\\"\\n\"}");
        assert_eq!(body("{\"a\": {{v}}}", 7.into()).unwrap(), "{\"a\": 7}");
        assert_eq!(body("[{{v}}]", "true".into()).unwrap(), "[true]");
        assert_eq!(body("[{{v}}]", "x, 1".into()), Err(RenderError::NotJson("v".to_owned())));
        assert_eq!(
            body("`{{v}}`", Value::Array(vec![])),
            Err(RenderError::NotScalar("v".to_owned()))
        );
        assert_eq!(body("`{{newUuid}}`", Value::Null).unwrap(), "u-u");
    }

    #[test]
    fn doubling_ends_before_memory_does() {
        let value = "x".repeat(LONGEST / 2);
        assert_eq!(body("`{{v}}{{v}}{{v}}`", value.into()), Err(RenderError::TooLong));
    }
}
