//! Names of runs.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::text_newtype;

/// A run's name: its folder, and the mark that everything it creates carries.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

text_newtype!(RunId);

/// The text is not a run's name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a run id: expected letters, digits, `-` and `_`, up to 64 characters")]
pub struct InvalidRunId(String);

impl TryFrom<String> for RunId {
    type Error = InvalidRunId;

    fn try_from(text: String) -> Result<Self, InvalidRunId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        let fits =
            (1..=64).contains(&text.len()) && text.bytes().all(plain) && !text.starts_with('-');
        if fits { Ok(Self(text)) } else { Err(InvalidRunId(text)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_no_run_id() {
        for text in ["", "..", "a/b", "-x", "a b", &"a".repeat(65)] {
            assert!(RunId::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(RunId::try_from("20261121-141500-ab12".to_owned()).is_ok());
    }
}
