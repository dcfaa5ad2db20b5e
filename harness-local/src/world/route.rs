//! The router: which app answers for a host, by the services' own labels.

use std::collections::BTreeMap;

use harness_core::observation::TaskState;

use super::image::{Request, Response};
use super::inside::Purpose;
use super::ports::Connection;
use super::state::{Service, Task, World};
use crate::router::rules::{Route, routes_of_labels};

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routed {
    /// No router knows the host.
    Unknown,
    /// The app is known and nothing of it runs.
    NoBackend,
    /// What runs does not listen on the port that the labels name.
    Refused,
    /// The app's answer.
    Answered(Response),
}

/// The network that the router is on.
pub(super) const ROUTED: &str = "proxy";

impl World {
    /// Takes a request through the router, and returns what the app itself answers.
    pub(super) fn honestly_route(&mut self, host: &str, request: &Request) -> Routed {
        let Some((service, route)) = self.led_to(host, request) else { return Routed::Unknown };
        if let Some(routed) = self.misrouted(&service) {
            return routed;
        }
        let Some(container) = self.backend(&service) else { return Routed::NoBackend };
        let request = forwarded(request, host);
        let answer = self.with_inside(&container, Purpose::Exec, |inside, player| {
            if inside.serves { player.answer(inside, route.port, &request) } else { None }
        });
        match answer.flatten() {
            Some(answer) => Routed::Answered(self.misanswered(&container, answer)),
            None => Routed::Refused,
        }
    }

    /// Takes over the connection of a request whose answer said that it switches (101): returns it with what the app
    /// says first. What is said on it goes to the image's `converse`, which knows the request's path as `path`.
    pub(crate) fn taken_over(
        &mut self,
        host: &str,
        request: &Request,
    ) -> Option<(Connection, Vec<u8>)> {
        let (service, route) = self.led_to(host, request)?;
        let container = self.backend(&service)?;
        let mut connection = Connection::of_request(container, route.port, &request.path);
        let greeting = self.say_on(&mut connection, &[]);
        Some((connection, greeting.bytes))
    }

    /// Returns the service that the router's rules lead a request to.
    pub(super) fn led_to(&self, host: &str, request: &Request) -> Option<(String, Route)> {
        led_to(&self.services, host, request)
    }

    /// Returns the newest running container of a service that the router can reach.
    fn backend(&self, service: &str) -> Option<String> {
        newest(&self.tasks, service).filter(|id| self.containers.get(id).is_some_and(|c| c.runs))
    }
}

/// Returns the service that the router's rules lead a request to.
pub(super) fn led_to(
    services: &BTreeMap<String, Service>,
    host: &str,
    request: &Request,
) -> Option<(String, Route)> {
    let path = request.path.split('?').next().unwrap_or_default();
    services
        .iter()
        .flat_map(|(name, s)| {
            let routes = routes_of_labels(&s.spec.labels).0;
            routes.into_iter().map(move |route| (name, route))
        })
        .filter(|(_, route)| route.matcher.matches(host, path))
        .max_by_key(|(_, route)| route.priority)
        .map(|(name, route)| (name.clone(), route))
}

/// Returns the container of the newest task of a service that the router can reach.
pub(super) fn newest(tasks: &BTreeMap<String, Task>, service: &str) -> Option<String> {
    let reached = tasks.values().filter(|t| {
        t.service == service
            && t.state == TaskState::Running
            && t.spec.networks.iter().any(|n| n == ROUTED)
    });
    reached.max_by_key(|t| t.number)?.container.clone()
}

/// Returns a request as the router hands it on.
pub(super) fn forwarded(request: &Request, host: &str) -> Request {
    let mut request = request.clone();
    request.headers.push(("x-forwarded-proto".to_owned(), "https".to_owned()));
    request.headers.push(("x-forwarded-host".to_owned(), host.to_owned()));
    request
}
