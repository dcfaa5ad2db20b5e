//! Names of recipes.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::text_newtype;

/// A recipe's name: also the folder of its checkout, so nothing that a path could mean.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RecipeName(String);

text_newtype!(RecipeName);

/// The text is not a recipe's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a recipe name: expected lower-case letters, digits, `-` and `_`, beginning with a letter or digit, up to 64 characters"
)]
pub struct InvalidRecipeName(String);

impl TryFrom<String> for RecipeName {
    type Error = InvalidRecipeName;

    fn try_from(text: String) -> Result<Self, InvalidRecipeName> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let begins =
            text.as_bytes().first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if begins && text.len() <= 64 && text.bytes().all(plain) {
            Ok(Self(text))
        } else {
            Err(InvalidRecipeName(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn near_misses_are_refused() {
        for text in ["", "-a", "../etc", "a/b", "Ghost", "a b", "a.b", &"a".repeat(65)] {
            assert!(RecipeName::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(text in "[a-z0-9][a-z0-9_-]{0,63}") {
            prop_assert_eq!(RecipeName::try_from(text.clone()).unwrap().to_string(), text);
        }
    }
}
