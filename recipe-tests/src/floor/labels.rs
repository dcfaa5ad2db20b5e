//! Which commit or version the labels of a stack name.

use harness_core::name::StackName;
use harness_core::observation::{Observation, ServiceState};
use harness_core::platform::Revision;

use super::Finding;

/// Decides whether the labels name head: the chaos-version label its commit; after a pinned deploy, which stamps no
/// commit, the version label its version.
pub(super) fn name_head(stack: &StackName, after: &Observation, head: &Revision) -> Finding {
    let chaos_version = format!("coop-cloud.{stack}.chaos-version");
    let pinned = found(after, &format!("coop-cloud.{stack}.chaos")) == Some("false");
    if pinned {
        return version(stack, after, head);
    }
    let expected = format!("the label {chaos_version} to name {}", head.commit.short());
    match found(after, &chaos_version) {
        Some(stamp) if head.commit.is_stamped_by(stamp) => Finding::Right,
        Some(stamp) => Finding::wrong(
            expected,
            format!("{stamp}: what runs is another commit (or Swarm put the old one back)"),
        ),
        None => Finding::wrong(expected, "no service carries that label"),
    }
}

fn version(stack: &StackName, after: &Observation, head: &Revision) -> Finding {
    let label = format!("coop-cloud.{stack}.version");
    let Some(wanted) = &head.version else {
        return Finding::wrong(
            format!("head to have a version for the label {label}"),
            "a pinned deploy of a commit without one",
        );
    };
    let wanted = wanted.to_string();
    let expected = format!("the label {label} to be {wanted}");
    match found(after, &label) {
        Some(seen) if seen == wanted => Finding::Right,
        Some(seen) => Finding::wrong(expected, seen),
        None => Finding::wrong(expected, "no service carries that label"),
    }
}

/// Returns the label's value on service `app`, or else on the first service that carries it.
pub(super) fn found<'a>(observation: &'a Observation, label: &str) -> Option<&'a str> {
    let value = |service: &'a ServiceState| service.labels.get(label).map(String::as_str);
    let app = observation.services.iter().filter(|s| s.name.as_str() == "app");
    app.chain(&observation.services).find_map(value)
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
