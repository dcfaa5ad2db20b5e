//! What a suite's folder brings beside its checks: ready probes, a repair of the base, steps before the first deploy,
//! an overlay. The trials program is the real one; only what it says of the suite is another.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use serde_json::{Value, json};

use super::{Ended, run, trials, world};

/// A suite that a recipe is given.
struct Case<'a> {
    recipe: &'a str,
    suite: &'a [(&'a str, &'a str)],
    stages: &'a str,
}

/// Makes a trials program that says of the recipe's suite that it has these files too.
async fn dressed(base: &BaseEnv, real: &Utf8Path, dir: &Utf8Path, case: &Case<'_>) -> Utf8PathBuf {
    let limit = Deadline::after(Duration::from_secs(20));
    let describe = Cmd::new(real.as_str(), base, limit).args(["describe", case.recipe]);
    let described = describe.run().await.expect("the trials program describes the floor");
    let mut described: Value = serde_json::from_str(&described.stdout).expect("JSON");
    described["has_folder"] = json!(true);
    for (field, text) in case.suite {
        described[*field] = json!(text);
    }
    let description = dir.join("described.json");
    std::fs::write(&description, described.to_string()).expect("it can be written");
    let draft = dir.join("draft.sh");
    let program = format!(
        "#!/bin/sh\nif [ \"$1\" = describe ]; then exec cat {description}; fi\nexec {real} \"$@\"\n"
    );
    std::fs::write(&draft, program).expect("it can be written");
    // Another process writes it: a file that this one still has open for writing could not be run.
    let made = dir.join("dressed");
    let install = Cmd::new("install", base, limit);
    let install = install.args(["-m", "755", draft.as_str(), made.as_str()]);
    install.run().await.expect("it can be copied");
    made
}

fn go(case: &Case<'_>) -> (Ended, String) {
    let (base, temp, runtime) = world();
    let dir = Utf8Path::from_path(temp.path()).expect("UTF-8");
    let real = trials(&base, &runtime);
    let args =
        ["--recipe", case.recipe, "--platform", "embedded", "--seed", "1", "--stages", case.stages];
    let ended = runtime.block_on(async {
        let program = dressed(&base, &real, dir, case).await;
        run(&base, &program, dir, "tried", &args).await
    });
    let said = std::fs::read_to_string(dir.join("runs/tried/logs/install_steps.log"));
    (ended, said.unwrap_or_default())
}

const ALL: &str = "install,upgrade,backup,restore,custom";

fn told(ended: &Ended, text: &str) -> bool {
    let told = ended.results["customization"].as_array();
    told.is_some_and(|all| all.iter().any(|t| t.as_str().is_some_and(|t| t.contains(text))))
}

/// Adds a host of the app's own to its env file: only what was changed there routes it.
const MORE_HOSTS: &str = "#!/usr/bin/env bash\nset -eu\necho preparing $CCCI_RECIPE on $CCCI_PLATFORM\necho \"EXTRA_DOMAINS=', \\`docs-$CCCI_DOMAIN\\`'\" >> \"$CCCI_APP_ENV\"\n";

const PROBES: &str = "[[ready]]\ntcp = \"{domain}:24680\"\n[[ready]]\nhttp = \"https://docs-{domain}/\"\n[[ready]]\ntcp = \"{domain}:1\"\nwhen-compose-file = \"compose.other.yml\"\n";

#[test]
fn probes_are_asked_of_what_the_steps_changed_and_a_stale_repair_is_told_and_not_used() {
    let (ended, said) = go(&Case {
        recipe: "published-port",
        suite: &[
            ("settings", PROBES),
            ("install_steps", MORE_HOSTS),
            ("previous_version", "0.9.0+1.22.1\n"),
            ("previous_overlay", "services:\n  app:\n    image: nginx:0.0.0-gone\n"),
        ],
        stages: ALL,
    });
    assert_eq!(ended.results["results"]["restore"], json!("pass"), "{}", ended.text);
    assert!(ended.text.contains("3 of 3") || ended.text.contains("2 of 3"), "{}", ended.text);
    assert_eq!(said, "preparing published-port on embedded\n", "{}", ended.text);
    assert!(told(&ended, "previous/ is stale: it repairs 0.9.0+1.22.1"), "{}", ended.text);
}

#[test]
fn a_base_that_cannot_be_had_any_more_deploys_with_its_repair_and_head_without_it() {
    let suite = [
        ("previous_version", "1.0.0+1.22.1\n"),
        ("previous_overlay", "services:\n  app:\n    image: nginx:1.22.1\n"),
    ];
    let case = |suite| Case { recipe: "withdrawn-base", suite, stages: "install,upgrade" };
    let (repaired, _) = go(&case(&suite));
    assert_eq!(repaired.results["results"]["upgrade"], json!("pass"), "{}", repaired.text);
    assert!(told(&repaired, "previous/: laid over the base 1.0.0+1.22.1"), "{}", repaired.text);
    let (broken, _) = go(&case(&[]));
    assert_eq!(broken.code, Some(3), "{}", broken.text);
    assert_eq!(broken.results["cause"]["class"], json!("registry"), "{}", broken.text);
}

#[test]
fn steps_that_fail_are_the_suites_fault_with_their_last_words() {
    let script = "docker secret ls\n";
    let case =
        Case { recipe: "published-port", suite: &[("install_steps", script)], stages: "install" };
    let (ended, _) = go(&case);
    assert_eq!(ended.code, Some(1), "{}", ended.text);
    assert_eq!(ended.results["cause"]["class"], json!("suite"), "{}", ended.text);
    let evidence = ended.results["cause"]["evidence"].as_str().unwrap_or_default();
    assert!(evidence.contains("there is no docker and no abra"), "{evidence}");
    assert_eq!(ended.results["census"]["left_behind"], json!([]));
}

#[test]
fn an_app_without_a_route_is_seen_by_its_port_and_nothing_of_the_router_is_claimed() {
    let settings = "[[ready]]\ntcp = \"{domain}:24681\"\n";
    let case = Case { recipe: "unrouted", suite: &[("settings", settings)], stages: ALL };
    let (ended, _) = go(&case);
    assert_eq!(ended.results["results"]["restore"], json!("pass"), "{}", ended.text);
    let stages = ended.results["stages"].to_string();
    assert!(stages.contains("no service has an HTTP router label"), "{stages}");
}

#[test]
fn a_port_that_nothing_publishes_is_red_at_once() {
    let settings = "[[ready]]\ntcp = \"{domain}:24682\"\n";
    let case = Case { recipe: "unrouted", suite: &[("settings", settings)], stages: "install" };
    let (ended, _) = go(&case);
    assert_eq!(ended.code, Some(1), "{}", ended.text);
    let evidence = ended.results["cause"]["evidence"].as_str().unwrap_or_default();
    assert!(evidence.contains("what is published is 24681"), "{evidence}");
}
