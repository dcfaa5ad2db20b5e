//! Names of realms that are made for a test: tied to the app that they are made for. Main type: [`RealmName`].

use std::fmt;

use harness_core::name::Domain;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// How many characters of the app's own name are kept.
const KEPT: usize = 20;

/// How many hexadecimal digits stand for the app's domain.
const DIGITS: usize = 6;

/// The name of a realm that was made for an app: `<word>-<six hexadecimal digits>`, from the app's domain and nothing
/// else, so that two apps have two realms and one app always has the same. No realm that people make is called so by
/// chance, and `master` cannot be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct RealmName(String);

/// The text is no name of a realm that was made for an app.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no realm of a test: expected `<word>-<six hexadecimal digits>`")]
pub struct InvalidRealmName(String);

impl RealmName {
    /// Returns the name of an app's realm.
    pub fn for_app(domain: &Domain) -> Self {
        let label = domain.as_str().split('.').next().unwrap_or_default();
        // The domain of a run ends in digits of its own, which say nothing to a reader of a list of realms.
        let word = match label.rsplit_once('-') {
            Some((word, digits)) if are_digits(digits) => word,
            _ => label,
        };
        let word: String = word.chars().take(KEPT).collect();
        let digest = Sha256::digest(domain.as_str());
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Self(format!("{}-{}", word.trim_end_matches('-'), &digits[..DIGITS]))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RealmName {
    type Error = InvalidRealmName;

    fn try_from(text: String) -> Result<Self, InvalidRealmName> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let fits = text.rsplit_once('-').is_some_and(|(word, digits)| {
            (1..=KEPT).contains(&word.len())
                && word.bytes().all(plain)
                && !word.starts_with('-')
                && are_digits(digits)
        });
        if fits { Ok(Self(text)) } else { Err(InvalidRealmName(text)) }
    }
}

fn are_digits(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

impl From<RealmName> for String {
    fn from(name: RealmName) -> Self {
        name.0
    }
}

impl fmt::Display for RealmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn a_realm_is_called_after_its_app_and_no_other() {
        let one = RealmName::for_app(&domain("gite-a1b2c3.ci.example.org"));
        assert!(one.as_str().starts_with("gite-") && one.as_str().len() == 11, "{one}");
        assert_eq!(one, RealmName::for_app(&domain("gite-a1b2c3.ci.example.org")));
        assert_ne!(one, RealmName::for_app(&domain("gite-a1b2c3.ci.example.com")));
        assert_ne!(one, RealmName::for_app(&domain("gite-a1b2c4.ci.example.org")));
        let plain = RealmName::for_app(&domain("git.example.org"));
        assert!(plain.as_str().starts_with("git-"), "{plain}");
    }

    #[test]
    fn what_people_call_their_realms_is_refused() {
        for text in [
            "master",
            "master-",
            "-a1b2c3",
            "team",
            "team-a1b2c",
            "team-a1b2c3d",
            "team-A1B2C3",
            "Team-a1b2c3",
            "te am-a1b2c3",
            "../x-a1b2c3",
            "",
        ] {
            assert!(RealmName::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_is_read_back(label in "[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?") {
            let name = RealmName::for_app(&domain(&format!("{label}.example.org")));
            prop_assert_eq!(RealmName::try_from(name.to_string()).unwrap(), name);
        }
    }
}
