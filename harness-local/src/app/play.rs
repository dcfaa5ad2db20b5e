//! For tests: a stack of stand-ins that programs can be run in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};

use super::StandIns;
use crate::world::{
    ImageSource, Io, MountSource, MountSpec, NetworkSpec, Replicas, Request, Response, RolloutSpec,
    Routed, ServiceSpec, StackSpec, TaskSpec, World,
};

/// A stack on an engine.
pub(super) struct Play {
    pub(super) world: World,
    stack: StackName,
    services: Vec<ServiceSpec>,
}

impl Play {
    pub(super) fn new() -> Self {
        let mut world = World::new(1, "2026-11-21T12:00:00Z".parse().unwrap(), Arc::new(StandIns));
        world.create_network("proxy");
        let stack = StackName::try_from("s".to_owned()).unwrap();
        Self { world, stack, services: Vec::new() }
    }

    /// Adds a service; its data lie in volumes named after it.
    pub(super) fn service(
        mut self,
        name: &str,
        image: &str,
        env: &[(&str, &str)],
        volumes: &[&str],
    ) -> Self {
        self.world.set_image(image, ImageSource::Present);
        let mut task = TaskSpec::of_image(image);
        task.networks = vec!["s_internal".to_owned()];
        task.env = env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        task.mounts = volumes
            .iter()
            .map(|target| MountSpec {
                source: MountSource::Volume(format!("s_{name}")),
                target: (*target).to_owned(),
                read_only: false,
            })
            .collect();
        self.services.push(ServiceSpec {
            name: ServiceName::try_from(name.to_owned()).unwrap(),
            labels: BTreeMap::new(),
            replicas: Replicas::Count(1),
            task: Arc::new(task),
            update: RolloutSpec::default(),
            rollback: RolloutSpec::default(),
        });
        self
    }

    /// Lets the router lead a host to a port of the last service.
    pub(super) fn routed(mut self, host: &str, port: u16) -> Self {
        let last = self.services.last_mut().unwrap();
        let name = last.name.to_string();
        let labels = [
            ("traefik.enable".to_owned(), "true".to_owned()),
            (format!("traefik.http.services.{name}.loadbalancer.server.port"), port.to_string()),
            (format!("traefik.http.routers.{name}.rule"), format!("Host(`{host}`)")),
        ];
        last.labels.extend(labels);
        let mut task = (*last.task).clone();
        task.networks.push("proxy".to_owned());
        last.task = Arc::new(task);
        self
    }

    /// Gives a service another image.
    pub(super) fn upgrade(&mut self, service: &str, image: &str) {
        self.world.set_image(image, ImageSource::Present);
        for spec in self.services.iter_mut().filter(|spec| spec.name.as_str() == service) {
            let mut task = (*spec.task).clone();
            image.clone_into(&mut task.image);
            spec.task = Arc::new(task);
        }
        self.up(10);
    }

    /// Sends a request through the router.
    pub(super) fn send(&mut self, host: &str, request: &Request) -> Response {
        match self.world.route(host, request) {
            Routed::Answered(response) => response,
            other @ (Routed::Unknown | Routed::NoBackend | Routed::Refused) => {
                panic!("{host}{}: {other:?}", request.path)
            }
        }
    }

    /// Gives the last service another entrypoint.
    pub(super) fn entrypoint(mut self, words: &[&str]) -> Self {
        let last = self.services.last_mut().unwrap();
        let mut task = (*last.task).clone();
        task.entrypoint = Some(words.iter().map(|w| (*w).to_owned()).collect());
        last.task = Arc::new(task);
        self
    }

    /// Puts the stack up and lets so many seconds pass.
    pub(super) fn up(&mut self, seconds: u64) {
        let network = |name: &str, external| NetworkSpec { name: name.to_owned(), external };
        let spec = StackSpec {
            stack: self.stack.clone(),
            services: self.services.clone(),
            networks: vec![network("s_internal", false), network("proxy", true)],
            configs: Vec::new(),
        };
        self.world.deploy_stack(spec).unwrap();
        self.wait(seconds);
    }

    /// Changes the number of tasks that each service wants.
    pub(super) fn scale(&mut self, service: &str, count: u64) {
        for spec in &mut self.services {
            if spec.name.as_str() == service {
                spec.replicas = Replicas::Count(count);
            }
        }
        self.up(5);
    }

    pub(super) fn wait(&mut self, seconds: u64) {
        self.world.advance_to(self.world.now() + Duration::from_secs(seconds));
    }

    /// Runs a script in a service; returns its code and what it printed.
    pub(super) fn run(&mut self, service: &str, script: &str) -> (i64, String, String) {
        let service = ServiceName::try_from(service.to_owned()).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let argv = ["bash", "-c", script].map(str::to_owned);
        let code = self.world.exec(&self.stack, &service, &argv, &mut io).unwrap_or(409);
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (code, text(out), text(err))
    }

    /// Runs a script that must end well; returns what it printed.
    pub(super) fn out(&mut self, service: &str, script: &str) -> String {
        let (code, out, err) = self.run(service, script);
        assert_eq!(code, 0, "{script}: {out}{err}");
        out
    }

    pub(super) fn logs(&self, service: &str) -> String {
        let service = ServiceName::try_from(service.to_owned()).unwrap();
        self.world.logs(&self.stack, &service, 100).join("\n")
    }
}
