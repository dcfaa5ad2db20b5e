//! Everything that exists on an engine, read at once. The reading is pure.

use std::collections::HashMap;

use bollard::models::{Config, ContainerSummary, Network, Secret, Service, Task, Volume};
use camino::Utf8Path;
use harness_core::census::{Census, Item, Kind};
use harness_core::name::{Domain, StackName};

use super::connect::Engine;
use super::error::EngineError;
use super::stack_of::Stacks;
use super::tasks::is_there;

/// Networks that every engine has.
const PREDEFINED: [&str; 5] = ["bridge", "host", "none", "ingress", "docker_gwbridge"];

/// The engine's lists.
#[derive(Clone, Debug, Default)]
struct Lists {
    services: Vec<Service>,
    tasks: Vec<Task>,
    containers: Vec<ContainerSummary>,
    networks: Vec<Network>,
    volumes: Vec<Volume>,
    secrets: Vec<Secret>,
    configs: Vec<Config>,
}

impl Engine {
    /// Lists everything that exists on the engine, and the env files of apps below `servers`.
    ///
    /// # Errors
    /// The engine does not answer.
    pub async fn census(
        &self,
        servers: &Utf8Path,
        mut stacks: Stacks,
    ) -> Result<Census, EngineError> {
        let (services, tasks, containers, networks, volumes, secrets, configs) = tokio::try_join!(
            self.services(None),
            self.tasks(None),
            self.containers(None),
            self.networks(None),
            self.volumes(),
            self.secrets(),
            self.configs(),
        )?;
        let lists = Lists { services, tasks, containers, networks, volumes, secrets, configs };
        let apps = apps_below(servers);
        for app in &apps {
            stacks.add(StackName::from(app).as_str());
        }
        Ok(census_of(&lists, &apps, stacks))
    }
}

/// Returns the apps whose env files lie in the folders of the servers.
fn apps_below(servers: &Utf8Path) -> Vec<Domain> {
    let entries = |dir: &Utf8Path| {
        let read = dir.read_dir_utf8().into_iter().flatten();
        read.filter_map(Result::ok).map(|e| e.path().to_owned()).collect::<Vec<_>>()
    };
    let files = entries(servers).into_iter().flat_map(|server| entries(&server));
    let domain = |file: camino::Utf8PathBuf| {
        Domain::try_from(file.file_name()?.strip_suffix(".env")?.to_owned()).ok()
    };
    files.filter_map(domain).collect()
}

/// Reads the engine's lists.
fn census_of(lists: &Lists, apps: &[Domain], mut stacks: Stacks) -> Census {
    learn(lists, &mut stacks);
    let item = |kind, name: &str, labels: Option<&HashMap<String, String>>| Item {
        kind,
        name: name.to_owned(),
        stack: stacks.of(name, labels),
    };
    let mut census = Census::default();
    for service in &lists.services {
        let Some(spec) = &service.spec else { continue };
        let name = spec.name.as_deref().unwrap_or_default();
        census.items.insert(item(Kind::Service, name, spec.labels.as_ref()));
        for route in spec.labels.iter().flatten().filter_map(|(key, _)| route(key)) {
            let owner = stacks.of(name, spec.labels.as_ref());
            census.items.insert(Item { kind: Kind::Route, name: route.to_owned(), stack: owner });
        }
    }
    let containers: Vec<&str> = lists.containers.iter().filter_map(|c| c.id.as_deref()).collect();
    for task in lists.tasks.iter().filter(|t| is_there(t, &containers)) {
        census.items.insert(task_item(task, &lists.services, &stacks));
    }
    for container in &lists.containers {
        let name = container.names.iter().flatten().next().or(container.id.as_ref());
        let name = name.map_or("", |n| n.trim_start_matches('/'));
        census.items.insert(item(Kind::Container, name, container.labels.as_ref()));
    }
    for network in &lists.networks {
        let name = network.name.as_deref().unwrap_or_default();
        if !PREDEFINED.contains(&name) {
            census.items.insert(item(Kind::Network, name, network.labels.as_ref()));
        }
    }
    for volume in &lists.volumes {
        census.items.insert(item(Kind::Volume, &volume.name, Some(&volume.labels)));
    }
    for spec in lists.secrets.iter().filter_map(|s| s.spec.as_ref()) {
        let name = spec.name.as_deref().unwrap_or_default();
        census.items.insert(item(Kind::Secret, name, spec.labels.as_ref()));
    }
    for spec in lists.configs.iter().filter_map(|c| c.spec.as_ref()) {
        let name = spec.name.as_deref().unwrap_or_default();
        census.items.insert(item(Kind::Config, name, spec.labels.as_ref()));
    }
    for app in apps {
        let stack = Some(StackName::from(app).to_string());
        census.items.insert(Item { kind: Kind::AppEnv, name: app.to_string(), stack });
    }
    census
}

/// Makes known every stack that something names by its label.
fn learn(lists: &Lists, stacks: &mut Stacks) {
    lists.services.iter().for_each(|s| {
        stacks.add_labeled(s.spec.as_ref().and_then(|s| s.labels.as_ref()));
    });
    lists.containers.iter().for_each(|c| stacks.add_labeled(c.labels.as_ref()));
    lists.networks.iter().for_each(|n| stacks.add_labeled(n.labels.as_ref()));
    lists.volumes.iter().for_each(|v| stacks.add_labeled(Some(&v.labels)));
}

/// Returns the router's name for a route, from `traefik.http.routers.<name>.rule`.
fn route(label: &str) -> Option<&str> {
    label.strip_prefix("traefik.http.routers.")?.strip_suffix(".rule")
}

/// Names a task by its service and id. A task outlives its service for a moment, and then only its own labels say
/// whose it is.
fn task_item(task: &Task, services: &[Service], stacks: &Stacks) -> Item {
    let service = services.iter().find(|s| s.id.is_some() && s.id == task.service_id);
    let spec = service.and_then(|s| s.spec.as_ref());
    let id = task.id.as_deref().unwrap_or_default();
    let service_name = spec.and_then(|s| s.name.as_deref()).unwrap_or("of a removed service");
    let labels = task.spec.as_ref().and_then(|s| s.container_spec.as_ref()?.labels.as_ref());
    let labels = spec.and_then(|s| s.labels.as_ref()).or(labels);
    Item {
        kind: Kind::Task,
        name: format!("{service_name}.{id}"),
        stack: stacks.of(service_name, labels),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists() -> Lists {
        let read = |text| serde_json::from_str(text).unwrap();
        Lists {
            services: read(include_str!("../../fixtures/engine/20.10/services.json")),
            tasks: serde_json::from_str(include_str!("../../fixtures/engine/20.10/tasks.json"))
                .unwrap(),
            ..Lists::default()
        }
    }

    fn names(census: &Census, kind: Kind) -> Vec<String> {
        census.items.iter().filter(|i| i.kind == kind).map(|i| i.name.clone()).collect()
    }

    #[test]
    fn recorded_services_and_only_tasks_that_have_not_ended_are_listed() {
        let census = census_of(&lists(), &[], Stacks::new());
        assert_eq!(names(&census, Kind::Service).len(), 4);
        assert_eq!(names(&census, Kind::Task).len(), 3);
        assert!(census.items.iter().all(|i| i.stack.as_deref() == Some("habx-aaaaaa_ccci_test")));
    }

    #[test]
    fn secrets_without_labels_belong_to_the_stack_that_their_name_begins_with() {
        let secret: Secret = serde_json::from_str(
            r#"{"ID":"x","Spec":{"Name":"cust-1a2b3c_ccci_test_db_v1","Labels":{}}}"#,
        )
        .unwrap();
        let lists = Lists { secrets: vec![secret], ..Lists::default() };
        let app = Domain::try_from("cust-1a2b3c.ccci.test".to_owned()).unwrap();
        let mut stacks = Stacks::new();
        stacks.add(StackName::from(&app).as_str());
        let census = census_of(&lists, &[app], stacks);
        assert_eq!(census.items.len(), 2);
        assert!(census.items.iter().all(|i| i.stack.as_deref() == Some("cust-1a2b3c_ccci_test")));
    }

    #[test]
    fn a_routers_rule_is_a_route_and_an_engines_own_networks_are_nothing() {
        assert_eq!(route("traefik.http.routers.a_b.rule"), Some("a_b"));
        assert_eq!(route("traefik.http.routers.a_b.tls"), None);
        let network = |name: &str| Network { name: Some(name.to_owned()), ..Network::default() };
        let lists =
            Lists { networks: vec![network("ingress"), network("x_default")], ..Lists::default() };
        let census = census_of(&lists, &[], Stacks::new());
        assert_eq!(names(&census, Kind::Network), ["x_default"]);
    }
}
