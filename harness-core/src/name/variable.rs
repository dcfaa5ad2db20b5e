//! Names of an app's variables.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::text_newtype;

/// The name of a variable in an app's env file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

text_newtype!(VariableName);

/// The text is no name of a variable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is no name of a variable: expected letters, digits and `_`, not beginning with a digit"
)]
pub struct InvalidVariableName(String);

impl TryFrom<String> for VariableName {
    type Error = InvalidVariableName;

    fn try_from(text: String) -> Result<Self, InvalidVariableName> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        let fits = !text.is_empty()
            && !text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(plain);
        if fits { Ok(Self(text)) } else { Err(InvalidVariableName(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_refused() {
        for text in ["", "1A", "A-B", "A B", "A=B", "$A", "Ä"] {
            assert!(VariableName::try_from(text.to_owned()).is_err(), "{text}");
        }
        for text in ["A", "_a1", "database__client", "COMPOSE_FILE"] {
            assert!(VariableName::try_from(text.to_owned()).is_ok(), "{text}");
        }
    }
}
