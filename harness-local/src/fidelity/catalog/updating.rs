//! Deploying again.

use harness_core::observation::UpdatePhase;

use super::text::{
    ANY, DEAF, NEVER, NEW, OLD, UP, app, exits, phase, ready, scenario, settled, until,
};
use crate::fidelity::scenario::{Goal, Scenario, Step};

const STOP_FIRST: &str = "update_config: {order: stop-first, monitor: 2s}";
// The old task takes some seconds to end: long enough apart from the end of the watch to be told from it.
const START_FIRST: &str = "update_config: {order: start-first, monitor: 7s}";
const ROLL_BACK: &str =
    "update_config: {order: start-first, monitor: 4s, failure_action: rollback}";
const ROLL_BACK_STOPPED: &str =
    "update_config: {order: stop-first, monitor: 4s, failure_action: rollback}";
const BACK: &str = "rollback_config: {order: stop-first, monitor: 2s}";
const PAUSE: &str = "update_config: {order: stop-first, monitor: 4s, failure_action: pause}";
const PAUSE_FIRST: &str = "update_config: {order: start-first, monitor: 4s, failure_action: pause}";
const CONTINUE: &str = "update_config: {order: stop-first, monitor: 2s, failure_action: continue}";

/// The next attempt comes after all that an ending task takes.
const LATE: &str = "restart_policy: {delay: 7s}";

/// First the old image runs, then this is deployed and waited for.
fn updated(with: &[&str], then: Vec<Step>) -> Vec<Step> {
    let mut steps = vec![app(OLD, &[], with), ready(), settled()];
    steps.extend(then);
    steps
}

pub(super) fn scenarios() -> Vec<Scenario> {
    [good(), rolling_back(), stopping(), small()].concat()
}

fn good() -> Vec<Scenario> {
    let all = "update_config: {parallelism: 0, monitor: 2s}";
    let one_by_one = "update_config: {parallelism: 1, delay: 2s, monitor: 2s}";
    vec![
        scenario(
            "update_stop_first",
            "the old task ends before the new one starts",
            updated(&[STOP_FIRST], vec![app(NEW, &[], &[STOP_FIRST]), ready(), settled()]),
        ),
        scenario(
            "update_start_first",
            "the old task ends once the new one runs",
            updated(&[START_FIRST], vec![app(NEW, &[], &[START_FIRST]), ready(), settled()]),
        ),
        scenario(
            "update_two_replicas_one_by_one",
            "a batch begins a delay after the one before it",
            updated(
                &["replicas: 2", one_by_one],
                vec![app(NEW, &[], &["replicas: 2", one_by_one]), ready(), settled()],
            ),
        ),
        scenario(
            "update_two_replicas_at_once",
            "parallelism 0 is all",
            updated(
                &["replicas: 2", all],
                vec![app(NEW, &[], &["replicas: 2", all]), ready(), settled()],
            ),
        ),
        scenario(
            "update_replaced_by_another",
            "a deploy while an update is watched begins a new one",
            updated(
                &[STOP_FIRST],
                vec![
                    app(NEW, &[], &[STOP_FIRST]),
                    until(Goal::Ended("app", 1)),
                    until(Goal::Running("app", 1)),
                    app(OLD, &["environment: {A: b}"], &[STOP_FIRST]),
                    ready(),
                    settled(),
                ],
            ),
        ),
    ]
}

fn rolling_back() -> Vec<Scenario> {
    let ill = UP.replace("START", "start_period: 0s");
    let never_up = [DEAF, &[&ill]].concat();
    vec![
        scenario(
            "failed_health_rolls_back",
            "start-first: the new task is never healthy, the old one goes on",
            updated(
                &[ROLL_BACK, BACK, ANY],
                vec![
                    app(NEW, &never_up, &[ROLL_BACK, BACK, ANY]),
                    phase(UpdatePhase::RollbackCompleted),
                    settled(),
                ],
            ),
        ),
        scenario(
            "crash_rolls_back",
            "stop-first: the new task crashes, the old image comes back",
            updated(
                &[ROLL_BACK_STOPPED, BACK, ANY],
                vec![
                    app(NEW, &[&exits(1)], &[ROLL_BACK_STOPPED, BACK, ANY]),
                    phase(UpdatePhase::RollbackCompleted),
                    settled(),
                ],
            ),
        ),
    ]
}

fn stopping() -> Vec<Scenario> {
    vec![
        scenario(
            "crash_pauses",
            "stop-first: the update stays where it is, the new task is tried again",
            updated(
                &[PAUSE, ANY],
                vec![
                    app(NEW, &[&exits(1)], &[PAUSE, ANY]),
                    phase(UpdatePhase::Paused),
                    until(Goal::Made("app", 4)),
                ],
            ),
        ),
        scenario(
            "crash_pauses_start_first",
            "start-first: the old task serves beside a new one that crashes",
            updated(
                &[PAUSE_FIRST, LATE],
                vec![
                    app(NEW, &[&exits(1)], &[PAUSE_FIRST, LATE]),
                    phase(UpdatePhase::Paused),
                    until(Goal::Ended("app", 3)),
                ],
            ),
        ),
        scenario(
            "paused_then_mended",
            "a good deploy after a paused update",
            updated(
                &[PAUSE, ANY],
                vec![
                    app(NEW, &[&exits(1)], &[PAUSE, ANY]),
                    phase(UpdatePhase::Paused),
                    app(NEW, &[], &[PAUSE, ANY]),
                    ready(),
                    settled(),
                ],
            ),
        ),
        scenario(
            "crash_continues",
            "failure action continue: nobody stops it",
            updated(
                &[CONTINUE, LATE],
                vec![app(NEW, &[&exits(1)], &[CONTINUE, LATE]), until(Goal::Ended("app", 3))],
            ),
        ),
        scenario(
            "update_to_an_image_that_cannot_be_had",
            "stop-first with pause: nothing serves any more",
            updated(
                &[PAUSE, ANY],
                vec![
                    app("registry.invalid/cc-ci/none:2", &[], &[PAUSE, ANY]),
                    phase(UpdatePhase::Paused),
                    until(Goal::Made("app", 4)),
                ],
            ),
        ),
    ]
}

fn small() -> Vec<Scenario> {
    let labeled = "labels: ['x.note=b']";
    vec![
        scenario(
            "update_of_a_one_shot",
            "the new task of a one-shot ends while it is watched",
            vec![
                app(OLD, &[&exits(0)], &[NEVER, PAUSE]),
                ready(),
                settled(),
                app(NEW, &[&exits(0)], &[NEVER, PAUSE]),
                phase(UpdatePhase::Paused),
                settled(),
            ],
        ),
        scenario(
            "deploy_without_a_change",
            "no new task, and the status of the update before it is gone",
            updated(
                &[STOP_FIRST],
                vec![
                    app(NEW, &[], &[STOP_FIRST]),
                    phase(UpdatePhase::Completed),
                    settled(),
                    app(NEW, &[], &[STOP_FIRST]),
                    settled(),
                ],
            ),
        ),
        scenario(
            "labels_alone",
            "no new task",
            updated(&[STOP_FIRST], vec![app(OLD, &[], &[STOP_FIRST, labeled]), settled()]),
        ),
        scenario(
            "update_of_no_replicas",
            "a new specification of nothing",
            vec![
                app(OLD, &[], &["replicas: 0"]),
                ready(),
                settled(),
                app(NEW, &[], &["replicas: 0"]),
                settled(),
            ],
        ),
        scenario(
            "scale",
            "one task, then three, then none",
            vec![
                app(OLD, &[], &[]),
                ready(),
                settled(),
                app(OLD, &[], &["replicas: 3"]),
                until(Goal::Running("app", 3)),
                settled(),
                app(OLD, &[], &["replicas: 0"]),
                until(Goal::Running("app", 0)),
                settled(),
            ],
        ),
    ]
}
