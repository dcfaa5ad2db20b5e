//! Coming up, or not.

use super::text::{
    ANY, DEAF, NEVER, OLD, ON_FAILURE, UP, act, app, boots_in, deploy, exits, ready, scenario,
    service, settled, until,
};
use crate::fidelity::scenario::{Act, Goal, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    [counts(), crashes(), health(), one_shots()].concat()
}

fn counts() -> Vec<Scenario> {
    vec![
        scenario("converge", "a service comes up", vec![app(OLD, &[], &[]), ready(), settled()]),
        scenario(
            "replicas",
            "two tasks and none",
            vec![
                deploy(
                    &[
                        service("app", OLD, &[], &["replicas: 2"]),
                        service("none", OLD, &[], &["replicas: 0"]),
                    ],
                    "",
                ),
                ready(),
                settled(),
            ],
        ),
        scenario(
            "global_mode",
            "one task on each node",
            vec![app(OLD, &[], &["mode: global"]), ready(), settled()],
        ),
    ]
}

fn crashes() -> Vec<Scenario> {
    vec![
        scenario(
            "crash_loop",
            "the program ends with 3 at once, again and again",
            vec![
                app(OLD, &[&exits(3)], &[ANY]),
                until(Goal::Hopeless),
                until(Goal::Made("app", 7)),
            ],
        ),
        scenario(
            "ends_well_in_a_loop",
            "the program ends with 0 under restart condition any",
            vec![app(OLD, &[&exits(0)], &[ANY]), until(Goal::Hopeless)],
        ),
        scenario(
            "max_attempts",
            "no more attempts after the second restart",
            vec![
                app(OLD, &[&exits(1)], &["restart_policy: {delay: 1s, max_attempts: 2}"]),
                until(Goal::Ended("app", 3)),
                settled(),
            ],
        ),
        scenario(
            "image_that_cannot_be_had",
            "every task is rejected",
            vec![
                app("registry.invalid/cc-ci/none:1", &[], &[ANY]),
                until(Goal::Hopeless),
                until(Goal::Made("app", 3)),
            ],
        ),
    ]
}

fn health() -> Vec<Scenario> {
    let unready = UP.replace("START", "start_period: 0s");
    let patient = UP.replace("START", "start_period: 20s");
    let sick =
        "healthcheck: {test: ['CMD', 'test', '!', '-f', '/tmp/sick'], interval: 1s, retries: 2}";
    vec![
        scenario(
            "slow_start_in_start_period",
            "failed health checks do not count at first",
            vec![app(OLD, &[&boots_in(4), &patient], &[ANY]), ready(), settled()],
        ),
        scenario(
            "slow_start_without_start_period",
            "two failed health checks end the task",
            vec![app(OLD, &[DEAF, &[&unready]].concat(), &[ANY]), until(Goal::Ended("app", 2))],
        ),
        scenario(
            "falls_ill",
            "a healthy task becomes unhealthy and is replaced",
            vec![
                app(OLD, &[sick], &[ANY]),
                ready(),
                settled(),
                act(Act::Exec("app", &["sh", "-c", "echo x > /tmp/sick"])),
                until(Goal::Made("app", 2)),
                ready(),
                settled(),
            ],
        ),
    ]
}

fn one_shots() -> Vec<Scenario> {
    vec![
        scenario(
            "one_shot",
            "a program that ends with 0 stays ended, under both conditions",
            vec![
                deploy(
                    &[
                        service("app", OLD, &[], &[]),
                        service("never", OLD, &[&exits(0)], &[NEVER]),
                        service("failing", OLD, &[&exits(0)], &[ON_FAILURE]),
                    ],
                    "",
                ),
                ready(),
                settled(),
            ],
        ),
        scenario(
            "one_shot_that_fails",
            "a program that ends with 4 stays failed, or is tried again",
            vec![
                deploy(
                    &[
                        service("app", OLD, &[&exits(4)], &[NEVER]),
                        service("again", OLD, &[&exits(4)], &[ON_FAILURE]),
                    ],
                    "",
                ),
                until(Goal::Made("again", 4)),
            ],
        ),
    ]
}
