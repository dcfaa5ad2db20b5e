//! How it can be seen that a revision serves. Main type: [`Reach`].

use crate::name::ServiceName;
use crate::recipe::RecipeAt;
use crate::suite::Ready;

use super::defined::defined_services;

/// How it can be seen that a revision serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Whether a service has an HTTP router: then the app is asked for its health path.
    pub routed: bool,
    /// The services that stay and have a health check in the compose files.
    pub checked: Vec<ServiceName>,
    /// The compose files that the app's `COMPOSE_FILE` names.
    pub compose_files: Vec<String>,
}

impl Default for Reach {
    /// An app is asked for its health path unless its files say that it has no route.
    fn default() -> Self {
        let compose_files = vec!["compose.yml".to_owned()];
        Self { routed: true, checked: Vec::new(), compose_files }
    }
}

impl Reach {
    /// Reads a revision's files. A router label counts also where nothing enables it: a recipe that means to be routed
    /// and is not must be found out.
    pub fn of(recipe: &RecipeAt) -> Self {
        let is_router = |(label, _): &(String, String)| label.starts_with("traefik.http.routers.");
        let stays = defined_services(&recipe.compose).into_iter().filter(|s| s.stays);
        let checked = |name: &ServiceName| {
            recipe.compose.services.iter().any(|s| s.name == *name && s.has_healthcheck)
        };
        Self {
            routed: recipe.compose.services.iter().any(|s| s.labels.iter().any(is_router)),
            checked: stays.map(|s| s.name).filter(checked).collect(),
            compose_files: recipe.compose_files.clone(),
        }
    }

    /// Returns what is missing if nothing at all would show that the app serves.
    pub(super) fn lacks(&self, ready: &[Ready]) -> Option<String> {
        let is_asked = ready.iter().any(|r| r.applies(&self.compose_files));
        if self.routed || is_asked || !self.checked.is_empty() {
            return None;
        }
        let left_out = match ready.iter().find_map(|r| r.when_compose_file.as_ref()) {
            Some(file) => format!(" that applies (one waits for `{file}` in COMPOSE_FILE)"),
            None => String::new(),
        };
        Some(format!(
            "nothing would show that the app serves: no service has an HTTP router label or a health check, and the \
             suite has no `[[ready]]` probe{left_out}; add a probe to recipe.toml or a health check to the recipe"
        ))
    }

    /// Returns what stands in for the health path where there is no route.
    pub(super) fn instead(&self, ready: &[Ready]) -> Option<String> {
        if self.routed {
            return None;
        }
        let probes = ready.iter().filter(|r| r.applies(&self.compose_files));
        let probes = probes.map(|r| format!("ready probe {}", r.probe));
        let checks = self.checked.iter().map(|name| format!("the health check of `{name}`"));
        let all: Vec<String> = probes.chain(checks).collect();
        Some(format!(
            "no service has an HTTP route: the health path is not asked; what shows that the app serves: {}",
            all.join(", ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::sample::name;
    use crate::name::RecipeName;
    use crate::suite::Settings;

    fn recipe() -> RecipeName {
        RecipeName::try_from("mumble".to_owned()).expect("a recipe's name")
    }

    fn ready(text: &str) -> Vec<Ready> {
        Settings::parse(&recipe(), text).unwrap().ready
    }

    fn unrouted() -> Reach {
        Reach { routed: false, ..Reach::default() }
    }

    #[test]
    fn an_app_with_a_route_a_health_check_or_a_probe_lacks_nothing() {
        let probe = ready("[[ready]]\ntcp = '{domain}:1'\n");
        assert_eq!(Reach::default().lacks(&[]), None);
        assert_eq!(unrouted().lacks(&probe), None);
        let checked = Reach { checked: vec![name("db")], ..unrouted() };
        assert_eq!(checked.lacks(&[]), None);
        assert!(unrouted().lacks(&[]).unwrap().contains("add a probe"));
    }

    #[test]
    fn a_probe_that_does_not_apply_shows_nothing() {
        let probe = ready("[[ready]]\ntcp = '{domain}:1'\nwhen-compose-file = 'compose.x.yml'\n");
        let lacks = unrouted().lacks(&probe).unwrap();
        assert!(lacks.contains("waits for `compose.x.yml`"), "{lacks}");
        let named = Reach { compose_files: vec!["compose.x.yml".to_owned()], ..unrouted() };
        assert_eq!(named.lacks(&probe), None);
    }

    #[test]
    fn what_stands_in_for_the_health_path_is_named() {
        let probe = ready("[[ready]]\ntcp = '{domain}:7'\n");
        let reach = Reach { checked: vec![name("db")], ..unrouted() };
        let instead = reach.instead(&probe).unwrap();
        assert!(instead.contains("{domain}:7, the health check of `db`"), "{instead}");
        assert_eq!(Reach::default().instead(&probe), None);
    }
}
