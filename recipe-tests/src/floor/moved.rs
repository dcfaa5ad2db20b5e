//! What an upgrade changed: enough to be one, and not back again.

use std::collections::BTreeSet;

use harness_core::identity::label as label_of;
use harness_core::name::StackName;
use harness_core::observation::{Observation, ServiceState, UpdatePhase};

use super::Finding;

/// Decides whether the version label or a service's image moved: otherwise the upgrade proves nothing.
pub(super) fn version_or_image(
    stack: &StackName,
    before: &Observation,
    after: &Observation,
) -> Finding {
    let label = format!("coop-cloud.{stack}.version");
    let version = |o| label_of(o, &label).map(str::to_owned);
    if version(after).is_some() && version(before) != version(after) {
        return Finding::Right;
    }
    let pairs = || before.services.iter().filter_map(|b| Some((b, after.service(&b.name)?)));
    if pairs().any(|(b, a)| another_image(&b.image, &a.image)) {
        return Finding::Right;
    }
    let mut seen = vec![format!(
        "nothing moved: the version label is {} before and after, and every image is the same",
        version(after).unwrap_or_else(|| "not there".to_owned())
    )];
    let respecified: Vec<_> =
        pairs().filter(|(b, a)| b.spec != a.spec).map(|(b, _)| b.name.as_str()).collect();
    if !respecified.is_empty() {
        seen.push(format!("other settings changed of {}", respecified.join(", ")));
    }
    let names = |o: &Observation| -> BTreeSet<String> {
        o.services.iter().map(|s| s.name.to_string()).collect()
    };
    let (old, new) = (names(before), names(after));
    let added: Vec<_> = new.difference(&old).cloned().collect();
    if !added.is_empty() {
        seen.push(format!("services added: {}", added.join(", ")));
    }
    let gone: Vec<_> = old.difference(&new).cloned().collect();
    if !gone.is_empty() {
        seen.push(format!("services gone: {}", gone.join(", ")));
    }
    Finding::wrong("the upgrade to change the version label or an image", seen.join("; "))
}

/// Returns whether two images differ. A digest counts only where both have one: that one was resolved and the other
/// was not is no change of the recipe.
fn another_image(before: &str, after: &str) -> bool {
    if before.contains('@') && after.contains('@') {
        return before != after;
    }
    let name = |image: &str| image.split_once('@').map_or(image.to_owned(), |(n, _)| n.to_owned());
    name(before) != name(after)
}

/// Decides whether an update that this upgrade made was paused or rolled back. States that were there before are
/// leftovers.
pub(super) fn rolled_back(before: &Observation, after: &Observation) -> Finding {
    let fault = |service: &ServiceState| {
        let update = service.update.as_ref()?;
        let old = before.service(&service.name).and_then(|b| b.update.as_ref());
        if old == Some(update) {
            return None;
        }
        let what = match update.phase {
            UpdatePhase::Updating | UpdatePhase::Completed => return None,
            UpdatePhase::Paused => "its update was paused and never ends",
            UpdatePhase::RollbackStarted => "it is being rolled back",
            UpdatePhase::RollbackPaused => "its rollback was paused and never ends",
            UpdatePhase::RollbackCompleted => {
                "it was rolled back: what runs is the old specification"
            }
        };
        Some(format!("{}: {what} ({})", service.name, update.message))
    };
    if after.services.is_empty() {
        return Finding::wrong("the app's services to run after the upgrade", "no service at all");
    }
    let faults: Vec<_> = after.services.iter().filter_map(fault).collect();
    if faults.is_empty() {
        Finding::Right
    } else {
        Finding::wrong("every service's update to come to its end", faults.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use harness_core::observation::Update;

    use super::*;
    use crate::floor::sample::{observation, service, stack};

    fn labeled(version: &str, image: &str) -> Observation {
        let label = format!("coop-cloud.{}.version", stack());
        observation(vec![service("app", image, &[(label.as_str(), version)])])
    }

    fn moved(before: &Observation, after: &Observation) -> Finding {
        version_or_image(&stack(), before, after)
    }

    #[test]
    fn a_version_or_an_image_that_moved_is_enough() {
        let before = labeled("1.0.0+1", "n:1");
        assert_eq!(moved(&before, &labeled("1.1.0+1", "n:1")), Finding::Right);
        assert_eq!(moved(&before, &labeled("1.0.0+1", "n:2")), Finding::Right);
    }

    #[test]
    fn a_digest_on_one_side_only_is_no_move() {
        let (tag, one, two) = ("n:1", "n:1@sha256:aa", "n:1@sha256:bb");
        let is_move = |before, after| {
            moved(&labeled("1.0.0+1", before), &labeled("1.0.0+1", after)) == Finding::Right
        };
        assert!(!is_move(tag, one) && !is_move(one, tag) && !is_move(one, one));
        assert!(is_move(one, two) && is_move(one, "n:2") && is_move("n:2", one));
    }

    #[test]
    fn a_label_that_vanished_is_no_move() {
        let before = labeled("1.0.0+1", "n:1");
        let after = observation(vec![service("app", "n:1", &[])]);
        assert!(matches!(moved(&before, &after), Finding::Wrong { .. }));
    }

    #[test]
    fn settings_and_services_alone_are_no_move_but_are_named() {
        let before = labeled("1.0.0+1", "n:1");
        let mut after = labeled("1.0.0+1", "n:1");
        after.services[0].spec = "other".to_owned();
        after.services.push(service("cache", "r:7", &[]));
        let Finding::Wrong { seen, .. } = moved(&before, &after) else { panic!("it passed") };
        assert!(seen.starts_with("nothing moved: the version label is 1.0.0+1"), "{seen}");
        assert!(seen.contains("changed of app") && seen.contains("added: cache"), "{seen}");
    }

    fn updated(phase: UpdatePhase, started: &str) -> Observation {
        let mut one = labeled("1.0.0+1", "n:1");
        one.services[0].update = Some(Update {
            phase,
            started: Some(started.parse().unwrap()),
            message: "update rolled back due to failure".to_owned(),
        });
        one
    }

    #[test]
    fn a_fresh_rollback_is_wrong_and_an_old_one_is_a_leftover() {
        let old = updated(UpdatePhase::RollbackCompleted, "2026-01-01T00:00:00Z");
        let new = updated(UpdatePhase::RollbackCompleted, "2026-01-01T00:01:00Z");
        let none = labeled("1.0.0+1", "n:1");
        assert!(
            matches!(rolled_back(&old, &new), Finding::Wrong { seen, .. } if seen.contains("due to failure"))
        );
        assert!(matches!(rolled_back(&none, &new), Finding::Wrong { .. }));
        assert_eq!(rolled_back(&old, &old), Finding::Right);
        let done = updated(UpdatePhase::Completed, "2026-01-01T00:01:00Z");
        assert_eq!(rolled_back(&old, &done), Finding::Right);
    }

    #[test]
    fn a_paused_update_is_wrong_and_no_service_is_no_pass() {
        let none = labeled("1.0.0+1", "n:1");
        let paused = updated(UpdatePhase::Paused, "2026-01-01T00:01:00Z");
        assert!(matches!(rolled_back(&none, &paused), Finding::Wrong { .. }));
        assert!(matches!(rolled_back(&none, &observation(vec![])), Finding::Wrong { .. }));
    }
}
