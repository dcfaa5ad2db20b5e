//! How soon readiness is noticed: the time from the engine's own word that a container runs to the decision that the
//! app has converged. A real service goes from 0 to 1 task, again and again.

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
    let mut late = Vec::new();
    for _ in 0..STARTS {
        scale(&docker, &stack, 1).await;
        late.push(one_start(&engine, &stack, watch.hint()).await);
        scale(&docker, &stack, 0).await;
        gone(&engine, &stack, watch.hint()).await;
    }
    engine
        .remove_running(&stack, harness_abra::engine::Stopping::AtOnce, limit)
        .await
        .expect("a clean end");
    late.sort_unstable();
    let (p50, p99) = (late[STARTS / 2], late[STARTS * 99 / 100]);
    println_line(&format!(
        "bench    readiness noticed after the engine's task state: p50 {p50} ms, p99 {p99} ms ({STARTS} starts; goals 50 and 300 ms)"
    ));
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

/// Returns how many milliseconds after the engine stamped the task as running the app was seen to have converged.
async fn one_start(engine: &Engine, stack: &StackName, hint: &Hint) -> i64 {
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
    let stamp = until(Pace::within(Duration::from_secs(60)), hint, look, |_| {})
        .await
        .expect("it converges");
    Timestamp::now().as_millisecond() - stamp.as_millisecond()
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
