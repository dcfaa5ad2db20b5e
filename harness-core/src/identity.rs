//! Which commit or version runs, by the labels that abra stamps: pure.

use crate::cause::CauseClass;
use crate::name::{StackName, Version};
use crate::observation::{Observation, ServiceState};
use crate::platform::Revision;

/// The labels name something else than what was to be deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What should have been seen.
    pub expected: String,
    /// What was.
    pub seen: String,
    /// What the labels do name, if they name another commit or version.
    pub named: Option<String>,
}

impl Mismatch {
    /// Returns whose fault it is. `labeled` is the version that the recipe's own files carry at the revision: one that
    /// runs under it although the revision is another release was forgotten there. A commit or version that was not
    /// asked for is no recipe's doing: whoever checked it out or deployed it took another one.
    pub fn class(&self, labeled: Option<&Version>) -> CauseClass {
        match &self.named {
            None => CauseClass::Recipe,
            Some(named) if labeled.is_some_and(|v| v.to_string() == *named) => CauseClass::Recipe,
            Some(_) => CauseClass::Harness,
        }
    }
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
    let expected = format!("the label {key} to name {}", revision.commit.short());
    Err(Mismatch { expected, seen, named: label(observation, &key).map(str::to_owned) })
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
            named: None,
        });
    };
    let seen = match label(observation, &key) {
        Some(seen) if seen == wanted => return Ok(()),
        Some(seen) => seen.to_owned(),
        None => "no service carries that label".to_owned(),
    };
    let named = label(observation, &key).map(str::to_owned);
    Err(Mismatch { expected: format!("the label {key} to be {wanted}"), seen, named })
}

/// Returns a label's value on service `app`, or else on the first service that carries it.
pub fn label<'a>(observation: &'a Observation, key: &str) -> Option<&'a str> {
    let value = |service: &'a ServiceState| service.labels.get(key).map(String::as_str);
    let app = observation.services.iter().filter(|s| s.name.as_str() == "app");
    app.chain(&observation.services).find_map(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::sample;
    use crate::name::{Commit, Domain};

    fn stack() -> StackName {
        StackName::from(&Domain::try_from("cust-123456.example.org".to_owned()).unwrap())
    }

    /// Services, each with its labels; `S` stands for the stack's name.
    fn seen(services: &[(&str, &[(&str, &str)])]) -> Observation {
        let of = |(name, labels): &(&str, &[(&str, &str)])| {
            let mut service = sample::service(name, Vec::new());
            let named = |(k, v): &(&str, &str)| (k.replace('S', stack().as_str()), (*v).to_owned());
            service.labels = labels.iter().map(named).collect();
            service
        };
        sample::observation(0, services.iter().map(of).collect())
    }

    fn revision(version: Option<&str>) -> Revision {
        Revision {
            commit: Commit::try_from("9".repeat(40)).unwrap(),
            version: version.map(|v| Version::try_from(v.to_owned()).unwrap()),
        }
    }

    fn mismatch(observation: &Observation, version: Option<&str>) -> Option<String> {
        names(&stack(), observation, &revision(version)).err().map(|m| m.seen)
    }

    const STAMP: &str = "coop-cloud.S.chaos-version";
    const CHAOS: &str = "coop-cloud.S.chaos";
    const VERSION: &str = "coop-cloud.S.version";

    #[test]
    fn a_chaos_deploy_is_named_by_its_commit() {
        let stamped = |stamp| seen(&[("app", &[(CHAOS, "true"), (STAMP, stamp)])]);
        assert_eq!(mismatch(&stamped("99999999"), None), None);
        assert_eq!(mismatch(&stamped("99999999+U"), None), None);
        let other = mismatch(&stamped("11111111"), None).unwrap();
        assert!(other.starts_with("11111111: what runs is another commit"), "{other}");
        let none = mismatch(&seen(&[("app", &[(VERSION, "2.0.0+2")])]), Some("2.0.0+2"));
        assert_eq!(none.as_deref(), Some("no service carries that label"));
    }

    #[test]
    fn a_pinned_deploy_is_named_by_its_version() {
        let pinned = |version| {
            seen(&[("app", &[(CHAOS, "false"), (STAMP, "11111111"), (VERSION, version)])])
        };
        assert_eq!(mismatch(&pinned("2.0.0+2"), Some("2.0.0+2")), None);
        assert_eq!(mismatch(&pinned("1.0.0+1"), Some("2.0.0+2")).as_deref(), Some("1.0.0+1"));
        assert!(mismatch(&pinned("2.0.0+2"), None).unwrap().contains("without one"));
        let bare = seen(&[("app", &[(CHAOS, "false")])]);
        let bare = mismatch(&bare, Some("2.0.0+2"));
        assert_eq!(bare.as_deref(), Some("no service carries that label"));
    }

    #[test]
    fn what_nobody_asked_for_is_not_the_recipes_and_a_forgotten_label_is() {
        let version = |v: &str| Version::try_from(v.to_owned()).unwrap();
        let class = |observation: &Observation, wanted, labeled: Option<&str>| {
            let wrong = names(&stack(), observation, &revision(wanted)).unwrap_err();
            wrong.class(labeled.map(version).as_ref())
        };
        let stamped = seen(&[("app", &[(CHAOS, "true"), (STAMP, "11111111")])]);
        assert_eq!(class(&stamped, None, Some("1.0.0+1")), CauseClass::Harness);
        let pinned = seen(&[("app", &[(CHAOS, "false"), (VERSION, "1.0.0+1")])]);
        assert_eq!(class(&pinned, Some("2.0.0+2"), Some("1.0.0+1")), CauseClass::Recipe);
        assert_eq!(class(&pinned, Some("2.0.0+2"), Some("2.0.0+2")), CauseClass::Harness);
        assert_eq!(class(&seen(&[("app", &[])]), None, None), CauseClass::Recipe);
    }

    #[test]
    fn the_service_named_app_speaks_first() {
        let both = seen(&[("aaa", &[("x", "other")]), ("app", &[("x", "app")])]);
        assert_eq!(label(&both, "x"), Some("app"));
        let one = seen(&[("app", &[]), ("web", &[("x", "web")])]);
        assert_eq!(label(&one, "x"), Some("web"));
        assert_eq!(label(&one, "y"), None);
    }
}
