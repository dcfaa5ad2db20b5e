//! Which version a command is about.

use harness_core::name::{Commit, Version};
use thiserror::Error;

/// What is known when a version has to be chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish<'a> {
    /// The version on the command line.
    pub(super) asked: Option<&'a str>,
    /// The version in the app's settings.
    pub(super) pinned: Option<&'a str>,
    /// The version that runs, when deploying over it is forced.
    pub(super) deployed: Option<&'a str>,
    /// Whether the newest release is wanted whatever the settings say.
    pub(super) latest: bool,
}

/// What is to be checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// A tag or a commit, as it was written.
    Named(String),
    /// The newest release.
    Release(Version),
    /// The commit that is checked out: the recipe has no release.
    Commit(Commit),
}

impl Choice {
    /// Returns what is written to the settings and labels.
    pub(super) fn text(&self) -> String {
        match self {
            Self::Named(name) => name.clone(),
            Self::Release(version) => version.to_string(),
            Self::Commit(commit) => commit.short().to_owned(),
        }
    }
}

/// Why no version can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ChooseError {
    /// The settings name a dirty tree, which nobody can check out again.
    #[error(
        "cannot redeploy chaos version ({pinned}): it had uncommitted changes, use --chaos to override"
    )]
    Dirty {
        /// The pinned version.
        pinned: String,
    },
}

/// Chooses the version: what was asked for, else the pin, else what runs, else the newest release, else the commit.
///
/// # Errors
/// The pin names a dirty tree.
pub(super) fn choose(
    wish: &Wish<'_>,
    newest: Option<&Version>,
    head: &Commit,
) -> Result<Choice, ChooseError> {
    if let Some(asked) = wish.asked {
        return Ok(Choice::Named(asked.to_owned()));
    }
    if !wish.latest {
        if let Some(pinned) = wish.pinned {
            if pinned.ends_with("+U") {
                return Err(ChooseError::Dirty { pinned: pinned.to_owned() });
            }
            return Ok(Choice::Named(pinned.to_owned()));
        }
        if let Some(deployed) = wish.deployed {
            return Ok(Choice::Named(deployed.to_owned()));
        }
    }
    Ok(newest
        .map_or_else(|| Choice::Commit(head.clone()), |version| Choice::Release(version.clone())))
}

/// Returns the stamp of a chaos deploy: eight digits of the commit, and `+U` when the tree is dirty.
pub(super) fn chaos_version(head: &Commit, dirty: bool) -> String {
    format!("{}{}", head.short(), if dirty { "+U" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Commit {
        Commit::try_from("eb96de94c0ffee00112233445566778899aabbcc".to_owned()).unwrap()
    }

    fn text(wish: &Wish<'_>, newest: Option<&str>) -> String {
        let newest = newest.map(|v| Version::try_from(v.to_owned()).unwrap());
        choose(wish, newest.as_ref(), &head()).unwrap().text()
    }

    #[test]
    fn what_was_asked_wins_then_the_pin_then_what_runs_then_the_newest() {
        let all = Wish {
            asked: Some("1.0.0+1"),
            pinned: Some("2.0.0+1"),
            deployed: Some("3.0.0+1"),
            latest: false,
        };
        assert_eq!(text(&all, Some("4.0.0+1")), "1.0.0+1");
        assert_eq!(text(&Wish { asked: None, ..all.clone() }, Some("4.0.0+1")), "2.0.0+1");
        assert_eq!(
            text(&Wish { asked: None, pinned: None, ..all.clone() }, Some("4.0.0+1")),
            "3.0.0+1"
        );
        assert_eq!(text(&Wish { asked: None, latest: true, ..all }, Some("4.0.0+1")), "4.0.0+1");
        assert_eq!(text(&Wish::default(), Some("4.0.0+1")), "4.0.0+1");
        assert_eq!(text(&Wish::default(), None), "eb96de94");
    }

    #[test]
    fn a_dirty_pin_needs_chaos() {
        let wish = Wish { pinned: Some("eb96de94+U"), ..Wish::default() };
        assert!(choose(&wish, None, &head()).is_err());
        assert_eq!(text(&Wish { pinned: Some("eb96de94"), ..Wish::default() }, None), "eb96de94");
    }

    #[test]
    fn a_dirty_tree_is_marked() {
        assert_eq!(chaos_version(&head(), false), "eb96de94");
        assert_eq!(chaos_version(&head(), true), "eb96de94+U");
    }
}
