use rstest::rstest;

use super::*;
use crate::converge::sample::{at, observation, old, service, task};

fn crashes(times: &[i64]) -> Vec<Task> {
    times.iter().map(|t| task(TaskState::Failed, *t)).collect()
}

fn alone(second: i64, app: ServiceState) -> Option<Cause> {
    let seen = observation(second, vec![app]);
    hopeless(&seen, &seen.services[0], None)
}

fn beside(second: i64, app: ServiceState, other: ServiceState) -> Option<Cause> {
    let seen = observation(second, vec![app, other]);
    hopeless(&seen, &seen.services[0], None)
}

#[test]
fn the_third_crash_is_the_first_that_says_something() {
    assert_eq!(alone(9, service("app", crashes(&[2, 1]))), None);
    let cause = alone(9, service("app", crashes(&[3, 2, 1]))).unwrap();
    assert_eq!(
        cause.evidence,
        "service `app` keeps crashing: 3 attempts ended, the last with exit code 1"
    );
}

#[rstest]
#[case(Some(137), Some("task: unhealthy container"), "unhealthy")]
#[case(Some(137), Some("task: non-zero exit (137)"), "exit code 137")]
#[case(Some(137), None, "exit code 137")]
#[case(Some(1), Some("unhealthy"), "exit code 1")]
#[case(None, Some("starting container failed"), "starting container failed")]
#[case(None, None, "no reason given")]
fn the_last_crash_gives_the_reason(
    #[case] exit_code: Option<i64>,
    #[case] error: Option<&str>,
    #[case] expected: &str,
) {
    let mut tasks = crashes(&[3, 2, 1]);
    tasks[0].exit_code = exit_code;
    tasks[0].error = error.map(str::to_owned);
    let evidence = alone(9, service("app", tasks)).unwrap().evidence;
    assert!(evidence.ends_with(&format!("the last with {expected}")), "{evidence}");
}

#[test]
fn a_full_disk_is_the_hosts_whichever_attempt_met_it() {
    let error = "failed to copy xattrs: mkdir /var/lib/docker/overlay2/x: no space left on device";
    let mut tasks = crashes(&[3, 2, 1]);
    let class = |tasks: Vec<Task>| alone(9, service("app", tasks)).map(|cause| cause.class);
    assert_eq!(class(tasks.clone()), Some(CauseClass::App));
    tasks[1].error = Some(error.to_owned());
    assert_eq!(class(tasks.clone()), Some(CauseClass::Host));
    for task in &mut tasks {
        task.state = TaskState::Rejected;
        task.error = Some(error.to_owned());
    }
    assert_eq!(class(tasks), Some(CauseClass::Host));
}

#[test]
fn a_crash_counts_if_it_is_of_the_present_specification_and_of_this_deploy() {
    let mut tasks = crashes(&[3, 2, 1]);
    tasks[2] = old(tasks[2].clone());
    assert_eq!(alone(9, service("app", tasks)), None);
    let app = service("app", crashes(&[3, 2, 1]));
    let seen = observation(9, vec![app.clone()]);
    assert_eq!(hopeless(&seen, &app, Some(at(2))), None);
    assert!(
        hopeless(&seen, &app, Some(at(1))).is_some(),
        "one that was made in that moment counts"
    );
}

#[test]
fn what_was_told_to_end_has_not_crashed() {
    let stopped = |t: &i64| task(TaskState::Shutdown, *t);
    assert_eq!(alone(9, service("app", [3, 2, 1].iter().map(stopped).collect())), None);
}

#[test]
fn ending_well_is_a_crash_of_what_should_stay() {
    let complete = || [3, 2, 1].map(|t| task(TaskState::Complete, t)).to_vec();
    assert!(alone(9, service("app", complete())).is_some());
    let mut job = service("app", complete());
    job.ends_by_itself = true;
    assert_eq!(alone(9, job.clone()), None);
    job.tasks = crashes(&[3, 2, 1]);
    assert!(alone(9, job).is_some(), "a one-shot that fails is a crash like any other");
}

#[test]
fn a_task_that_has_run_for_five_seconds_is_no_loop() {
    let with = |running: Task| {
        let mut tasks = crashes(&[3, 2, 1]);
        tasks.insert(0, running);
        service("app", tasks)
    };
    let running = task(TaskState::Running, 10);
    assert!(alone(14, with(running.clone())).is_some());
    assert_eq!(alone(15, with(running.clone())), None);
    assert!(alone(60, with(old(running.clone()))).is_some(), "an old task proves nothing");
    let ending = Task { should_run: false, ..running.clone() };
    assert!(alone(60, with(ending)).is_some(), "one that is told to end proves nothing");
    let starting = Task { state: TaskState::Starting, ..running };
    assert!(alone(60, with(starting)).is_some(), "one that starts proves nothing");
}

#[test]
fn an_attempt_that_began_when_all_else_was_up_must_have_crashed_too() {
    let db = || service("db", vec![task(TaskState::Running, 10)]);
    let settled = 10 + SETTLED_AFTER;
    let app = |last: i64| service("app", crashes(&[last, 8, 4]));
    assert_eq!(beside(settled - 1, app(settled - 2), db()), None, "the database is not settled");
    assert_eq!(beside(settled + 9, app(settled - 1), db()), None, "that attempt came too early");
    assert!(beside(settled + 9, app(settled), db()).is_some());
    assert!(beside(settled, app(settled), db()).is_some(), "settled from that second on");
}

#[test]
fn the_slowest_neighbor_counts() {
    let app = service("app", crashes(&[80, 8, 4]));
    let early = service("db", vec![task(TaskState::Running, 1)]);
    let late = service("search", vec![task(TaskState::Running, 25)]);
    let seen = |others: Vec<ServiceState>| {
        let all = [vec![app.clone()], others].concat();
        hopeless(&observation(100, all), &app, None)
    };
    assert!(seen(vec![early.clone()]).is_some());
    assert_eq!(seen(vec![early.clone(), late.clone()]), None);
    assert_eq!(seen(vec![late, early]), None);
}

#[test]
fn a_neighbor_with_a_task_that_still_starts_is_not_up() {
    let app = || service("app", crashes(&[200, 8, 4]));
    let mut two = service("db", vec![task(TaskState::Running, 1), task(TaskState::Starting, 1)]);
    assert_eq!(beside(300, app(), two.clone()), None);
    two.tasks[1].should_run = false;
    assert!(beside(300, app(), two).is_some(), "one that is told to end holds up nobody");
    assert_eq!(beside(300, app(), service("db", Vec::new())), None);
}

#[test]
fn a_neighbor_that_asks_for_nothing_or_has_finished_or_crashes_holds_up_nobody() {
    let app = || service("app", crashes(&[3, 2, 1]));
    let mut off = service("off", Vec::new());
    assert_eq!(beside(9, app(), off.clone()), None);
    off.wanted = Wanted::Replicas(0);
    assert!(beside(9, app(), off).is_some());
    let mut job = service("job", vec![task(TaskState::Complete, 3)]);
    assert_eq!(beside(9, app(), job.clone()), None, "what should stay and ended is not up");
    job.ends_by_itself = true;
    assert!(beside(9, app(), job.clone()).is_some());
    job.tasks = vec![task(TaskState::Starting, 3)];
    assert_eq!(beside(9, app(), job), None, "a one-shot that is still at it is not up");
    assert_eq!(beside(9, app(), service("db", crashes(&[2, 1]))), None);
    assert!(beside(9, app(), service("db", crashes(&[3, 2, 1]))).is_some());
}

#[test]
fn twelve_crashes_are_a_loop_whatever_the_rest_does() {
    let young = || service("db", vec![task(TaskState::Running, 20)]);
    let app = |n: i64| service("app", crashes(&(0..n).rev().collect::<Vec<_>>()));
    assert_eq!(beside(21, app(11), young()), None);
    assert!(beside(21, app(12), young()).is_some());
}

fn rejected(error: &str, times: &[i64]) -> ServiceState {
    let of = |t: &i64| Task { error: Some(error.to_owned()), ..task(TaskState::Rejected, *t) };
    service("app", times.iter().map(of).collect())
}

#[rstest]
#[case("No such image: nginx:nowhere")]
#[case("pull access denied for nginx")]
#[case("manifest unknown")]
#[case("not found: manifest")]
fn an_image_that_is_not_there_is_the_registrys_at_the_first_refusal(#[case] error: &str) {
    let cause = alone(9, rejected(error, &[1])).unwrap();
    assert_eq!(cause.class, CauseClass::Registry);
    assert!(cause.evidence.contains("the engine refuses the tasks of service `app`"), "{cause}");
}

#[test]
fn what_the_engine_refuses_otherwise_is_the_recipes_at_the_third_time() {
    let mount = "invalid mount config for type bind: path does not exist";
    assert_eq!(alone(9, rejected(mount, &[2, 1])), None);
    let cause = alone(9, rejected(mount, &[3, 2, 1])).unwrap();
    assert_eq!(cause.class, CauseClass::Recipe);
}

#[test]
fn the_newest_refusal_speaks_and_a_crash_is_no_refusal() {
    let mut app = rejected("No such image: x", &[2, 1]);
    app.tasks[0].error = Some("no such mount".to_owned());
    assert_eq!(alone(9, app), None);
    let mut crash = service("app", crashes(&[1]));
    crash.tasks[0].error = Some("No such image: x".to_owned());
    assert_eq!(alone(9, crash), None);
}
