//! From service labels to routes. Pure. Main type: [`Route`].

use std::collections::{BTreeMap, BTreeSet};

use super::matcher::{InvalidRule, Matcher};
use thiserror::Error;

/// One of a service's routers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The name of the router in the labels.
    pub router: String,
    /// Which requests it takes.
    pub matcher: Matcher,
    /// The port that the service's tasks listen on.
    pub port: u16,
    /// Of several routers that match, the one with the highest priority answers: the longest rule, unless it says.
    pub priority: usize,
}

/// Why a router in the labels leads nowhere.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UnusableRouter {
    /// Its rule cannot be read.
    #[error("router `{router}` has a rule that cannot be read")]
    Rule {
        /// The router.
        router: String,
        /// What is wrong with the rule.
        #[source]
        source: InvalidRule,
    },
    /// No port is known for it.
    #[error("router `{router}` has no `traefik.http.services.<name>.loadbalancer.server.port`")]
    NoPort {
        /// The router.
        router: String,
    },
    /// It leaves open which of several services it means.
    #[error("router `{router}` names none of the services {services:?}")]
    NoService {
        /// The router.
        router: String,
        /// The services that the labels define.
        services: Vec<String>,
    },
}

/// Returns the routes of a service with these labels, and what could not be used.
/// Without `traefik.enable=true` there are none.
pub fn routes_of_labels(labels: &BTreeMap<String, String>) -> (Vec<Route>, Vec<UnusableRouter>) {
    if labels.get("traefik.enable").is_none_or(|v| !v.eq_ignore_ascii_case("true")) {
        return (Vec::new(), Vec::new());
    }
    let ports = ports(labels);
    let mut routes = Vec::new();
    let mut unusable = Vec::new();
    for router in routers(labels) {
        match route(labels, &ports, &router) {
            Ok(Some(route)) => routes.push(route),
            Ok(None) => {}
            Err(error) => unusable.push(error),
        }
    }
    (routes, unusable)
}

fn routers(labels: &BTreeMap<String, String>) -> BTreeSet<String> {
    let names =
        labels.keys().filter_map(|k| k.strip_prefix("traefik.http.routers.")?.split_once('.'));
    names.map(|(router, _)| router.to_owned()).collect()
}

fn ports(labels: &BTreeMap<String, String>) -> BTreeMap<String, u16> {
    let ports = labels.iter().filter_map(|(key, value)| {
        let service = key
            .strip_prefix("traefik.http.services.")?
            .strip_suffix(".loadbalancer.server.port")?;
        Some((service.to_owned(), value.trim().parse().ok()?))
    });
    ports.collect()
}

fn route(
    labels: &BTreeMap<String, String>,
    ports: &BTreeMap<String, u16>,
    router: &str,
) -> Result<Option<Route>, UnusableRouter> {
    let key = |name: &str| labels.get(&format!("traefik.http.routers.{router}.{name}"));
    let Some(rule) = key("rule") else { return Ok(None) };
    let matcher = Matcher::parse(rule)
        .map_err(|source| UnusableRouter::Rule { router: router.to_owned(), source })?;
    let port = match key("service") {
        Some(service) => ports.get(service),
        None if ports.len() > 1 => {
            let services = ports.keys().cloned().collect();
            return Err(UnusableRouter::NoService { router: router.to_owned(), services });
        }
        None => ports.values().next(),
    };
    let port = *port.ok_or_else(|| UnusableRouter::NoPort { router: router.to_owned() })?;
    let priority =
        key("priority").and_then(|p| p.parse().ok()).filter(|p| *p > 0).unwrap_or(rule.len());
    Ok(Some(Route { router: router.to_owned(), matcher, port, priority }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    const APP: &[(&str, &str)] = &[
        ("traefik.enable", "true"),
        ("traefik.http.services.x.loadbalancer.server.port", "80"),
        ("traefik.http.routers.x.rule", "Host(`a.test`) || Host(`b.test`)"),
        ("traefik.http.routers.x.entrypoints", "web-secure"),
        ("traefik.http.routers.x.tls.certresolver", "production"),
    ];

    #[test]
    fn a_recipe_with_the_usual_labels_has_one_route() {
        let (routes, unusable) = routes_of_labels(&labels(APP));
        assert_eq!((routes.len(), unusable.len()), (1, 0));
        assert_eq!((routes[0].port, routes[0].router.as_str()), (80, "x"));
        assert!(routes[0].matcher.matches("b.test", "/"));
    }

    #[test]
    fn a_service_that_is_not_enabled_has_none() {
        assert_eq!(routes_of_labels(&labels(&APP[1..])).0, []);
    }

    #[test]
    fn a_router_without_a_port_is_named() {
        let without: Vec<_> =
            APP.iter().copied().filter(|(k, _)| !k.contains("services")).collect();
        let (routes, unusable) = routes_of_labels(&labels(&without));
        assert_eq!(routes, []);
        assert_eq!(unusable, [UnusableRouter::NoPort { router: "x".into() }]);
    }

    #[test]
    fn a_second_router_may_name_its_service() {
        let mut all = labels(APP);
        all.extend(labels(&[
            ("traefik.http.services.y.loadbalancer.server.port", "81"),
            ("traefik.http.routers.y.rule", "Host(`y.test`)"),
            ("traefik.http.routers.y.service", "y"),
            ("traefik.http.routers.y.priority", "3"),
        ]));
        let (routes, unusable) = routes_of_labels(&all);
        assert_eq!(routes.iter().map(|r| (r.port, r.priority)).collect::<Vec<_>>(), [(81, 3)]);
        assert!(
            matches!(&unusable[..], [UnusableRouter::NoService { router, .. }] if router == "x")
        );
    }

    #[test]
    fn an_unreadable_rule_spoils_its_own_router_only() {
        let mut all = labels(APP);
        all.extend(labels(&[("traefik.http.routers.z.rule", "HostRegexp(`.*`)")]));
        let (routes, unusable) = routes_of_labels(&all);
        assert_eq!(routes.len(), 1);
        assert!(matches!(&unusable[..], [UnusableRouter::Rule { router, .. }] if router == "z"));
    }
}
