//! `abra --version`, and the oldest abra that this driver knows how to drive.

use std::time::Duration;

use thiserror::Error;

use super::driver::Abra;
use super::error::AbraError;

/// The oldest supported version: the first with flags in any order and versions pinned in env files.
pub const LOWEST: (u64, u64) = (0, 10);

/// An abra's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbraVersion {
    /// What it printed, one line.
    pub text: String,
    /// Its major and minor number.
    pub number: (u64, u64),
    /// Whether it says that it is a stand-in.
    pub is_stand_in: bool,
}

/// The abra cannot be driven.
#[derive(Debug, Error)]
pub enum VersionError {
    /// There is none.
    #[error("there is no abra at `{exe}`: install abra {}.{} or later, or name one", LOWEST.0, LOWEST.1)]
    Missing {
        /// Where it was looked for.
        exe: String,
        /// What the system said.
        source: AbraError,
    },
    /// It is too old.
    #[error("abra {found} is too old: expected {}.{} or later; upgrade it with `abra upgrade`", LOWEST.0, LOWEST.1)]
    TooOld {
        /// What it printed.
        found: String,
    },
    /// It did not say its version.
    #[error("`abra --version` did not say a version: expected `abra version 0.13.0-…`")]
    Unreadable(#[source] AbraError),
}

impl Abra {
    /// Asks for the version and refuses one that is too old.
    ///
    /// # Errors
    /// There is no abra, it is too old, or it does not say its version.
    pub async fn check_version(&self) -> Result<AbraVersion, VersionError> {
        let version = self.version().await.map_err(|error| match &error {
            AbraError::NotStarted { source, .. } if source.is_not_found() => {
                let exe = self.cmd(&[], Duration::ZERO).to_string();
                VersionError::Missing { exe, source: error }
            }
            AbraError::NotStarted { .. }
            | AbraError::Hung { .. }
            | AbraError::Fatal { .. }
            | AbraError::Unreadable { .. }
            | AbraError::Io { .. } => VersionError::Unreadable(error),
        })?;
        if version.number < LOWEST {
            return Err(VersionError::TooOld { found: version.text });
        }
        Ok(version)
    }

    async fn version(&self) -> Result<AbraVersion, AbraError> {
        let output = self.run("--version", &["--version"], Duration::from_secs(10)).await?;
        parse_version(&output.stdout).ok_or_else(|| AbraError::Unreadable {
            verb: "--version",
            expected: "`abra version <major>.<minor>.<patch>`",
            seen: output.last_lines(1),
        })
    }
}

/// Reads `abra version 0.13.0-beta-06a57de`.
pub fn parse_version(output: &str) -> Option<AbraVersion> {
    let line = output.lines().map(str::trim).find(|l| l.contains("version"))?;
    let word = line.split_whitespace().find(|w| w.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = word.split(['.', '-']);
    let mut number = || parts.next()?.parse().ok();
    let number = (number()?, number()?);
    Some(AbraVersion { text: word.to_owned(), number, is_stand_in: line.contains("stand-in") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_real_one_and_the_stand_in_are_told_apart() {
        let real = parse_version("abra version 0.13.0-beta-06a57de\n").unwrap();
        assert_eq!((real.number, real.is_stand_in), ((0, 13), false));
        let ours =
            parse_version(include_str!("../../fixtures/abra/0.13.0-beta-stand-in/version.txt"))
                .unwrap();
        assert_eq!((ours.number, ours.is_stand_in), ((0, 13), true));
        assert_eq!(parse_version("abra version next\n"), None);
    }

    #[test]
    fn nine_is_older_than_ten() {
        assert!(parse_version("abra version 0.9.0-beta\n").unwrap().number < LOWEST);
        assert!(parse_version("abra version 1.0.0\n").unwrap().number > LOWEST);
    }
}
