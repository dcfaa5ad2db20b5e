//! An update that Swarm says to have paused: for good as a rule, and for a moment now and then.

use crate::name::ServiceName;
use crate::observation::{Observation, UpdatePhase};
use crate::wait::Readiness;

use super::decide::{Before, decide};

/// Returns whether nothing is wrong but that Swarm says `paused` of an update. That state has been seen to pass (see
/// issue 6 of sudo-bmitch/docker-stack-wait), so it counts only once it has lasted.
pub fn is_only_paused(observation: &Observation, defined: &[ServiceName], before: &Before) -> bool {
    let is_paused = |phase: UpdatePhase| phase == UpdatePhase::Paused;
    let mut going_on = observation.clone();
    let mut paused = false;
    for update in going_on.services.iter_mut().filter_map(|s| s.update.as_mut()) {
        if is_paused(update.phase) {
            paused = true;
            update.phase = UpdatePhase::Updating;
        }
    }
    paused && !matches!(decide(&going_on, defined, before), Readiness::Hopeless(_))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{name, observation, service, task, update};
    use super::*;
    use crate::observation::TaskState;

    #[test]
    fn a_pause_alone_may_pass_and_a_crash_loop_beside_it_may_not() {
        let defined = [name("app")];
        let mut app = service("app", vec![task(TaskState::Running, 10)]);
        app.update = update(UpdatePhase::Paused, 5);
        let only =
            |service| is_only_paused(&observation(20, vec![service]), &defined, &Before::nothing());
        assert!(only(app.clone()));
        let mut fine = app.clone();
        fine.update = update(UpdatePhase::Updating, 5);
        assert!(!only(fine));
        let mut crashing = app;
        crashing.tasks = (0..4).map(|n| task(TaskState::Failed, 10 - n)).collect();
        assert!(!only(crashing));
    }
}
