//! Which commit or version runs, by the labels that abra stamps: pure.

use crate::name::StackName;
use crate::observation::{Observation, ServiceState};
use crate::platform::Revision;

/// The labels name something else than what was to be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What should have been seen.
    pub expected: String,
    /// What was.
    pub seen: String,
}

/// Checks that the labels of a stack name a revision: after a chaos deploy the chaos-version label its commit; after a
/// pinned one, which stamps no commit, the version label its version.
///
/// # Errors
/// They name something else, or nothing.
pub fn names(
    stack: &StackName,
    observation: &Observation,
    revision: &Revision,
) -> Result<(), Mismatch> {
    if label(observation, &format!("coop-cloud.{stack}.chaos")) == Some("false") {
        return names_version(stack, observation, revision);
    }
    let key = format!("coop-cloud.{stack}.chaos-version");
    let seen = match label(observation, &key) {
        Some(stamp) if revision.commit.is_stamped_by(stamp) => return Ok(()),
        Some(stamp) => {
            format!("{stamp}: what runs is another commit (or Swarm put the old one back)")
        }
        None => "no service carries that label".to_owned(),
    };
    Err(Mismatch { expected: format!("the label {key} to name {}", revision.commit.short()), seen })
}

fn names_version(
    stack: &StackName,
    observation: &Observation,
    revision: &Revision,
) -> Result<(), Mismatch> {
    let key = format!("coop-cloud.{stack}.version");
    let Some(wanted) = revision.version.as_ref().map(ToString::to_string) else {
        let expected = format!("the commit to have a version for the label {key}");
        return Err(Mismatch {
            expected,
            seen: "a pinned deploy of a commit without one".to_owned(),
        });
    };
    let seen = match label(observation, &key) {
        Some(seen) if seen == wanted => return Ok(()),
        Some(seen) => seen.to_owned(),
        None => "no service carries that label".to_owned(),
    };
    Err(Mismatch { expected: format!("the label {key} to be {wanted}"), seen })
}

/// Returns a label's value on service `app`, or else on the first service that carries it.
pub fn label<'a>(observation: &'a Observation, key: &str) -> Option<&'a str> {
    let value = |service: &'a ServiceState| service.labels.get(key).map(String::as_str);
    let app = observation.services.iter().filter(|s| s.name.as_str() == "app");
    app.chain(&observation.services).find_map(value)
}
