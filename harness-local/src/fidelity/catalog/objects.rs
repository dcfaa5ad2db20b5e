//! Secrets and configs.

use super::text::{OLD, act, deploy, ready, scenario, service, settled, until};
use crate::fidelity::scenario::{Act, Goal, Scenario};

const WATCHED: &str = "update_config: {monitor: 2s}";
const SECRET: &str = "secrets: {pw: {external: true, name: STACK_pw_v1}}\n";

pub(super) fn scenarios() -> Vec<Scenario> {
    let with_config = |file: &str, version: &str| {
        let more = format!("configs: {{conf: {{file: {file}, name: STACK_conf_{version}}}}}\n");
        deploy(
            &[service("app", OLD, &["configs: [{source: conf, target: /conf}]"], &[WATCHED])],
            &more,
        )
    };
    let with_secret = || deploy(&[service("app", OLD, &["secrets: [pw]"], &[])], SECRET);
    let files = &[("one.txt", "one"), ("two.txt", "two")];
    vec![
        scenario(
            "secret_in_use",
            "a secret stays while a service uses it",
            vec![
                with_secret(),
                act(Act::MakeSecret("pw_v1")),
                act(Act::MakeSecret("pw_v1")),
                with_secret(),
                ready(),
                settled(),
                act(Act::RemoveSecret("pw_v1")),
                act(Act::Exec("app", &["cat", "/run/secrets/pw"])),
                act(Act::RemoveStack),
                act(Act::RemoveSecret("pw_v1")),
                until(Goal::Gone),
            ],
        ),
        Scenario {
            files,
            ..scenario(
                "config_under_a_new_name",
                "a new config makes a new task; one of the same name cannot change",
                vec![
                    with_config("one.txt", "v1"),
                    ready(),
                    settled(),
                    with_config("two.txt", "v1"),
                    with_config("two.txt", "v2"),
                    ready(),
                    settled(),
                    act(Act::RemoveConfig("conf_v2")),
                    act(Act::RemoveConfig("conf_v1")),
                ],
            )
        },
    ]
}
