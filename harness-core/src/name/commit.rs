//! Git commits, always whole.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::text_newtype;

/// A full git commit id: 40 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Commit(String);

text_newtype!(Commit);

/// The text is not a full commit id.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a full commit id: expected 40 lower-case hexadecimal digits")]
pub struct InvalidCommit(String);

impl TryFrom<String> for Commit {
    type Error = InvalidCommit;

    fn try_from(text: String) -> Result<Self, InvalidCommit> {
        let fits = text.len() == 40
            && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if fits { Ok(Self(text)) } else { Err(InvalidCommit(text)) }
    }
}

impl Commit {
    /// Returns the first eight digits: what abra stamps into the chaos-version label.
    pub fn short(&self) -> &str {
        &self.0[..8]
    }

    /// Returns whether a chaos-version label names this commit. abra appends exactly `+U` when the tree was dirty.
    pub fn is_stamped_by(&self, label: &str) -> bool {
        let stamp = label.strip_suffix("+U").unwrap_or(label);
        stamp.len() >= 8 && self.0.starts_with(stamp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "eb96de94c0ffee00112233445566778899aabbcc";

    #[test]
    fn the_stamp_is_the_short_id_with_or_without_the_dirty_mark() {
        let commit = Commit::try_from(SHA.to_owned()).unwrap();
        assert!(commit.is_stamped_by("eb96de94"));
        assert!(commit.is_stamped_by("eb96de94+U"));
        assert!(!commit.is_stamped_by("eb96de94+U+U"));
        assert!(!commit.is_stamped_by("eb96de9"));
        assert!(!commit.is_stamped_by(""));
        assert!(!commit.is_stamped_by("aaaaaaaa"));
    }

    #[test]
    fn near_misses_are_refused() {
        for text in [
            "",
            "main",
            "eb96de94",
            &SHA.to_uppercase(),
            &format!("{SHA}0"),
            &SHA.replace('e', "g"),
        ] {
            assert!(Commit::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
