//! Which realms of dead runs are removed. Main item: [`realms_to_reap`].

use std::collections::BTreeSet;

use harness_core::name::Domain;

use crate::realm_name::RealmName;

/// A realm as a Keycloak lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRealm {
    /// Its name.
    pub name: String,
    /// The domain that it was made for, as it says itself; none of a realm that was not made for an app.
    pub made_for: Option<String>,
}

/// Decides which realms are removed: those that were made for an app that lives no more. A realm is spared unless its
/// name has the form, it says itself what app it was made for, and the name is that app's: what people made by hand
/// has at most one of the three. Never decided by age: a run may take as long as it takes.
pub fn realms_to_reap(realms: &[SeenRealm], live: &[Domain]) -> Vec<RealmName> {
    let live: BTreeSet<RealmName> = live.iter().map(RealmName::for_app).collect();
    let ours = |realm: &SeenRealm| {
        let name = RealmName::try_from(realm.name.clone()).ok()?;
        let made_for = Domain::try_from(realm.made_for.clone()?).ok()?;
        (RealmName::for_app(&made_for) == name).then_some(name)
    };
    realms.iter().filter_map(ours).filter(|name| !live.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain(text: &str) -> Domain {
        Domain::try_from(text.to_owned()).unwrap()
    }

    fn realm(name: &str, made_for: Option<&str>) -> SeenRealm {
        SeenRealm { name: name.to_owned(), made_for: made_for.map(str::to_owned) }
    }

    #[test]
    fn only_realms_of_apps_that_live_no_more_are_removed() {
        let (dead, live) = ("gite-a1b2c3.ci.example.org", "gite-d4e5f6.ci.example.org");
        let name = |text: &str| RealmName::for_app(&domain(text));
        let dead_name = name(dead);
        let realms = [
            realm("master", None),
            realm("master", Some(dead)),
            realm("team-a1b2c3", None),
            realm("team-a1b2c3", Some(dead)),
            realm(dead_name.as_str(), None),
            realm(dead_name.as_str(), Some("no domain")),
            realm(dead_name.as_str(), Some(dead)),
            realm(name(live).as_str(), Some(live)),
        ];
        assert_eq!(realms_to_reap(&realms, &[domain(live)]), [dead_name]);
        assert!(realms_to_reap(&realms, &[domain(dead), domain(live)]).is_empty());
    }

    #[test]
    fn two_runs_at_once_never_lose_each_others() {
        let apps = ["gite-a1b2c3.ci.example.org", "gite-d4e5f6.ci.example.org"];
        let realms = apps.map(|app| realm(RealmName::for_app(&domain(app)).as_str(), Some(app)));
        assert!(realms_to_reap(&realms, &apps.map(domain)).is_empty());
        assert_eq!(realms_to_reap(&realms, &[domain(apps[1])]).len(), 1);
    }
}
