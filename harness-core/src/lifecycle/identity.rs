//! Whether what runs is what was to be deployed: pure.

use crate::name::StackName;
use crate::observation::Observation;
use crate::platform::Revision;

/// Checks abra's labels against the revision that was deployed: a chaos deploy stamps the commit, a plain one the
/// version.
///
/// # Errors
/// Something else runs, or nothing says what does.
pub(super) fn runs(
    observation: &Observation,
    stack: &StackName,
    revision: &Revision,
) -> Result<(), String> {
    let label = |name: &str| {
        let key = format!("coop-cloud.{stack}.{name}");
        observation.services.iter().find_map(|s| s.labels.get(&key).map(String::as_str))
    };
    match (label("chaos"), label("chaos-version"), label("version")) {
        (Some("true"), Some(stamp), _) if revision.commit.is_stamped_by(stamp) => Ok(()),
        (Some("true"), stamp, _) => {
            let seen = stamp.unwrap_or("no commit label");
            Err(format!("expected commit {} to run, seen {seen}", revision.commit.short()))
        }
        (_, _, Some(seen)) => match &revision.version {
            Some(version) if version.to_string() == seen => Ok(()),
            Some(version) => Err(format!("expected version {version} to run, seen {seen}")),
            None => Err(format!("version {seen} runs, and the commit that was to run has none")),
        },
        (_, _, None) => Err("no service carries abra's labels: nothing says what runs".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::name::{Commit, Domain, ServiceName, Version};
    use crate::observation::{ServiceState, Wanted};

    fn check(labels: &[(&str, &str)]) -> Result<(), String> {
        let stack = StackName::from(&Domain::try_from("a.example.org".to_owned()).unwrap());
        let labels =
            labels.iter().map(|(k, v)| (format!("coop-cloud.{stack}.{k}"), (*v).to_owned()));
        let service = ServiceState {
            name: ServiceName::try_from("app".to_owned()).unwrap(),
            image: "nginx:1".to_owned(),
            labels: labels.collect(),
            wanted: Wanted::Replicas(1),
            spec: "a".to_owned(),
            ends_by_itself: false,
            update: None,
            tasks: Vec::new(),
        };
        let observation = Observation { at: Timestamp::UNIX_EPOCH, services: vec![service] };
        let commit =
            Commit::try_from("eb96de94c0ffee00112233445566778899aabbcc".to_owned()).unwrap();
        let version = Version::try_from("1.0.0+1.22.1".to_owned()).ok();
        runs(&observation, &stack, &Revision { commit, version })
    }

    #[test]
    fn a_chaos_deploy_is_known_by_its_commit() {
        check(&[("chaos", "true"), ("chaos-version", "eb96de94+U"), ("version", "9.9.9+9")])
            .unwrap();
        assert!(
            check(&[("chaos", "true"), ("chaos-version", "aaaaaaaa"), ("version", "1.0.0+1.22.1")])
                .is_err()
        );
        assert!(check(&[("chaos", "true"), ("version", "1.0.0+1.22.1")]).is_err());
    }

    #[test]
    fn a_plain_deploy_is_known_by_its_version() {
        check(&[("chaos", "false"), ("version", "1.0.0+1.22.1")]).unwrap();
        assert!(check(&[("chaos", "false"), ("version", "1.0.1+1.22.1")]).is_err());
        assert!(check(&[]).is_err());
    }
}
