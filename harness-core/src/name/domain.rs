//! Host names of apps.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::{RecipeName, text_newtype};

/// A host name in lower case, at least two labels, no trailing dot.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Domain(String);

text_newtype!(Domain);

/// The text is not a host name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{0}` is not a host name: expected two or more labels of lower-case letters, digits and `-`, each up to 63 characters"
)]
pub struct InvalidDomain(String);

impl TryFrom<String> for Domain {
    type Error = InvalidDomain;

    fn try_from(text: String) -> Result<Self, InvalidDomain> {
        let label = |l: &str| {
            let plain =
                l.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            plain && (1..=63).contains(&l.len()) && !l.starts_with('-') && !l.ends_with('-')
        };
        let fits = text.len() <= 253 && text.contains('.') && text.split('.').all(label);
        if fits { Ok(Self(text)) } else { Err(InvalidDomain(text)) }
    }
}

impl Domain {
    /// Returns the domain of a run: up to four letters of the recipe and six digits of a hash of what is tested,
    /// below the server's suffix. Short, because secrets and configs carry it and may have 64 characters.
    ///
    /// # Errors
    /// The suffix is not a host name.
    pub fn for_run(recipe: &RecipeName, tested: &str, suffix: &str) -> Result<Self, InvalidDomain> {
        let digest = Sha256::digest(format!("{recipe}|{tested}"));
        let short: String =
            recipe.as_str().chars().filter(char::is_ascii_alphanumeric).take(4).collect();
        Self::try_from(format!(
            "{short}-{:02x}{:02x}{:02x}.{suffix}",
            digest[0], digest[1], digest[2]
        ))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_domain_is_short_and_stable() {
        let recipe = RecipeName::try_from("custom-html".to_owned()).unwrap();
        let a = Domain::for_run(&recipe, "|0|eb96de94", "ci.example.org").unwrap();
        assert_eq!(a, Domain::for_run(&recipe, "|0|eb96de94", "ci.example.org").unwrap());
        assert_ne!(a, Domain::for_run(&recipe, "|1|eb96de94", "ci.example.org").unwrap());
        assert!(
            a.as_str().starts_with("cust-")
                && a.as_str().len() == "cust-123456.ci.example.org".len()
        );
    }

    #[test]
    fn near_misses_are_refused() {
        for text in [
            "",
            "localhost",
            "a..b",
            ".a.b",
            "a.b.",
            "A.b",
            "-a.b",
            "a-.b",
            "a_b.c",
            "a b.c",
            "a/b.c",
        ] {
            assert!(Domain::try_from(text.to_owned()).is_err(), "{text}");
        }
        assert!(Domain::try_from(format!("{}.b", "a".repeat(64))).is_err());
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(text in "[a-z0-9]{1,8}(\\.[a-z0-9]{1,8}){1,3}") {
            let domain = Domain::try_from(text.clone()).unwrap();
            prop_assert_eq!(domain.to_string(), text);
        }
    }
}
