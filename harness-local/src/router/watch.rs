//! Following the engine. An event says "look again"; what counts is the whole state, read anew.
//! Main function: [`follow`].

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerSummary, EventMessage, Service, Task, TaskState};
use bollard::query_parameters::{
    EventsOptionsBuilder, ListContainersOptionsBuilder, ListTasksOptionsBuilder,
};
use futures_util::{Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::backends::{SeenService, SeenTask, Table};

/// Behind the event stream, in case it dies.
const POLL: Duration = Duration::from_secs(2);

/// When to look after an event, in milliseconds: swarm learns of a container's state a little after its event.
const LOOKS_AFTER_EVENT: [u64; 8] = [0, 20, 50, 90, 140, 250, 500, 1000];

type Events = Pin<Box<dyn Stream<Item = Result<EventMessage, bollard::errors::Error>> + Send>>;

/// Publishes a new table whenever services or tasks change. Never ends; while the engine is silent, the last table
/// stays.
pub async fn follow(docker: Docker, network: &str, table: &watch::Sender<Arc<Table>>) {
    let mut events = subscribe(&docker);
    let mut looks = Looks::after_event(Instant::now());
    loop {
        match timeout_at(looks.next(), events.next()).await {
            Ok(Some(Ok(_event))) => looks = Looks::after_event(Instant::now()),
            Ok(Some(Err(_)) | None) => {
                tracing::warn!("the event stream ended, polling");
                events = Box::pin(futures_util::stream::pending());
                looks = Looks::polling(Instant::now());
            }
            Err(_elapsed) => {
                if looks.is_polling() {
                    events = subscribe(&docker);
                }
                look(&docker, network, table).await;
                looks.advance(Instant::now());
            }
        }
    }
}

async fn look(docker: &Docker, network: &str, table: &watch::Sender<Arc<Table>>) {
    match read(docker, network).await {
        Ok(seen) => {
            table.send_if_modified(|old| {
                let changed = **old != seen;
                if changed {
                    log(&seen);
                    *old = Arc::new(seen);
                }
                changed
            });
        }
        Err(error) => tracing::warn!(%error, "the engine could not be read"),
    }
}

/// Reads services, tasks and containers and puts them together.
///
/// # Errors
/// The engine does not answer.
pub async fn read(docker: &Docker, network: &str) -> Result<Table, bollard::errors::Error> {
    let running =
        ListTasksOptionsBuilder::new().filters(&filter("desired-state", &["running"])).build();
    let on_network =
        ListContainersOptionsBuilder::new().filters(&filter("network", &[network])).build();
    let (services, tasks, containers) = tokio::try_join!(
        docker.list_services(None),
        docker.list_tasks(Some(running)),
        docker.list_containers(Some(on_network)),
    )?;
    let services: Vec<_> = services.into_iter().filter_map(seen_service).collect();
    let tasks: Vec<_> = tasks.into_iter().filter_map(seen_task).collect();
    let addresses: BTreeMap<_, _> =
        containers.into_iter().filter_map(|c| address(c, network)).collect();
    Ok(Table::new(&services, &tasks, &addresses))
}

fn filter(name: &str, values: &[&str]) -> HashMap<String, Vec<String>> {
    HashMap::from([(name.to_owned(), values.iter().map(|v| (*v).to_owned()).collect())])
}

fn subscribe(docker: &Docker) -> Events {
    let mut filters = filter("type", &["container", "service", "network"]);
    // Without the commands of health checks, of which there are many.
    let actions = [
        "start",
        "die",
        "kill",
        "health_status",
        "create",
        "update",
        "remove",
        "connect",
        "disconnect",
    ];
    filters.extend(filter("event", &actions));
    Box::pin(docker.events(Some(EventsOptionsBuilder::new().filters(&filters).build())))
}

fn seen_service(service: Service) -> Option<SeenService> {
    let spec = service.spec?;
    let labels = spec.labels.unwrap_or_default().into_iter().collect();
    Some(SeenService { id: service.id?, name: spec.name.unwrap_or_default(), labels })
}

fn seen_task(task: Task) -> Option<SeenTask> {
    let status = task.status?;
    let running = status.state == Some(TaskState::RUNNING);
    let container = status.container_status.and_then(|c| c.container_id);
    Some(SeenTask { service: task.service_id?, container, running })
}

fn address(container: ContainerSummary, network: &str) -> Option<(String, IpAddr)> {
    let mut networks = container.network_settings?.networks?;
    let ip = networks.remove(network)?.ip_address?.parse().ok()?;
    Some((container.id?, ip))
}

fn log(table: &Table) {
    for entry in table.entries() {
        tracing::info!(service = %entry.service, router = %entry.route.router, addresses = ?entry.addresses, "route");
    }
    for (service, error) in table.unusable() {
        tracing::warn!(%service, error = %error, "router without effect");
    }
}

/// When to look next.
#[derive(Debug)]
struct Looks {
    from: Instant,
    done: usize,
}

impl Looks {
    fn after_event(at: Instant) -> Self {
        Self { from: at, done: 0 }
    }

    fn polling(at: Instant) -> Self {
        Self { from: at, done: LOOKS_AFTER_EVENT.len() }
    }

    fn next(&self) -> Instant {
        self.from + LOOKS_AFTER_EVENT.get(self.done).map_or(POLL, |ms| Duration::from_millis(*ms))
    }

    fn is_polling(&self) -> bool {
        self.done >= LOOKS_AFTER_EVENT.len()
    }

    fn advance(&mut self, now: Instant) {
        if self.is_polling() {
            self.from = now;
        } else {
            self.done += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_an_event_it_looks_often_and_then_seldom() {
        let event = Instant::now();
        let mut looks = Looks::after_event(event);
        assert_eq!(looks.next(), event);
        for _ in 0..LOOKS_AFTER_EVENT.len() {
            assert!(!looks.is_polling());
            looks.advance(looks.next());
        }
        assert!(looks.is_polling());
        assert_eq!(looks.next(), event + POLL);
        let late = event + Duration::from_secs(60);
        looks.advance(late);
        assert_eq!(looks.next(), late + POLL);
    }
}
