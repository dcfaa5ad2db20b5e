//! How soon readiness is noticed: the time from the engine's own word that a task runs to the decision that the app has
//! converged. A real service goes from 0 to 1 task, again and again. Between the node's stamp and the API lies Swarm's
//! own reporting, so both are measured.

use std::time::Duration;

use bollard::models::{Service, ServiceSpec};
use bollard::query_parameters::{InspectServiceOptions, UpdateServiceOptionsBuilder};
use harness_abra::engine::{Engine, Watch};
use harness_core::converge::{Before, decide};
use harness_core::name::{Domain, ServiceName, StackName};
use harness_core::observation::{Observation, TaskState};
use harness_core::wait::{Hint, Pace, Readiness, until};
use jiff::Timestamp;

/// Counted starts.
const STARTS: usize = 100;

/// Where the engine of the local test server is.
const HOST: &str = "unix:///var/run/docker.sock";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let engine = Engine::connect(HOST).await.expect("an engine");
    engine.check_test_server().await.expect("a test server");
    let docker = bollard::Docker::connect_with_unix(HOST, 20, bollard::API_DEFAULT_VERSION)
        .expect("a socket");
    let docker = docker.negotiate_version().await.expect("an engine");
    let domain = Domain::try_from("bnch-000000.ccci.test".to_owned()).expect("a domain");
    let stack = StackName::from(&domain);
    let limit = Duration::from_secs(60);
    engine
        .remove_running(&stack, harness_abra::engine::Stopping::AtOnce, limit)
        .await
        .expect("a clean start");
    docker.create_service(spec(&stack, 0), None).await.expect("a service");
    let watch = Watch::begin(&engine);
    watch.mind(stack.as_str());
    let (mut late, mut unseen) = (Vec::new(), Vec::new());
    let shown = Shown::begin(&stack);
    for _ in 0..STARTS {
        scale(&docker, &stack, 1).await;
        let stamp = one_start(&engine, &stack, watch.hint()).await;
        let noticed = Timestamp::now().as_millisecond();
        late.push(noticed - stamp.as_millisecond());
        unseen.push((noticed - shown.running_since().await).max(0));
        scale(&docker, &stack, 0).await;
        gone(&engine, &stack, watch.hint()).await;
    }
    engine
        .remove_running(&stack, harness_abra::engine::Stopping::AtOnce, limit)
        .await
        .expect("a clean end");
    for (what, mut figures) in
        [("the engine's API showed it", unseen), ("the node stamped it", late)]
    {
        figures.sort_unstable();
        let (p50, p99) = (figures[STARTS / 2], figures[STARTS * 99 / 100]);
        println_line(&format!(
            "bench    readiness noticed after {what}: p50 {p50} ms, p99 {p99} ms ({STARTS} starts; goals 50 and 300 ms)"
        ));
    }
}

/// Asks the engine all the time, in a thread of its own, so that the moment when its API first shows a running task is
/// known to a few milliseconds.
struct Shown {
    since: tokio::sync::watch::Receiver<Option<i64>>,
}

impl Shown {
    fn begin(stack: &StackName) -> Self {
        let (sender, since) = tokio::sync::watch::channel(None);
        let stack = stack.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                let engine = Engine::connect(HOST).await.expect("an engine");
                while !sender.is_closed() {
                    let running =
                        engine.observe(&stack).await.is_ok_and(|seen| stamped(&seen).is_some());
                    let now = Timestamp::now().as_millisecond();
                    sender.send_if_modified(|since| {
                        let changed = since.is_some() != running;
                        *since = running.then(|| since.unwrap_or(now));
                        changed
                    });
                }
            });
        });
        Self { since }
    }

    async fn running_since(&self) -> i64 {
        let mut since = self.since.clone();
        let shown = since.wait_for(Option::is_some).await.expect("the thread goes on");
        shown.unwrap_or_default()
    }
}

fn println_line(line: &str) {
    use std::io::Write as _;
    // A reader that has gone away is no error of the benchmark.
    drop(writeln!(std::io::stdout(), "{line}"));
}

fn spec(stack: &StackName, replicas: i64) -> ServiceSpec {
    let json = serde_json::json!({
        "Name": format!("{stack}_app"),
        "Labels": { "com.docker.stack.namespace": stack.as_str() },
        "TaskTemplate": {
            "ContainerSpec": {
                "Image": "nginx:1.22.1",
                "Labels": { "com.docker.stack.namespace": stack.as_str() },
                "StopGracePeriod": 100_000_000,
            },
            "RestartPolicy": { "Condition": "any" },
        },
        "Mode": { "Replicated": { "Replicas": replicas } },
        "EndpointSpec": { "Mode": "dnsrr" },
    });
    serde_json::from_value(json).expect("a service specification")
}

async fn scale(docker: &bollard::Docker, stack: &StackName, replicas: i64) {
    let name = format!("{stack}_app");
    let service: Service =
        docker.inspect_service(&name, None::<InspectServiceOptions>).await.expect("the service");
    let version = service.version.and_then(|v| v.index).unwrap_or_default();
    let options = UpdateServiceOptionsBuilder::new()
        .version(i32::try_from(version).unwrap_or_default())
        .build();
    docker.update_service(&name, spec(stack, replicas), options, None).await.expect("an update");
}

/// Waits until the app has converged and returns when its node stamped the task as running.
async fn one_start(engine: &Engine, stack: &StackName, hint: &Hint) -> Timestamp {
    let services = [ServiceName::try_from("app".to_owned()).expect("a service name")];
    let look = async || {
        let seen = engine.observe(stack).await.expect("an observation");
        let running = stamped(&seen);
        match (decide(&seen, &services, &Before::nothing()), running) {
            (Readiness::Ready(()), Some(stamp)) => Readiness::Ready(stamp),
            (Readiness::Ready(()), None) => Readiness::NotYet("no task".to_owned()),
            (Readiness::NotYet(status), _) => Readiness::NotYet(status),
            (Readiness::Hopeless(cause), _) => Readiness::Hopeless(cause),
        }
    };
    until(Pace::within(Duration::from_secs(60)), hint, look, |_| {}).await.expect("it converges")
}

fn stamped(seen: &Observation) -> Option<Timestamp> {
    let task = seen
        .services
        .first()?
        .tasks
        .iter()
        .find(|t| t.should_run && t.state == TaskState::Running)?;
    Some(task.since)
}

async fn gone(engine: &Engine, stack: &StackName, hint: &Hint) {
    let look = async || {
        let seen = engine.observe(stack).await.expect("an observation");
        let left = seen
            .services
            .iter()
            .flat_map(|s| &s.tasks)
            .filter(|t| t.state == TaskState::Running)
            .count();
        if left == 0 {
            Readiness::Ready(())
        } else {
            Readiness::NotYet(format!("{left} tasks run"))
        }
    };
    until(Pace::within(Duration::from_secs(60)), hint, look, |_| {}).await.expect("the task ends");
}
