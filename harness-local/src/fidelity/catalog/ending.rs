//! Being killed, reached into, removed.

use super::text::{
    ANY, NEVER, OLD, ON_FAILURE, act, app, deploy, exits, ready, scenario, service, settled, until,
};
use crate::fidelity::scenario::{Act, Goal, Scenario};

pub(super) fn scenarios() -> Vec<Scenario> {
    let killed = |policy: &str| {
        vec![
            app(OLD, &[], &[policy]),
            ready(),
            settled(),
            act(Act::Kill("app")),
            until(Goal::Ended("app", 1)),
        ]
    };
    let and_back = |policy: &str| {
        let again = [until(Goal::Made("app", 2)), ready(), settled()];
        killed(policy).into_iter().chain(again).collect()
    };
    let for_good = killed(NEVER).into_iter().chain([settled()]).collect();
    vec![
        scenario("kill_under_any", "a killed task is replaced after the delay", and_back(ANY)),
        scenario("kill_under_on_failure", "a killed task has failed", and_back(ON_FAILURE)),
        scenario("kill_under_none", "a killed task is not replaced", for_good),
        scenario(
            "exec",
            "programs run in what runs, and in nothing else",
            vec![
                deploy(
                    &[service("app", OLD, &[], &[]), service("once", OLD, &[&exits(0)], &[NEVER])],
                    "",
                ),
                ready(),
                settled(),
                act(Act::Exec("app", &["sh", "-c", "exit 3"])),
                act(Act::Exec("app", &["true"])),
                act(Act::Exec("once", &["true"])),
                act(Act::ExecEnded("once")),
            ],
        ),
        scenario(
            "dropped_service",
            "a deploy leaves alone what it does not name",
            vec![
                deploy(&[service("app", OLD, &[], &[]), service("side", OLD, &[], &[])], ""),
                ready(),
                settled(),
                app(OLD, &[], &[]),
                settled(),
                act(Act::RemoveService("side")),
                settled(),
            ],
        ),
        scenario(
            "remove_with_a_busy_network",
            "a network goes once its last container has gone",
            vec![
                app(OLD, &[], &[]),
                ready(),
                settled(),
                act(Act::RemoveNetwork("default")),
                act(Act::RemoveStack),
                act(Act::FindNetwork("default")),
                until(Goal::Gone),
                act(Act::FindNetwork("default")),
            ],
        ),
        scenario(
            "deploy_right_after_remove",
            "the stack cannot be put up while its network is still shown",
            vec![
                app(OLD, &[], &[]),
                ready(),
                settled(),
                act(Act::RemoveStack),
                app(OLD, &[], &[]),
                until(Goal::Gone),
                app(OLD, &[], &[]),
                ready(),
                settled(),
            ],
        ),
    ]
}
