//! Which addresses stand behind a service, and the table that requests are looked up in. Pure. Main type: [`Table`].

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use super::rules::{Route, UnusableRouter, routes_of_labels};

/// A service as the engine lists it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SeenService {
    /// The engine's id.
    pub id: String,
    /// Its name, for the log.
    pub name: String,
    /// Its own labels, not its containers'.
    pub labels: BTreeMap<String, String>,
}

/// A task that swarm wants to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenTask {
    /// The service that it belongs to.
    pub service: String,
    /// Its container, once there is one.
    pub container: Option<String>,
    /// Whether its state is `running`. With a health check swarm says so only after the first healthy probe.
    pub running: bool,
}

/// One route and the addresses that serve it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The service's name.
    pub service: String,
    /// Which requests.
    pub route: Route,
    /// Where they go, in turn. None: the app is known and does not run.
    pub addresses: Vec<SocketAddr>,
}

/// All routes, those of higher priority first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    entries: Vec<Entry>,
    unusable: Vec<(String, UnusableRouter)>,
}

impl Table {
    /// Puts together what the engine said. `addresses` are those of containers on the router's network.
    pub fn new(
        services: &[SeenService],
        tasks: &[SeenTask],
        addresses: &BTreeMap<String, IpAddr>,
    ) -> Self {
        let mut table = Self::default();
        for service in services {
            let (routes, unusable) = routes_of_labels(&service.labels);
            table.unusable.extend(unusable.into_iter().map(|u| (service.name.clone(), u)));
            if routes.is_empty() {
                continue;
            }
            let ips = addresses_of(&service.id, tasks, addresses);
            table.entries.extend(routes.into_iter().map(|route| Entry {
                service: service.name.clone(),
                addresses: ips.iter().map(|ip| SocketAddr::new(*ip, route.port)).collect(),
                route,
            }));
        }
        table.entries.sort_by(|a, b| {
            b.route
                .priority
                .cmp(&a.route.priority)
                .then_with(|| a.route.router.cmp(&b.route.router))
        });
        table
    }

    /// Returns the route that takes a request for this host (without port) and path.
    pub fn find(&self, host: &str, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|e| e.route.matcher.matches(host, path))
    }

    /// Returns all routes.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the routers that lead nowhere, with their service.
    pub fn unusable(&self) -> &[(String, UnusableRouter)] {
        &self.unusable
    }
}

fn addresses_of(
    service: &str,
    tasks: &[SeenTask],
    addresses: &BTreeMap<String, IpAddr>,
) -> BTreeSet<IpAddr> {
    let running = tasks.iter().filter(|t| t.running && t.service == service);
    running.filter_map(|t| addresses.get(t.container.as_ref()?).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, rule: &str) -> SeenService {
        let labels = [
            ("traefik.enable", "true"),
            ("traefik.http.services.x.loadbalancer.server.port", "8000"),
            ("traefik.http.routers.x.rule", rule),
        ];
        let labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        SeenService { id: id.into(), name: format!("{id}_app"), labels }
    }

    fn task(service: &str, container: &str, running: bool) -> SeenTask {
        SeenTask { service: service.into(), container: Some(container.into()), running }
    }

    fn addresses(pairs: &[(&str, &str)]) -> BTreeMap<String, IpAddr> {
        pairs.iter().map(|(c, ip)| ((*c).to_owned(), ip.parse().unwrap())).collect()
    }

    #[test]
    fn only_running_tasks_on_the_network_serve() {
        let tasks = [
            task("s", "up", true),
            task("s", "starting", false),
            task("s", "elsewhere", true),
            task("t", "other", true),
        ];
        let on_network =
            addresses(&[("up", "10.0.1.5"), ("starting", "10.0.1.6"), ("other", "10.0.1.7")]);
        let table = Table::new(&[service("s", "Host(`a.test`)")], &tasks, &on_network);
        let entry = table.find("a.test", "/").unwrap();
        assert_eq!(entry.addresses, ["10.0.1.5:8000".parse().unwrap()]);
    }

    #[test]
    fn a_known_app_without_a_running_task_is_found_and_has_no_address() {
        let table = Table::new(
            &[service("s", "Host(`a.test`)")],
            &[task("s", "c", false)],
            &addresses(&[]),
        );
        assert!(table.find("a.test", "/").unwrap().addresses.is_empty());
        assert_eq!(table.find("b.test", "/"), None);
    }

    #[test]
    fn the_longer_rule_answers_first() {
        let services =
            [service("s", "Host(`a.test`)"), service("t", "Host(`a.test`) && PathPrefix(`/api`)")];
        let table = Table::new(&services, &[], &addresses(&[]));
        assert_eq!(table.find("a.test", "/api/x").unwrap().service, "t_app");
        assert_eq!(table.find("a.test", "/x").unwrap().service, "s_app");
    }
}
