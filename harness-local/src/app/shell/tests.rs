use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};

use crate::app::StandIns;
use crate::world::{
    ImageSource, Io, Replicas, RolloutSpec, ServiceSpec, StackSpec, TaskSpec, World,
};

/// Runs a script in a container and returns its code and what it printed.
fn ran(script: &str) -> (i64, String, String) {
    let mut world = World::new(1, "2026-11-21T12:00:00Z".parse().unwrap(), Arc::new(StandIns));
    world.set_image("nginx:1", ImageSource::Present);
    let stack = StackName::try_from("s".to_owned()).unwrap();
    let app = ServiceName::try_from("app".to_owned()).unwrap();
    let mut task = TaskSpec::of_image("nginx:1");
    task.env.insert("WHO".to_owned(), "me".to_owned());
    let service = ServiceSpec {
        name: app.clone(),
        labels: std::collections::BTreeMap::new(),
        replicas: Replicas::Count(1),
        task: Arc::new(task),
        update: RolloutSpec::default(),
        rollback: RolloutSpec::default(),
    };
    let spec = StackSpec {
        stack: stack.clone(),
        services: vec![service],
        networks: Vec::new(),
        configs: Vec::new(),
    };
    world.deploy_stack(spec).unwrap();
    world.advance_to(world.now() + Duration::from_secs(3));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
    let argv = ["bash", "-c", script].map(str::to_owned);
    let code = world.exec(&stack, &app, &argv, &mut io).unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (code, text(out), text(err))
}

#[test]
fn words_are_filled_in_as_a_shell_does() {
    let out = |script: &str| ran(script).1;
    assert_eq!(out("echo $WHO '$WHO' \"<$WHO>\" ${NONE:-x} a\\ b"), "me $WHO <me> x a b\n");
    assert_eq!(out("x=$(echo 1 2); echo \"$x\"; y=a=b; echo $y"), "1 2\na=b\n");
    assert_eq!(out("f() { echo \"$2-$1\"; }\nf a \\\n  b # and so on"), "b-a\n");
    assert_eq!(out("e=''; set -- ; echo \"{\\\"a\\\": 1}\" $e end"), "{\"a\": 1} end\n");
}

#[test]
fn codes_decide_what_runs() {
    assert_eq!(ran("false && echo a || echo b").1, "b\n");
    assert_eq!(ran("set -e; false; echo a"), (1, String::new(), String::new()));
    assert_eq!(ran("set -e; if [ \"$WHO\" = me ]; then echo yes; else echo no; fi").1, "yes\n");
    assert_eq!(ran("set -e; ! true; false || true; echo on").1, "on\n");
    assert_eq!(ran("false | true").0, 0);
    assert_eq!(ran("set -euo pipefail; false | true").0, 1);
    assert_eq!(ran("exit 3; echo a").0, 3);
}

#[test]
fn streams_go_where_they_are_sent() {
    assert_eq!(ran("echo a >&2").2, "a\n");
    assert_eq!(ran("nothing 2> /dev/null | gzip | gunzip; echo $?").1, "0\n");
    assert_eq!(ran("echo a > /tmp/x; echo b >> /tmp/x; cat < /tmp/x").1, "a\nb\n");
    let (code, _, err) = ran("nothing");
    assert!(code == 127 && err.contains("command not found"), "{err}");
    assert_eq!(ran("echo a > /no/such/folder").0, 1);
}

#[test]
fn what_is_not_played_is_an_error_and_never_ignored() {
    for script in ["for i in 1 2; do echo; done", "echo $((1+1))", "echo ${x%y}", "echo 'a"] {
        assert_eq!(ran(script).0, 2, "{script}");
    }
}

#[test]
fn a_site_is_asked_by_its_own_container() {
    assert_eq!(ran("curl -fsS http://127.0.0.1/ > /dev/null && echo up").1, "up\n");
    assert_eq!(ran("curl -fsS http://127.0.0.1/none").0, 22);
    assert_eq!(ran("curl -s localhost:81").0, 7);
    let swept = "find /usr/share/nginx/html -mindepth 1 ! -name index.html -delete; ls /usr/share/nginx/html";
    assert_eq!(ran(swept).1, "index.html\n");
}
