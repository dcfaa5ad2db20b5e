//! Time: all that takes some is a step in a queue.

use std::time::Duration;

use jiff::Timestamp;

use super::state::World;

/// Something that happens later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A task goes on to its next state.
    Task(String),
    /// A container's server has booted.
    Booted(String),
    /// A container's main program looks again at what it waits for.
    Again(String),
    /// A container's health check runs.
    Probe(String),
    /// A container's main program ends.
    Ends { container: String, code: i64 },
    /// A container that was told to end has ended.
    Stopped { container: String },
    /// A task that was told to end before it had a container ends.
    Withdrawn(String),
    /// What is left of a task goes.
    Forget(String),
    /// A service's update goes on, if it is still that one.
    Update { service: String, version: u64 },
    /// A network that was removed is no longer there, if nothing is on it.
    NetworkGone(String),
    /// An image has been pulled.
    Pulled(String),
    /// Something that was wrong is over: those who wait look again.
    Over,
}

impl World {
    /// Returns when the next step is due.
    pub fn next_step_at(&self) -> Option<Timestamp> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// Lets time pass: does every step that is due until then, in order. A time in the past does nothing.
    pub fn advance_to(&mut self, time: Timestamp) {
        while let Some((at, _)) = self.queue.keys().next().copied() {
            if at > time {
                break;
            }
            let Some((_, step)) = self.queue.pop_first() else { break };
            self.now = self.now.max(at);
            self.take(step);
        }
        self.now = self.now.max(time);
    }

    pub(super) fn plan(&mut self, after: Duration, step: Step) {
        let after = self.trouble.slowed(after, &step);
        self.plan_by_clock(after, step);
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Task(task) => self.go_on(&task),
            Step::Booted(container) => self.booted(&container),
            Step::Again(container) => self.run_main(&container),
            Step::Probe(container) => self.probe(&container),
            Step::Ends { container, code } => self.container_ended(&container, code),
            Step::Stopped { container } => self.container_stopped(&container),
            Step::Withdrawn(task) => self.withdrawn(&task),
            Step::Forget(task) => self.forget_task(&task),
            Step::Update { service, version } => self.update_due(&service, version),
            Step::NetworkGone(network) => self.network_gone(&network),
            Step::Pulled(image) => self.image_pulled(&image),
            Step::Over => {}
        }
    }
}
