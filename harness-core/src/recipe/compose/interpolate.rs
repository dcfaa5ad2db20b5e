//! Variables in a compose file's values. Keys are not touched, as Docker leaves them.

use super::error::ComposeError;
use super::node::{Node, Place, Value};
use crate::recipe::dollar::{Dialect, expand};

/// Replaces the variables in every value below `path`. One that is not set is empty.
pub(super) fn interpolate(
    node: &mut Node,
    path: &str,
    vars: &[(String, String)],
) -> Result<(), ComposeError> {
    let place = node.place.clone();
    match &mut node.value {
        Value::Text(text) if text.contains('$') => {
            let lookup =
                |name: &str| vars.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.clone());
            *text = expand(text, Dialect::Compose, &lookup).map_err(|bad| {
                let Place { file, line, column } = place;
                ComposeError::Variable {
                    file: file.to_string(),
                    line,
                    column,
                    path: path.to_owned(),
                    text: bad.0,
                }
            })?;
        }
        Value::List(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                interpolate(item, &format!("{path}[{at}]"), vars)?;
            }
        }
        Value::Map(pairs) => {
            for (key, value) in pairs {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                interpolate(value, &below, vars)?;
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
    Ok(())
}
