//! Compose files and steps in a line.

use std::time::Duration;

use harness_core::observation::UpdatePhase;

use crate::fidelity::scenario::{Act, Goal, Scenario, Step};

pub(super) const OLD: &str = "nginx:1.22.1";
pub(super) const NEW: &str = "nginx:1.26.3";

/// A restart policy in which one attempt can be told from the next.
pub(super) const ANY: &str = "restart_policy: {delay: 2s}";
pub(super) const ON_FAILURE: &str = "restart_policy: {condition: on-failure, delay: 2s}";
pub(super) const NEVER: &str = "restart_policy: {condition: none}";

/// Serves after so many seconds, and ends when it is told to.
pub(super) fn boots_in(seconds: u64) -> String {
    format!(
        "command: ['sh', '-c', 'trap \"exit 0\" TERM QUIT; sleep {seconds} & wait $$!; touch /tmp/up; while :; do sleep 0.1; done']"
    )
}

/// Never serves, does not hear that it is to end, and is killed a second later.
pub(super) const DEAF: &[&str] = &["command: ['sleep', 'infinity']", "stop_grace_period: 1s"];

/// Ends at once with this code.
pub(super) fn exits(code: u8) -> String {
    format!("command: ['sh', '-c', 'exit {code}']")
}

/// Is healthy once it serves.
pub(super) const UP: &str =
    "healthcheck: {test: ['CMD', 'test', '-f', '/tmp/up'], interval: 1s, retries: 2, START}";

/// Returns a service with lines of its own and with lines below `deploy`.
pub(super) fn service(name: &str, image: &str, own: &[&str], deploy: &[&str]) -> String {
    let mut text = format!("  {name}:\n    image: {image}\n");
    for line in own {
        text.extend(["    ", line, "\n"]);
    }
    text.push_str("    deploy:\n      endpoint_mode: dnsrr\n");
    for line in deploy {
        text.extend(["      ", line, "\n"]);
    }
    text
}

/// Returns the deploy of a compose file with these services and what follows them.
pub(super) fn deploy(services: &[String], more: &str) -> Step {
    Step::Do(Act::Deploy(format!("version: \"3.8\"\nservices:\n{}{more}", services.concat())))
}

/// Returns the deploy of service `app` alone.
pub(super) fn app(image: &str, own: &[&str], lines: &[&str]) -> Step {
    deploy(&[service("app", image, own, lines)], "")
}

pub(super) const fn act(act: Act) -> Step {
    Step::Do(act)
}

pub(super) const fn until(goal: Goal) -> Step {
    Step::Until(goal)
}

pub(super) const fn phase(phase: UpdatePhase) -> Step {
    Step::Until(Goal::Phase("app", phase))
}

pub(super) const fn ready() -> Step {
    Step::Until(Goal::Ready)
}

/// Waits until nothing has changed for longer than any pause of a scenario.
pub(super) const fn settled() -> Step {
    Step::Until(Goal::Settled(Duration::from_millis(3500)))
}

pub(super) fn scenario(name: &'static str, about: &'static str, steps: Vec<Step>) -> Scenario {
    Scenario { name, about, files: &[], steps }
}
