use rstest::rstest;

use super::*;

fn commit(digit: char) -> Commit {
    Commit::try_from(digit.to_string().repeat(40)).expect("forty digits")
}

fn version(text: &str) -> Version {
    Version::try_from(text.to_owned()).expect("a version")
}

/// A commit with or without a version: `3=2.0.0+2`, `9`.
fn parsed(text: &str) -> Revision {
    let (digit, said) = text.split_once('=').unwrap_or((text, ""));
    let digit = digit.chars().next().expect("a digit");
    let version = Some(said).filter(|said| !said.is_empty()).map(version);
    Revision { commit: commit(digit), version }
}

/// What the choice is made from, as text: head, releases, the tip of the default branch.
struct Case<'a> {
    head: &'a str,
    releases: &'a str,
    tip: &'a str,
    asked: &'a str,
    last_green: &'a str,
}

const USUAL: &str = "1=1.9.0+1 2=1.10.0+1 3=2.0.0+2";

fn chosen(case: &Case<'_>) -> Result<(Revision, String), NoBase> {
    let head = parsed(case.head);
    let releases: Vec<_> = case
        .releases
        .split_whitespace()
        .map(parsed)
        .map(|release| (release.version.expect("a release has a version"), release.commit))
        .collect();
    let tip = case.tip.chars().next().map(commit);
    let named = |text: &str| Some(text).filter(|text| !text.is_empty()).map(version);
    let (asked, last_green) = (named(case.asked), named(case.last_green));
    choose_base(&Base {
        head: &head,
        releases: &releases,
        default_branch: tip.as_ref(),
        asked: asked.as_ref(),
        last_green: last_green.as_ref(),
    })
}

#[rstest]
// The newest older release, by number and not by text.
#[case("9=1.11.0+1", USUAL, "3", "2=1.10.0+1", "the newest release older than 1.11.0+1")]
#[case("9=2.0.1+2", USUAL, "3", "3=2.0.0+2", "the newest release older than 2.0.1+2")]
// The order of the tags makes no difference.
#[case(
    "9=2.0.1+2",
    "3=2.0.0+2 1=1.9.0+1",
    "3",
    "3=2.0.0+2",
    "the newest release older than 2.0.1+2"
)]
// Head is a release: step back. It is the same version without a release: step back too.
#[case("3=2.0.0+2", USUAL, "3", "2=1.10.0+1", "the newest release older than 2.0.0+2")]
#[case("9=2.0.0+2", USUAL, "3", "2=1.10.0+1", "the newest release older than 2.0.0+2")]
// An older tag at head's own commit is head.
#[case(
    "9=2.0.0+2",
    "9=1.0.0+1 1=0.9.0+1",
    "",
    "1=0.9.0+1",
    "the newest release older than 2.0.0+2"
)]
// Only the upstream half differs.
#[case(
    "9=1.0.0+1.10.0",
    "1=1.0.0+1.9.0",
    "1",
    "1=1.0.0+1.9.0",
    "the newest release older than 1.0.0+1.10.0"
)]
// A release candidate is older than its release.
#[case("9=1.0.0+1", "1=1.0.0-rc1+1", "1", "1=1.0.0-rc1+1", "the newest release older than 1.0.0+1")]
// No release at all, or only head's version: the default branch.
#[case("9=1.0.0+1", "", "7", "7", "the tip of the default branch: no release is older than head")]
#[case(
    "9=1.0.0+1",
    "1=1.0.0+1",
    "7",
    "7",
    "the tip of the default branch: no release is older than head"
)]
#[case(
    "9=1.0.0+1",
    "1=1.0.0+1",
    "1",
    "1=1.0.0+1",
    "the tip of the default branch: no release is older than head"
)]
// Head's version cannot be read: the default branch, by its release if it is one; else the newest release.
#[case(
    "9",
    USUAL,
    "3",
    "3=2.0.0+2",
    "the tip of the default branch: head's version cannot be read"
)]
#[case("9", USUAL, "7", "7", "the tip of the default branch: head's version cannot be read")]
#[case("9", USUAL, "9", "3=2.0.0+2", "the newest release: head's version cannot be read")]
#[case("9", USUAL, "", "3=2.0.0+2", "the newest release: head's version cannot be read")]
#[case(
    "9",
    "9=1.0.0+1 1=0.9.0+1",
    "9",
    "1=0.9.0+1",
    "the newest release: head's version cannot be read"
)]
fn the_base_is_chosen_and_the_reason_says_by_which_rule(
    #[case] head: &str,
    #[case] releases: &str,
    #[case] tip: &str,
    #[case] wanted: &str,
    #[case] why: &str,
) {
    let case = Case { head, releases, tip, asked: "", last_green: "" };
    assert_eq!(chosen(&case), Ok((parsed(wanted), why.to_owned())));
}

#[rstest]
// Nothing older, and the default branch is head.
#[case("9=1.0.0+1", "", "9")]
#[case("9=1.0.0+1", "", "")]
#[case("9", "", "9")]
#[case("9", "9=1.0.0+1", "9")]
#[case("9=2.0.0+2", "9=1.0.0+1", "9")]
// The first release, long since followed by others: the default branch is later, not earlier.
#[case("1=1.9.0+1", USUAL, "3")]
#[case("1=1.9.0+1", USUAL, "7")]
#[case("9=1.0.0+1", USUAL, "3")]
#[case("1=1.0.0+1", "1=1.0.0+1", "7")]
fn without_a_predecessor_there_is_no_base(
    #[case] head: &str,
    #[case] releases: &str,
    #[case] tip: &str,
) {
    let case = Case { head, releases, tip, asked: "", last_green: "" };
    assert_eq!(chosen(&case), Err(NoBase::NoPredecessor));
}

#[rstest]
#[case("9=3.0.0+1", "1.9.0+1", "", "1=1.9.0+1", "named by `[upgrade] base`")]
#[case("9", "1.9.0+1", "", "1=1.9.0+1", "named by `[upgrade] base`")]
// It wins over what last passed.
#[case("9=3.0.0+1", "1.9.0+1", "1.10.0+1", "1=1.9.0+1", "named by `[upgrade] base`")]
// Head is the release that it names, or older.
#[case(
    "3=2.0.0+2",
    "2.0.0+2",
    "",
    "2=1.10.0+1",
    "the newest release older than 2.0.0+2 (`[upgrade] base` names 2.0.0+2, which is not older)"
)]
#[case(
    "2=1.10.0+1",
    "2.0.0+2",
    "",
    "1=1.9.0+1",
    "the newest release older than 1.10.0+1 (`[upgrade] base` names 2.0.0+2, which is not older)"
)]
// What last passed.
#[case("9=3.0.0+1", "", "1.10.0+1", "2=1.10.0+1", "the release that last passed")]
#[case("9", "", "1.10.0+1", "2=1.10.0+1", "the release that last passed")]
#[case(
    "9=1.10.0+1",
    "",
    "1.10.0+1",
    "1=1.9.0+1",
    "the newest release older than 1.10.0+1 (1.10.0+1, which last passed, is not older)"
)]
#[case(
    "9=1.10.0+1",
    "",
    "2.0.0+2",
    "1=1.9.0+1",
    "the newest release older than 1.10.0+1 (2.0.0+2, which last passed, is not older)"
)]
// A release that was taken back is none.
#[case("9=3.0.0+1", "", "1.8.0+1", "3=2.0.0+2", "the newest release older than 3.0.0+1")]
fn choices_win_unless_they_are_head_or_later(
    #[case] head: &str,
    #[case] asked: &str,
    #[case] last_green: &str,
    #[case] wanted: &str,
    #[case] why: &str,
) {
    let case = Case { head, releases: USUAL, tip: "3", asked, last_green };
    assert_eq!(chosen(&case), Ok((parsed(wanted), why.to_owned())));
}

#[test]
fn a_choice_that_is_no_release_is_refused() {
    let case = Case { head: "9", releases: USUAL, tip: "3", asked: "9.9.9+1", last_green: "" };
    assert_eq!(chosen(&case), Err(NoBase::NoSuchRelease(version("9.9.9+1"))));
}
