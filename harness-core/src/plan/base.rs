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
    /// Every release: its version and the commit that its tag names.
    pub releases: &'a [(Version, Commit)],
    /// The tip of the default branch.
    pub default_branch: Option<&'a Commit>,
    /// The suite's own choice (`[upgrade] base`).
    pub asked: Option<&'a Version>,
}

/// Why there is no base.
#[derive(Clone, Debug, PartialEq, Eq, Error, Deserialize, Serialize)]
pub enum NoBase {
    /// The suite names a release that does not exist.
    #[error("`[upgrade] base` names {0}, and the recipe has no such release")]
    NoSuchRelease(Version),
    /// There is nothing older than head, and the default branch is head.
    #[error("there is no release older than head and no other predecessor")]
    NoPredecessor,
}

/// Chooses the base and says why.
///
/// The suite's choice wins. Otherwise the newest release that is strictly older than head's version and is not
/// head's own commit; if head's version cannot be read or nothing is older, the tip of the default branch, unless
/// that is head.
///
/// # Errors
/// There is none.
pub fn choose_base(base: &Base<'_>) -> Result<(Revision, String), NoBase> {
    let release = |(version, commit): &(Version, Commit)| Revision {
        commit: commit.clone(),
        version: Some(version.clone()),
    };
    if let Some(asked) = base.asked {
        let found = base.releases.iter().find(|(v, _)| v == asked);
        let found = found.ok_or_else(|| NoBase::NoSuchRelease(asked.clone()))?;
        return Ok((release(found), "named by `[upgrade] base`".to_owned()));
    }
    if let Some(head) = &base.head.version {
        let older = base.releases.iter().filter(|(v, c)| v < head && *c != base.head.commit).max();
        if let Some(found) = older {
            return Ok((release(found), format!("the newest release older than {head}")));
        }
    }
    match base.default_branch {
        Some(tip) if *tip != base.head.commit => {
            let version = base.releases.iter().find(|(_, c)| c == tip).map(|(v, _)| v.clone());
            let why = if base.head.version.is_some() {
                "no release is older than head"
            } else {
                "head's version cannot be read"
            };
            Ok((
                Revision { commit: tip.clone(), version },
                format!("the tip of the default branch: {why}"),
            ))
        }
        Some(_) | None => {
            // Head may be the tip and its version unreadable: that must not switch the upgrade off.
            let other = base.releases.iter().filter(|(_, c)| *c != base.head.commit).max();
            match (&base.head.version, other) {
                (None, Some(found)) => Ok((
                    release(found),
                    "the newest release: head's version cannot be read".to_owned(),
                )),
                (Some(_), _) | (None, None) => Err(NoBase::NoPredecessor),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commit(digit: char) -> Commit {
        Commit::try_from(digit.to_string().repeat(40)).unwrap()
    }

    fn version(text: &str) -> Version {
        Version::try_from(text.to_owned()).unwrap()
    }

    fn head(digit: char, text: Option<&str>) -> Revision {
        Revision { commit: commit(digit), version: text.map(version) }
    }

    fn releases() -> Vec<(Version, Commit)> {
        vec![
            (version("1.9.0+1"), commit('1')),
            (version("1.10.0+1"), commit('2')),
            (version("2.0.0+2"), commit('3')),
        ]
    }

    fn check(head: &Revision, tip: char, asked: Option<&str>) -> Result<Revision, NoBase> {
        let (releases, tip, asked) = (releases(), commit(tip), asked.map(version));
        let base =
            Base { head, releases: &releases, default_branch: Some(&tip), asked: asked.as_ref() };
        choose_base(&base).map(|(revision, _)| revision)
    }

    #[test]
    fn the_newest_older_release_is_taken_by_number_not_by_text() {
        assert_eq!(
            check(&head('9', Some("1.11.0+1")), '3', None).unwrap().version,
            Some(version("1.10.0+1"))
        );
    }

    #[test]
    fn head_that_is_a_release_steps_back() {
        assert_eq!(check(&head('3', Some("2.0.0+2")), '3', None).unwrap().commit, commit('2'));
    }

    #[test]
    fn the_suites_choice_wins_and_must_exist() {
        assert_eq!(
            check(&head('9', Some("3.0.0+1")), '3', Some("1.9.0+1")).unwrap().commit,
            commit('1')
        );
        assert_eq!(
            check(&head('9', None), '3', Some("9.9.9+1")),
            Err(NoBase::NoSuchRelease(version("9.9.9+1")))
        );
    }

    #[test]
    fn an_unreadable_version_falls_back_to_the_default_branch() {
        assert_eq!(check(&head('9', None), '3', None).unwrap(), head('3', Some("2.0.0+2")));
        let newest = check(&head('9', None), '9', None).unwrap();
        assert_eq!(newest.version, Some(version("2.0.0+2")));
    }

    #[test]
    fn a_first_release_has_no_predecessor() {
        assert_eq!(check(&head('9', Some("1.0.0+1")), '9', None), Err(NoBase::NoPredecessor));
    }

    fn chosen(
        head: &Revision,
        releases: &[(Version, Commit)],
        tip: Option<char>,
    ) -> Result<(Revision, String), NoBase> {
        let tip = tip.map(commit);
        choose_base(&Base { head, releases, default_branch: tip.as_ref(), asked: None })
    }

    #[test]
    fn the_reason_says_which_rule_chose() {
        let why = |head: &Revision, tip| chosen(head, &releases(), tip).unwrap().1;
        assert_eq!(
            why(&head('9', Some("1.11.0+1")), Some('3')),
            "the newest release older than 1.11.0+1"
        );
        assert_eq!(
            why(&head('9', Some("1.0.0+1")), Some('3')),
            "the tip of the default branch: no release is older than head"
        );
        assert_eq!(
            why(&head('9', None), Some('3')),
            "the tip of the default branch: head's version cannot be read"
        );
        assert_eq!(
            why(&head('9', None), None),
            "the newest release: head's version cannot be read"
        );
    }

    #[test]
    fn heads_own_commit_and_version_are_never_the_base() {
        // The same version at another commit is not older; an older version at head's commit is head.
        let same = [(version("2.0.0+2"), commit('3'))];
        assert_eq!(chosen(&head('9', Some("2.0.0+2")), &same, None), Err(NoBase::NoPredecessor));
        let own = [(version("1.0.0+1"), commit('9')), (version("0.9.0+1"), commit('1'))];
        let found = chosen(&head('9', Some("2.0.0+2")), &own, None).unwrap().0;
        assert_eq!(found.commit, commit('1'));
        let only = [(version("1.0.0+1"), commit('9'))];
        assert_eq!(chosen(&head('9', Some("2.0.0+2")), &only, None), Err(NoBase::NoPredecessor));
        assert_eq!(chosen(&head('9', None), &only, Some('9')), Err(NoBase::NoPredecessor));
        assert_eq!(chosen(&head('9', None), &own, Some('9')).unwrap().0.commit, commit('1'));
    }

    #[test]
    fn the_tip_of_the_default_branch_is_called_by_its_release_if_it_is_one() {
        let found = |tip| chosen(&head('9', None), &releases(), Some(tip)).unwrap().0;
        assert_eq!(found('2'), head('2', Some("1.10.0+1")));
        assert_eq!(found('7'), head('7', None));
    }
}
