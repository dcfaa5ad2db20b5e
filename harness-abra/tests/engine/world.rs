//! What a test has: an engine, a stack of its own, and a way to leave nothing behind.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use bollard::Docker;
use bollard::models::{ServiceSpec, VolumeCreateRequest};
use futures_util::FutureExt;
use harness_abra::engine::{Engine, STACK_LABEL, Stopping};
use harness_core::converge::{Before, decide};
use harness_core::name::{Domain, RecipeName, RunId, ServiceName, StackName};
use harness_core::platform::App;
use harness_core::wait::{Hint, Pace, WaitError, until};
use serde_json::{Value, json};

pub(crate) const DOCKER_HOST: &str = "unix:///var/run/docker.sock";

/// A small image that every test server has.
pub(crate) const IMAGE: &str = "nginx:1.22.1";

pub(crate) struct World {
    pub(crate) docker: Docker,
    pub(crate) engine: Engine,
    pub(crate) app: App,
}

impl World {
    /// Runs a test in a stack of its own, and takes the stack away however the test ends.
    pub(crate) async fn run(tag: &str, test: impl AsyncFnOnce(&Self)) {
        if !is_asked_for() {
            return;
        }
        let world = Self::new(tag).await;
        world.remove().await;
        let ended = AssertUnwindSafe(test(&world)).catch_unwind().await;
        world.remove().await;
        if let Err(panic) = ended {
            std::panic::resume_unwind(panic);
        }
    }

    async fn new(tag: &str) -> Self {
        let domain = Domain::try_from(format!("habr-{tag}.ccci.test")).unwrap();
        let app = App {
            recipe: RecipeName::try_from("mini".to_owned()).unwrap(),
            stack: StackName::from(&domain),
            run: RunId::try_from(format!("engine-test-{tag}")).unwrap(),
            domain,
        };
        let engine = Engine::connect(DOCKER_HOST).await.unwrap();
        engine.check_test_server().await.unwrap();
        let docker = Docker::connect_with_unix(DOCKER_HOST, 60, bollard::API_DEFAULT_VERSION);
        let docker = docker.unwrap().negotiate_version().await.unwrap();
        Self { docker, engine, app }
    }

    pub(crate) fn stack(&self) -> &StackName {
        &self.app.stack
    }

    pub(crate) fn full(&self, name: &str) -> String {
        format!("{}_{name}", self.app.stack)
    }

    /// Creates a service of the stack from what is particular about its task.
    pub(crate) async fn service(&self, name: &str, task: Value, more: Value) {
        let mut spec = json!({
            "Name": self.full(name),
            "Labels": {STACK_LABEL: self.app.stack},
            "TaskTemplate": {"ContainerSpec": {"Image": IMAGE, "Labels": {STACK_LABEL: self.app.stack}}},
            "EndpointSpec": {"Mode": "dnsrr"},
        });
        merge(&mut spec["TaskTemplate"], &task);
        merge(&mut spec, &more);
        let spec: ServiceSpec = serde_json::from_value(spec).unwrap();
        self.docker.create_service(spec, None).await.unwrap();
    }

    pub(crate) async fn volume(&self, name: &str) {
        let labels = HashMap::from([(STACK_LABEL.to_owned(), self.app.stack.to_string())]);
        let name = Some(self.full(name));
        let request = VolumeCreateRequest { name, labels: Some(labels), ..Default::default() };
        self.docker.create_volume(request).await.unwrap();
    }

    /// Waits until services have converged.
    pub(crate) async fn converge(&self, names: &[&str], limit: u64) -> Result<(), WaitError> {
        let names: Vec<ServiceName> = names.iter().map(|n| service(n)).collect();
        let look = async || {
            let seen = self.engine.observe(self.stack()).await.unwrap();
            decide(&seen, &names, &Before::nothing())
        };
        until(Pace::within(Duration::from_secs(limit)), &Hint::default(), look, |_| {}).await
    }

    async fn remove(&self) {
        let limit = Duration::from_secs(40);
        self.engine.remove_running(self.stack(), Stopping::AtOnce, limit).await.unwrap();
        self.engine.remove_kept(self.stack(), limit).await.unwrap();
    }
}

pub(crate) fn service(name: &str) -> ServiceName {
    ServiceName::try_from(name.to_owned()).unwrap()
}

/// Returns whether the tests were asked for, and says so when they were not.
#[expect(clippy::disallowed_methods, reason = "a test binary reads its own switch")]
#[expect(clippy::print_stderr, reason = "a skip must be seen")]
pub(crate) fn is_asked_for() -> bool {
    let asked = std::env::var_os("CCCI_ENGINE_TESTS").is_some();
    if !asked {
        eprintln!(
            "NOT RUN: CCCI_ENGINE_TESTS is unset; `cargo xtask test` sets it where there is a test server"
        );
    }
    asked
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
