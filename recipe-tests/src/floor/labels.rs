//! Which commit or version the labels of a stack name.

use harness_core::cause::CauseClass;
use harness_core::identity::{Mismatch, names};
use harness_core::name::StackName;
use harness_core::observation::Observation;
use harness_core::platform::Revision;

use super::Finding;

/// Decides whether the labels name head.
pub(super) fn name_head(stack: &StackName, after: &Observation, head: &Revision) -> Finding {
    match names(stack, after, head) {
        Ok(()) => Finding::Right,
        Err(Mismatch { expected, seen, .. }) => Finding::wrong(expected, seen),
    }
}

/// Returns whose fault it is that the labels do not name head.
pub(super) fn blame(stack: &StackName, after: &Observation, head: &Revision) -> CauseClass {
    names(stack, after, head).err().map_or(CauseClass::Recipe, |wrong| wrong.class(None))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::floor::sample::{observation, revision, service, stack};

    const COMMIT: &str = "eb96de94c0ffee00112233445566778899aabbcc";

    fn finding(labels: &[(&str, &str)]) -> Finding {
        let labels: Vec<_> =
            labels.iter().map(|(k, v)| (format!("coop-cloud.{}.{k}", stack()), *v)).collect();
        let labels: Vec<_> = labels.iter().map(|(k, v)| (k.as_str(), *v)).collect();
        let after = observation(vec![service("db", "m:1", &[]), service("app", "n:1", &labels)]);
        name_head(&stack(), &after, &revision(COMMIT, Some("1.1.0+2")))
    }

    #[rstest]
    #[case(&[("chaos", "true"), ("chaos-version", "eb96de94")])]
    #[case(&[("chaos", "true"), ("chaos-version", "eb96de94+U")])]
    #[case(&[("chaos", "false"), ("version", "1.1.0+2")])]
    fn head_is_named(#[case] labels: &[(&str, &str)]) {
        assert_eq!(finding(labels), Finding::Right);
    }

    #[rstest]
    #[case(&[], "no service carries")]
    #[case(&[("version", "1.1.0+2")], "no service carries")]
    #[case(&[("chaos", "true"), ("chaos-version", "aaaaaaaa")], "another commit")]
    #[case(&[("chaos", "true"), ("chaos-version", "eb96")], "another commit")]
    #[case(&[("chaos", "false"), ("version", "1.0.0+2")], "1.0.0+2")]
    #[case(&[("chaos", "false"), ("chaos-version", "eb96de94")], "no service carries")]
    fn anything_else_is_wrong(#[case] labels: &[(&str, &str)], #[case] said: &str) {
        let finding = finding(labels);
        assert!(
            matches!(&finding, Finding::Wrong { seen, .. } if seen.contains(said)),
            "{finding:?}"
        );
    }
}
