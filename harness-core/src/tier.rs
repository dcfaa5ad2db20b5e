//! Tiers, their statuses, and the rungs that they make. Main types: [`Tier`], [`Status`], [`Rung`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A stage of a run, in the order in which they are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The first deploy.
    Install,
    /// The redeploy of head over base.
    Upgrade,
    /// The backup.
    Backup,
    /// The restore.
    Restore,
    /// What the suite alone asks.
    Custom,
    /// The restore after everything that the app had was destroyed.
    Disaster,
}

impl Tier {
    /// Every tier, in order.
    pub const ALL: [Self; 6] =
        [Self::Install, Self::Upgrade, Self::Backup, Self::Restore, Self::Custom, Self::Disaster];

    /// Those that are done where nobody says otherwise: the disaster takes one more deploy.
    pub const USUAL: [Self; 5] =
        [Self::Install, Self::Upgrade, Self::Backup, Self::Restore, Self::Custom];

    /// Returns the word that reports, settings and trial names use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::Custom => "custom",
            Self::Disaster => "disaster",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The text is no tier.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no tier: expected install, upgrade, backup, restore, custom or disaster")]
pub struct InvalidTier(String);

impl FromStr for Tier {
    type Err = InvalidTier;

    fn from_str(text: &str) -> Result<Self, InvalidTier> {
        Self::ALL.into_iter().find(|t| t.word() == text).ok_or_else(|| InvalidTier(text.to_owned()))
    }
}

/// How a tier, a rung or a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It was done and is right.
    Pass,
    /// It was done and is wrong.
    Fail,
    /// It was not done, on purpose; a reason is given.
    Skip,
    /// It should have been done and was not.
    Unver,
}

impl Status {
    /// Returns the word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Skip => "skip",
            Self::Unver => "unver",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// A step of the ladder that levels are read from, lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rung {
    /// The install tier.
    Install,
    /// The upgrade tier.
    Upgrade,
    /// The backup and restore tiers together, and the disaster tier where it is asked for.
    BackupRestore,
    /// The custom tier.
    Functional,
    /// The recipe's lint.
    Lint,
}

impl Rung {
    /// Every rung, lowest first.
    pub const ALL: [Self; 5] =
        [Self::Install, Self::Upgrade, Self::BackupRestore, Self::Functional, Self::Lint];

    /// Returns the word that reports and settings use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::BackupRestore => "backup_restore",
            Self::Functional => "functional",
            Self::Lint => "lint",
        }
    }
}

impl fmt::Display for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiers_statuses_and_rungs_are_the_same_word_everywhere() {
        for tier in Tier::ALL {
            assert_eq!(serde_json::to_value(tier).unwrap(), tier.word());
            assert_eq!(tier.word().parse(), Ok(tier));
            assert_eq!(format!("{tier:>9}").trim_start(), tier.word());
        }
        for status in [Status::Pass, Status::Fail, Status::Skip, Status::Unver] {
            assert_eq!(serde_json::to_value(status).unwrap(), status.word());
            assert_eq!(status.to_string(), status.word());
        }
        for rung in Rung::ALL {
            assert_eq!(serde_json::to_value(rung).unwrap(), rung.word());
            assert_eq!(rung.to_string(), rung.word());
        }
        assert!("deploy".parse::<Tier>().is_err());
        assert!("".parse::<Tier>().is_err());
    }
}
