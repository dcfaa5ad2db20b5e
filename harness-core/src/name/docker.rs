//! Names in Swarm: the stack, its services, and the 64 characters that secrets and configs may have.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Domain, text_newtype};

/// The longest name that Swarm takes for a secret or a config.
pub const MAX_SWARM_NAME: usize = 64;

/// Where abra cuts a stack name.
const STACK_CUT: usize = 45;

/// A Swarm stack: the app's domain with `.` as `_`, cut to 45 characters as abra cuts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct StackName(String);

text_newtype!(StackName);

impl From<&Domain> for StackName {
    fn from(domain: &Domain) -> Self {
        let mut name = domain.as_str().replace('.', "_");
        name.truncate(STACK_CUT);
        Self(name)
    }
}

impl TryFrom<String> for StackName {
    type Error = InvalidSwarmName;

    fn try_from(text: String) -> Result<Self, InvalidSwarmName> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if text.is_empty() || text.len() > MAX_SWARM_NAME || !text.bytes().all(plain) {
            return Err(InvalidSwarmName::Shape { name: text });
        }
        Ok(Self(text))
    }
}

/// A service as the compose file calls it, without the stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

text_newtype!(ServiceName);

impl TryFrom<String> for ServiceName {
    type Error = InvalidSwarmName;

    fn try_from(text: String) -> Result<Self, InvalidSwarmName> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.';
        let fits = text.bytes().all(plain)
            && text.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric);
        if fits { Ok(Self(text)) } else { Err(InvalidSwarmName::Shape { name: text }) }
    }
}

/// A name that Swarm or abra would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum InvalidSwarmName {
    /// It has characters that no such name has, or none.
    #[error("`{name}` is not a Swarm name: expected letters, digits, `-` and `_`")]
    Shape {
        /// The text.
        name: String,
    },
    /// A secret's or config's full name has over 64 characters.
    #[error("`{name}` has {length} characters, and Swarm takes at most {MAX_SWARM_NAME}: use a domain that is {} shorter", length - MAX_SWARM_NAME)]
    TooLong {
        /// The full name.
        name: String,
        /// Its length.
        length: usize,
    },
}

/// Returns `<stack>_<name>_<version>`, the name of a secret or config.
///
/// # Errors
/// It would have over 64 characters.
pub fn swarm_name(
    stack: &StackName,
    name: &str,
    version: impl fmt::Display,
) -> Result<String, InvalidSwarmName> {
    let full = format!("{stack}_{name}_{version}");
    let length = full.len();
    if length > MAX_SWARM_NAME {
        Err(InvalidSwarmName::TooLong { name: full, length })
    } else {
        Ok(full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stack(domain: &str) -> StackName {
        StackName::from(&Domain::try_from(domain.to_owned()).unwrap())
    }

    #[test]
    fn hyphens_stay_and_dots_become_underscores() {
        assert_eq!(stack("cust-1a2b3c.ci.example.org").as_str(), "cust-1a2b3c_ci_example_org");
    }

    #[test]
    fn a_long_domain_is_cut_to_45() {
        assert_eq!(stack(&format!("{}.example.org", "a".repeat(60))).as_str().len(), 45);
    }

    #[test]
    fn sixty_four_fit_and_sixty_five_do_not() {
        let stack = stack(&format!("{}.org", "a".repeat(36)));
        assert_eq!(stack.as_str().len(), 40);
        assert_eq!(swarm_name(&stack, &"n".repeat(20), "v1").unwrap().len(), 64);
        let error = swarm_name(&stack, &"n".repeat(21), "v1").unwrap_err();
        assert!(error.to_string().contains("1 shorter"), "{error}");
    }
}
