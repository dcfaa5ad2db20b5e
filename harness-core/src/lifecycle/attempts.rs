//! When the whole backup is made again, and what several attempts come to: pure. Main items: [`is_made_again`],
//! [`after`].
//!
//! A database that works in the background makes one dump that is cut short and then a right one: a backup that was
//! made and is wrong is made again, the whole of it. What no other attempt can mend is not.

use crate::cause::{Cause, CauseClass};
use crate::tier::Status;

use super::tiers::TierEnd;

/// So many attempts are made at most.
pub const ATTEMPTS: u32 = 3;

/// What became of the op in one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    /// There is a backup, and its checks were run.
    Whole,
    /// There is one, and a service with hooks was not there all the time.
    PassedOver,
    /// There is none: the op itself says why.
    Refused,
}

/// Decides whether the whole backup is made again.
pub(crate) fn is_made_again(attempt: u32, made: Made, end: &TierEnd) -> bool {
    if attempt >= ATTEMPTS {
        return false;
    }
    match made {
        Made::Whole => end.status == Status::Fail && end.cause.as_ref().is_some_and(can_be_mended),
        Made::PassedOver => true,
        Made::Refused => false,
    }
}

/// What is wrong with a check stays wrong, and what kept it from being verified is not in the backup.
const fn can_be_mended(cause: &Cause) -> bool {
    match cause.class {
        CauseClass::Recipe | CauseClass::App => true,
        CauseClass::Suite
        | CauseClass::Registry
        | CauseClass::Host
        | CauseClass::Harness
        | CauseClass::Flake => false,
    }
}

/// Returns how the tier ends after its last attempt: a pass that took several is a flake, and a failure says how many
/// there were. `wrong` is what was wrong with each attempt before.
pub(crate) fn after(wrong: &[String], last: TierEnd) -> TierEnd {
    if wrong.is_empty() {
        return last;
    }
    match last.status {
        Status::Pass => {
            let each = (1..).zip(wrong).map(|(n, text)| format!("attempt {n}: {text}"));
            let each: Vec<String> = each.collect();
            let made = wrong.len() + 1;
            let text = format!("attempt {made} of {ATTEMPTS} is right; {}", each.join("; "));
            TierEnd { cause: Some(Cause::new(CauseClass::Flake, text)), ..last }
        }
        Status::Fail | Status::Unver | Status::Skip => {
            let cause = last.cause.map(|cause| counted(wrong, &cause));
            let reason = last.reason.map(|reason| with_count(wrong, &reason));
            TierEnd { cause, reason, ..last }
        }
    }
}

/// Returns a cause that says how many attempts there were.
pub(crate) fn counted(wrong: &[String], cause: &Cause) -> Cause {
    Cause::new(cause.class, with_count(wrong, &cause.evidence))
}

fn with_count(wrong: &[String], text: &str) -> String {
    match wrong.len() {
        0 => text.to_owned(),
        before => format!("{text} ({} attempts were made, none of them right)", before + 1),
    }
}

/// Returns what was wrong with an attempt, for those after it.
pub(crate) fn what_was_wrong(end: &TierEnd) -> String {
    let evidence = end.cause.as_ref().map(|cause| cause.evidence.clone());
    evidence.or_else(|| end.reason.clone()).unwrap_or_else(|| end.status.to_string())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn end(status: Status, class: Option<CauseClass>) -> TierEnd {
        let cause = class.map(|class| Cause::new(class, "seen"));
        TierEnd { status, reason: None, cause }
    }

    #[rstest]
    #[case(Made::Whole, end(Status::Fail, Some(CauseClass::Recipe)), true)]
    #[case(Made::Whole, end(Status::Fail, Some(CauseClass::App)), true)]
    #[case(Made::Whole, end(Status::Fail, Some(CauseClass::Suite)), false)]
    #[case(Made::Whole, end(Status::Unver, Some(CauseClass::Host)), false)]
    #[case(Made::Whole, end(Status::Unver, Some(CauseClass::Recipe)), false)]
    #[case(Made::Whole, end(Status::Pass, None), false)]
    #[case(Made::PassedOver, end(Status::Unver, Some(CauseClass::Host)), true)]
    #[case(Made::Refused, end(Status::Fail, Some(CauseClass::Recipe)), false)]
    #[case(Made::Refused, end(Status::Unver, Some(CauseClass::Host)), false)]
    fn only_a_backup_that_was_made_and_is_wrong_is_made_again(
        #[case] made: Made,
        #[case] end: TierEnd,
        #[case] again: bool,
    ) {
        assert_eq!(is_made_again(1, made, &end), again);
        assert_eq!(is_made_again(ATTEMPTS - 1, made, &end), again);
        assert!(!is_made_again(ATTEMPTS, made, &end));
    }

    #[test]
    fn a_pass_at_once_is_nothing_but_a_pass() {
        let pass = end(Status::Pass, None);
        assert_eq!(after(&[], pass.clone()), pass);
        let fail = end(Status::Fail, Some(CauseClass::App));
        assert_eq!(after(&[], fail.clone()), fail);
    }

    #[test]
    fn a_later_pass_is_a_flake_that_says_what_was_wrong_before() {
        let wrong = ["cut short".to_owned(), "empty".to_owned()];
        let flake = after(&wrong, end(Status::Pass, None));
        assert_eq!((flake.status, flake.reason), (Status::Pass, None));
        let cause = flake.cause.unwrap();
        assert_eq!(cause.class, CauseClass::Flake);
        assert_eq!(
            cause.evidence,
            "attempt 3 of 3 is right; attempt 1: cut short; attempt 2: empty"
        );
    }

    #[test]
    fn a_failure_says_how_many_attempts_there_were() {
        let wrong = ["cut short".to_owned(), "cut short".to_owned()];
        let failed = after(&wrong, end(Status::Fail, Some(CauseClass::Recipe)));
        let expected =
            Cause::new(CauseClass::Recipe, "seen (3 attempts were made, none of them right)");
        assert_eq!((failed.status, failed.cause), (Status::Fail, Some(expected)));
        let last = TierEnd {
            reason: Some("seen".to_owned()),
            ..end(Status::Unver, Some(CauseClass::Host))
        };
        let unver = after(&wrong[..1], last);
        assert_eq!(
            unver.reason.as_deref(),
            Some("seen (2 attempts were made, none of them right)")
        );
    }

    #[test]
    fn what_was_wrong_is_the_cause_or_else_the_reason() {
        assert_eq!(what_was_wrong(&end(Status::Fail, Some(CauseClass::App))), "seen");
        let skipped =
            TierEnd { reason: Some("nothing was proven".to_owned()), ..end(Status::Unver, None) };
        assert_eq!(what_was_wrong(&skipped), "nothing was proven");
        assert_eq!(what_was_wrong(&end(Status::Fail, None)), "fail");
    }
}
