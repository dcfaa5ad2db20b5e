//! Recipe versions: `<recipe semver>+<upstream version>`, the upstream half being free text.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A recipe's version, as its git tag says it.
///
/// Ordered by the recipe's own half (SemVer precedence), then by the upstream half with digit runs compared as
/// numbers, then by text: one order for everyone. The upstream half need not be SemVer (`1.0.6-social-amd64`,
/// `3.14_alpine`), so it is kept as text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    recipe: semver::Version,
    upstream: String,
}

/// The text is not a recipe version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "`{text}` is not a recipe version: expected `<semver>+<upstream version>`, for example `1.2.0+6.44.1`: {problem}"
)]
pub struct InvalidVersion {
    text: String,
    problem: String,
}

impl TryFrom<String> for Version {
    type Error = InvalidVersion;

    fn try_from(text: String) -> Result<Self, InvalidVersion> {
        let invalid =
            |problem: &str| InvalidVersion { text: text.clone(), problem: problem.to_owned() };
        let (own, upstream) = text.split_once('+').ok_or_else(|| invalid("there is no `+`"))?;
        let recipe = semver::Version::parse(own).map_err(|e| invalid(&e.to_string()))?;
        let plain = |c: char| c.is_ascii_graphic() && !"~^:?*[\\".contains(c);
        if upstream.is_empty() || !upstream.chars().all(plain) {
            return Err(invalid("the upstream half is empty or cannot stand in a git tag"));
        }
        Ok(Self { recipe, upstream: upstream.to_owned() })
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}+{}", self.recipe, self.upstream)
    }
}

impl Version {
    /// Returns the recipe's own half.
    pub const fn recipe(&self) -> &semver::Version {
        &self.recipe
    }

    /// Returns the upstream half.
    pub fn upstream(&self) -> &str {
        &self.upstream
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.recipe
            .cmp_precedence(&other.recipe)
            .then_with(|| chunks(&self.upstream).cmp(chunks(&other.upstream)))
            .then_with(|| self.upstream.cmp(&other.upstream))
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Chunk<'a> {
    Text(&'a str),
    // A run of digits without leading zeros, compared by length first: any number of digits compares as a number.
    Number(usize, &'a str),
}

fn chunks(text: &str) -> impl Iterator<Item = Chunk<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let digits = first.is_ascii_digit();
        let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
        let (chunk, tail) = rest.split_at(end);
        rest = tail;
        let number = chunk.trim_start_matches('0');
        Some(if digits { Chunk::Number(number.len(), number) } else { Chunk::Text(chunk) })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn version(text: &str) -> Version {
        Version::try_from(text.to_owned()).unwrap()
    }

    #[rstest]
    #[case("1.0.0+1.9.0", "1.0.0+1.10.0")]
    #[case("1.9.0+2", "1.10.0+1")]
    #[case("0.1.1+3.13_alpine", "0.1.1+3.14_alpine")]
    #[case("2.0.0+1.0.5-social-amd64", "2.0.1+1.0.6-social-amd64")]
    #[case("1.0.0+v1.6.9", "1.0.0+v1.6.870-0")]
    #[case("1.2.0-rc1+1.27.0", "1.2.0+1.27.0")]
    #[case("1.0.0+24.04.9", "1.0.0+24.04.12.1.1")]
    fn older_is_less(#[case] older: &str, #[case] newer: &str) {
        assert!(version(older) < version(newer));
    }

    #[test]
    fn near_misses_are_refused() {
        for text in
            ["", "1.0.0", "1.0+1", "v1.0.0+1", "1.0.0+", "main", "1.0.0+a b", "1.0.0+a:b", "next+1"]
        {
            assert!(Version::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read_back(text in "[0-9]{1,3}\\.[0-9]{1,3}\\.[1-9][0-9]?\\+[a-z0-9._-]{1,12}") {
            if let Ok(version) = Version::try_from(text.clone()) {
                prop_assert_eq!(Version::try_from(version.to_string()).unwrap(), version);
            }
        }

        #[test]
        fn the_order_is_total(a in "[0-9]\\.[0-9]\\.[0-9]\\+[0-9a.]{1,6}", b in "[0-9]\\.[0-9]\\.[0-9]\\+[0-9a.]{1,6}") {
            let (a, b) = (version(&a), version(&b));
            prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
            prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        }
    }
}
