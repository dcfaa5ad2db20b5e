//! Which release is deployed first, so that the upgrade is real.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::name::{Commit, Version};
use crate::platform::Revision;

/// What the choice is made from.
#[derive(Clone, Debug)]
pub struct Base<'a> {
    /// The commit under test.
    pub head: &'a Revision,
    /// Every release: its version and the commit that its tag leads to, however the tag was made.
    pub releases: &'a [(Version, Commit)],
    /// The tip of the default branch.
    pub default_branch: Option<&'a Commit>,
    /// The suite's own choice (`[upgrade] base`).
    pub asked: Option<&'a Version>,
    /// The release that was last seen to pass, where one is kept.
    pub last_green: Option<&'a Version>,
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq, Error, Deserialize, Serialize)]
pub enum NoBase {
    /// The suite names a release that does not exist.
    #[error("`[upgrade] base` names {0}, and the recipe has no such release")]
    NoSuchRelease(Version),
    /// There is nothing older than head, and the default branch is head or later.
    #[error("there is no release older than head and no other predecessor")]
    NoPredecessor,
}

/// Chooses the base and says why. The first of these that there is:
///
/// 1. the suite's own choice, if it is older than head;
/// 2. the release that was last seen to pass, if it is older than head;
/// 3. the newest release that is older than head: by its version, and never head's own commit;
/// 4. the tip of the default branch, unless that is head or must be later than head;
/// 5. the newest release, if head's version cannot be read.
///
/// A choice that is head, or later, is stepped back from: an upgrade to an older version proves nothing.
///
/// # Errors
/// There is none.
pub fn choose_base(base: &Base<'_>) -> Result<(Revision, String), NoBase> {
    let mut stepped_back = String::new();
    if let Some(asked) = base.asked {
        let found = base.release(asked).ok_or_else(|| NoBase::NoSuchRelease(asked.clone()))?;
        if base.is_before_head(found) {
            return Ok((revision(found), "named by `[upgrade] base`".to_owned()));
        }
        stepped_back = format!(" (`[upgrade] base` names {asked}, which is not older)");
    } else if let Some(found) = base.last_green.and_then(|green| base.release(green)) {
        if base.is_before_head(found) {
            return Ok((revision(found), "the release that last passed".to_owned()));
        }
        stepped_back = format!(" ({}, which last passed, is not older)", found.0);
    }
    let (found, why) = base.predecessor().ok_or(NoBase::NoPredecessor)?;
    Ok((found, format!("{why}{stepped_back}")))
}

type Release = (Version, Commit);

fn revision((version, commit): &Release) -> Revision {
    Revision { commit: commit.clone(), version: Some(version.clone()) }
}

impl Base<'_> {
    fn release(&self, version: &Version) -> Option<&Release> {
        self.releases.iter().find(|(v, _)| v == version)
    }

    /// Returns whether a release may be upgraded from. Of a head whose version cannot be read only the commit is known.
    fn is_before_head(&self, (version, commit): &Release) -> bool {
        *commit != self.head.commit && self.head.version.as_ref().is_none_or(|head| version < head)
    }

    fn predecessor(&self) -> Option<(Revision, String)> {
        let newest = self.releases.iter().filter(|release| self.is_before_head(release)).max();
        let Some(head) = &self.head.version else {
            let why = "head's version cannot be read";
            let tip = self.tip().map(|tip| (tip, format!("the tip of the default branch: {why}")));
            // Head may be the tip: that must not switch the upgrade off.
            return tip
                .or_else(|| newest.map(|r| (revision(r), format!("the newest release: {why}"))));
        };
        if let Some(found) = newest {
            return Some((revision(found), format!("the newest release older than {head}")));
        }
        // A branch that has newer releases, or the release that is head, has moved on since.
        let moved_on = |(version, commit): &Release| version > head || *commit == self.head.commit;
        if self.releases.iter().any(moved_on) {
            return None;
        }
        let tip = self.tip()?;
        Some((tip, "the tip of the default branch: no release is older than head".to_owned()))
    }

    /// Returns the tip of the default branch, by its release if it is one; `None` if it is head.
    fn tip(&self) -> Option<Revision> {
        let tip = self.default_branch.filter(|tip| **tip != self.head.commit)?;
        let version = self.releases.iter().find(|(_, c)| c == tip).map(|(v, _)| v.clone());
        Some(Revision { commit: tip.clone(), version })
    }
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
