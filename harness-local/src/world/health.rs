//! Health checks.

use harness_core::observation::TaskState;

use super::image::{Io, Ran};
use super::inside::Purpose;
use super::state::World;
use super::step::Step;

impl World {
    /// Runs a container's health check once.
    pub(super) fn probe(&mut self, id: &str) {
        let Some(container) = self.containers.get(id).filter(|c| c.runs) else { return };
        let (Some(health), Some(task)) = (container.spec.health.clone(), container.task.clone())
        else {
            return;
        };
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        let healthy =
            self.run_in(id, &health.test, Purpose::Health, &mut io) == Some(Ran::Ended(0));
        let healthy = self.troubled_health(id, healthy);
        let may_still_boot = self.may_still_boot(id);
        let now = self.now;
        let Some(container) = self.containers.get_mut(id) else { return };
        let starting = may_still_boot || now < container.started + health.start_period;
        container.failures = match (healthy, starting) {
            (true, _) => 0,
            (false, true) => container.failures,
            (false, false) => container.failures + 1,
        };
        let ill = container.failures >= health.retries.max(1);
        let found_ill = ill && !container.unhealthy;
        container.unhealthy |= ill;
        let unhealthy = container.unhealthy;
        let name = container.name.clone();
        if found_ill {
            self.say("container health_status: unhealthy", &name);
            // It is stopped as any other: what ends with 0 then has not failed.
            self.stop_container(id);
        }
        let is_starting =
            self.tasks.get(&task).is_some_and(|t| t.state == TaskState::Starting && t.is_live());
        if healthy && is_starting && !unhealthy {
            self.say("container health_status: healthy", &name);
            self.set_task_state(&task, TaskState::Running);
        }
        self.plan(health.interval, Step::Probe(id.to_owned()));
    }
}
