use rstest::rstest;

use super::*;
use crate::converge::sample::{at, name, observation, old, service, task, update};

fn check(second: i64, services: Vec<ServiceState>, before: &Before) -> Readiness<()> {
    let names: Vec<ServiceName> = services.iter().map(|s| s.name.clone()).collect();
    decide(&observation(second, services), &names, before)
}

fn hopeless(readiness: Readiness<()>) -> Cause {
    match readiness {
        Readiness::Hopeless(cause) => cause,
        Readiness::Ready(()) | Readiness::NotYet(_) => {
            panic!("expected hopeless, seen {readiness:?}")
        }
    }
}

fn running() -> Task {
    task(TaskState::Running, 0)
}

fn before(services: Vec<ServiceState>) -> Before {
    Before::from_observation(&observation(5, services))
}

#[test]
fn one_of_one_running_is_ready_and_starting_is_not() {
    assert_eq!(
        check(1, vec![service("app", vec![running()])], &Before::nothing()),
        Readiness::Ready(())
    );
    let starting =
        check(1, vec![service("app", vec![task(TaskState::Starting, 0)])], &Before::nothing());
    assert_eq!(starting, Readiness::NotYet("app: 0/1 starting".to_owned()));
}

#[test]
fn a_service_that_is_not_there_yet_is_waited_for() {
    let seen = decide(&observation(1, vec![]), &[name("app")], &Before::nothing());
    assert_eq!(seen, Readiness::NotYet("app: not created yet".to_owned()));
}

#[test]
fn n_of_n_is_not_converged_while_an_update_is_in_flight() {
    let mut app = service("app", vec![running()]);
    app.update = update(UpdatePhase::Updating, 10);
    assert!(matches!(check(11, vec![app], &Before::nothing()), Readiness::NotYet(_)));
}

#[test]
fn the_old_task_does_not_count() {
    let app = service("app", vec![old(running())]);
    assert!(matches!(check(11, vec![app], &Before::nothing()), Readiness::NotYet(_)));
}

#[test]
fn a_leftover_completed_is_not_the_upgrades_own() {
    let mut base = service("app", vec![running()]);
    base.update = update(UpdatePhase::Completed, 1);
    let mut head = base.clone();
    head.spec = "b".to_owned();
    let mut unscheduled = head.clone();
    unscheduled.tasks = vec![old(running())];
    let waiting = check(10, vec![unscheduled], &before(vec![base.clone()]));
    assert_eq!(waiting, Readiness::NotYet("app: update not scheduled yet".to_owned()));
    head.update = update(UpdatePhase::Completed, 9);
    assert_eq!(check(20, vec![head], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn a_task_that_was_killed_at_the_deploy_comes_back_as_the_new_one_without_an_update() {
    let base = service("app", vec![running()]);
    let mut head = base.clone();
    head.spec = "b".to_owned();
    let killed = old(task(TaskState::Failed, 9));
    head.tasks = vec![task(TaskState::Starting, 10), killed.clone()];
    let waiting = check(11, vec![head.clone()], &before(vec![base.clone()]));
    assert!(matches!(waiting, Readiness::NotYet(_)), "{waiting:?}");
    head.tasks = vec![running(), killed];
    assert_eq!(check(20, vec![head], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn a_leftover_paused_is_not_the_upgrades_own() {
    let mut base = service("app", vec![running()]);
    base.update = update(UpdatePhase::Paused, 1);
    assert_eq!(check(10, vec![base.clone()], &before(vec![base])), Readiness::Ready(()));
}

#[rstest]
#[case(UpdatePhase::Paused)]
#[case(UpdatePhase::RollbackStarted)]
#[case(UpdatePhase::RollbackCompleted)]
#[case(UpdatePhase::RollbackPaused)]
fn a_failed_update_is_hopeless_although_everything_runs(#[case] phase: UpdatePhase) {
    let base = service("app", vec![running()]);
    let mut head = service(
        "app",
        vec![
            running(),
            Task { error: Some("task: unhealthy".to_owned()), ..task(TaskState::Failed, 8) },
        ],
    );
    head.update = update(phase, 9);
    let cause = hopeless(check(12, vec![head], &before(vec![base])));
    assert_eq!(cause.class, CauseClass::Recipe);
    assert!(
        cause.evidence.contains("update message") && cause.evidence.contains("unhealthy"),
        "{cause}"
    );
}

#[test]
fn an_unchanged_service_needs_no_update() {
    let base = service("db", vec![running()]);
    assert_eq!(check(10, vec![base.clone()], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn a_finished_one_shot_is_fine() {
    let mut job = service("migrate", vec![task(TaskState::Complete, 3)]);
    job.ends_by_itself = true;
    assert_eq!(check(4, vec![job], &Before::nothing()), Readiness::Ready(()));
}

#[test]
fn replicas_0_is_a_wish() {
    let mut off = service("worker", vec![]);
    off.wanted = Wanted::Replicas(0);
    assert_eq!(check(4, vec![off], &Before::nothing()), Readiness::Ready(()));
}

#[test]
fn three_crashes_are_a_loop_and_two_are_not() {
    let crashes = |n: i64| (0..n).map(|i| task(TaskState::Failed, i)).collect::<Vec<_>>();
    assert!(matches!(
        check(9, vec![service("app", crashes(2))], &Before::nothing()),
        Readiness::NotYet(_)
    ));
    let cause = hopeless(check(9, vec![service("app", crashes(3))], &Before::nothing()));
    assert_eq!(cause.class, CauseClass::App);
    assert!(cause.evidence.contains("exit code 1"), "{cause}");
}

#[test]
fn an_app_that_crashes_while_its_database_is_being_made_is_given_time() {
    let app = |last: i64| {
        let times = [last, 8, 4, 0];
        service("app", times.into_iter().map(|i| task(TaskState::Failed, i)).collect())
    };
    let young = service("db", vec![task(TaskState::Running, 2)]);
    let settled = 2 + crash::SETTLED_AFTER;
    let waiting = |readiness| matches!(readiness, Readiness::NotYet(_));
    assert!(waiting(check(20, vec![app(12), young.clone()], &Before::nothing())));
    // The database has settled, and nothing has been tried since.
    assert!(waiting(check(settled + 1, vec![app(settled - 1), young.clone()], &Before::nothing())));
    hopeless(check(settled + 5, vec![app(settled + 1), young], &Before::nothing()));
}

#[test]
fn a_crashing_database_excuses_nobody() {
    let crashes = |n: i64| (0..n).map(|i| task(TaskState::Failed, i)).collect::<Vec<_>>();
    hopeless(check(
        9,
        vec![service("app", crashes(3)), service("db", crashes(3))],
        &Before::nothing(),
    ));
}

#[test]
fn a_service_that_ends_well_again_and_again_is_a_loop() {
    let app = service("app", (0..3).map(|i| task(TaskState::Complete, i)).collect());
    hopeless(check(9, vec![app], &Before::nothing()));
}

#[test]
fn a_start_that_succeeded_in_the_end_is_no_loop() {
    let mut tasks: Vec<Task> = (0..4).map(|i| task(TaskState::Failed, i)).collect();
    tasks.insert(0, task(TaskState::Running, 5));
    assert_eq!(check(30, vec![service("app", tasks)], &Before::nothing()), Readiness::Ready(()));
}

#[test]
fn crashes_from_before_the_upgrade_do_not_count() {
    let mut tasks: Vec<Task> = (0..3).map(|i| task(TaskState::Failed, i)).collect();
    tasks.insert(0, task(TaskState::Running, 4));
    let base = service("app", tasks);
    let mut head = base.clone();
    head.tasks[0].since = at(8);
    assert_eq!(check(9, vec![head], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn a_missing_image_is_the_registrys_fault() {
    let rejected = Task {
        error: Some("No such image: nginx:nowhere".to_owned()),
        ..task(TaskState::Rejected, 1)
    };
    let cause = hopeless(check(2, vec![service("app", vec![rejected])], &Before::nothing()));
    assert_eq!(cause.class, CauseClass::Registry);
}

#[test]
fn an_update_that_fails_for_want_of_an_image_is_the_registrys_fault() {
    let base = service("app", vec![running()]);
    let rejected = Task {
        error: Some("No such image: nginx:2".to_owned()),
        ..old(task(TaskState::Rejected, 8))
    };
    let mut head = service("app", vec![running(), rejected]);
    head.update = update(UpdatePhase::RollbackCompleted, 9);
    assert_eq!(hopeless(check(12, vec![head], &before(vec![base]))).class, CauseClass::Registry);
}

fn waiting(readiness: Readiness<()>) -> String {
    match readiness {
        Readiness::NotYet(status) => status,
        Readiness::Ready(()) | Readiness::Hopeless(_) => {
            panic!("expected a status, seen {readiness:?}")
        }
    }
}

#[test]
fn nothing_defined_is_never_ready() {
    let seen = decide(&observation(1, vec![]), &[], &Before::nothing());
    assert_eq!(seen, Readiness::NotYet("no services".to_owned()));
}

#[test]
fn every_service_that_is_missing_something_is_named() {
    let services = vec![
        service("app", vec![task(TaskState::Preparing, 0)]),
        service("db", vec![running()]),
        service("job", vec![task(TaskState::Pending, 0)]),
    ];
    let status = waiting(check(1, services, &Before::nothing()));
    assert_eq!(status, "app: 0/1 preparing, job: 0/1 pending");
}

#[rstest]
#[case(UpdatePhase::Updating)]
#[case(UpdatePhase::RollbackStarted)]
fn a_leftover_update_in_flight_does_not_count_as_this_ones(#[case] phase: UpdatePhase) {
    let mut base = service("app", vec![running()]);
    base.update = update(phase, 1);
    assert_eq!(check(10, vec![base.clone()], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn an_update_in_flight_says_how_far_it_is() {
    let mut app = service("app", vec![running()]);
    app.update = update(UpdatePhase::Updating, 10);
    let status = waiting(check(11, vec![app], &Before::nothing()));
    assert_eq!(status, "app: update in flight, 1/1");
}

#[test]
fn a_changed_service_that_asks_for_nothing_needs_no_update() {
    let base = service("app", vec![running()]);
    let mut head = service("app", vec![]);
    head.spec = "b".to_owned();
    head.wanted = Wanted::Replicas(0);
    assert_eq!(check(10, vec![head], &before(vec![base])), Readiness::Ready(()));
}

#[test]
fn a_service_that_head_adds_needs_no_update() {
    let base = service("app", vec![running()]);
    let added = service("cache", vec![running()]);
    assert_eq!(check(10, vec![base.clone(), added], &before(vec![base])), Readiness::Ready(()));
}

#[rstest]
#[case(UpdatePhase::Paused, "was paused by Swarm after a failure")]
#[case(UpdatePhase::RollbackStarted, "was rolled back by Swarm; the old tasks keep serving")]
#[case(UpdatePhase::RollbackCompleted, "was rolled back by Swarm; the old tasks keep serving")]
#[case(UpdatePhase::RollbackPaused, "failed, and so did its rollback")]
fn a_doomed_update_says_what_became_of_it(#[case] phase: UpdatePhase, #[case] expected: &str) {
    let mut app = service("app", vec![running()]);
    app.update = update(phase, 9);
    let cause = hopeless(check(12, vec![app], &Before::nothing()));
    let evidence = format!("the update of service `app` {expected}: update message");
    assert_eq!((cause.class, cause.evidence), (CauseClass::Recipe, evidence));
}

#[test]
fn an_old_task_that_still_serves_is_waited_for() {
    let new = task(TaskState::Running, 9);
    for (state, stays) in [
        (TaskState::Running, true),
        (TaskState::Starting, true),
        (TaskState::Shutdown, false),
        (TaskState::Failed, false),
    ] {
        let app = service("app", vec![new.clone(), old(task(state, 1))]);
        let seen = check(10, vec![app], &Before::nothing());
        if stays {
            assert_eq!(waiting(seen), "app: an old task still runs, 1/1");
        } else {
            assert_eq!(seen, Readiness::Ready(()), "{state:?}");
        }
    }
}

#[test]
fn a_task_that_is_told_to_end_or_only_starts_is_not_one_that_runs() {
    let ending = Task { should_run: false, ..running() };
    assert_eq!(
        waiting(check(9, vec![service("app", vec![ending])], &Before::nothing())),
        "app: 0/1"
    );
}

#[test]
fn each_replica_counts_once() {
    let two = |tasks| ServiceState { wanted: Wanted::Replicas(2), ..service("app", tasks) };
    let seen = |tasks| check(9, vec![two(tasks)], &Before::nothing());
    assert_eq!(waiting(seen(vec![running(), task(TaskState::Starting, 0)])), "app: 1/2 starting");
    assert_eq!(seen(vec![running(), running()]), Readiness::Ready(()));
}

#[test]
fn a_one_shot_counts_what_finished_and_what_runs() {
    let job = |tasks| ServiceState {
        wanted: Wanted::Replicas(2),
        ends_by_itself: true,
        ..service("job", tasks)
    };
    let seen = |tasks| check(9, vec![job(tasks)], &Before::nothing());
    let complete = || task(TaskState::Complete, 1);
    assert_eq!(waiting(seen(vec![complete()])), "job: 0/2");
    assert_eq!(seen(vec![complete(), running()]), Readiness::Ready(()));
    assert_eq!(seen(vec![complete(), complete(), complete()]), Readiness::Ready(()));
    assert_eq!(waiting(seen(vec![complete(), old(complete())])), "job: 0/2");
    assert_eq!(waiting(seen(vec![complete(), task(TaskState::Failed, 2)])), "job: 0/2, 1 ended");
}

#[test]
fn a_service_that_should_stay_is_not_there_because_it_once_ended_well() {
    let app = service("app", vec![task(TaskState::Complete, 1)]);
    assert_eq!(waiting(check(9, vec![app], &Before::nothing())), "app: 0/1");
}

#[test]
fn a_global_service_wants_a_task_on_every_node_and_at_least_one() {
    let global = |tasks| ServiceState { wanted: Wanted::Global, ..service("app", tasks) };
    let seen = |tasks| check(9, vec![global(tasks)], &Before::nothing());
    assert_eq!(waiting(seen(vec![])), "app: 0/every node");
    assert_eq!(seen(vec![running(), running()]), Readiness::Ready(()));
    assert_eq!(
        waiting(seen(vec![running(), task(TaskState::Starting, 0)])),
        "app: 1/every node starting"
    );
}

#[test]
fn the_status_shows_the_newest_task_that_does_not_run_with_its_reason_and_what_ended() {
    let pending =
        Task { error: Some("no suitable node".to_owned()), ..task(TaskState::Pending, 5) };
    let tasks = vec![
        task(TaskState::Preparing, 3),
        pending,
        task(TaskState::Failed, 2),
        old(task(TaskState::Failed, 1)),
    ];
    let app = ServiceState { wanted: Wanted::Replicas(2), ..service("app", tasks) };
    assert_eq!(
        waiting(check(9, vec![app], &Before::nothing())),
        "app: 0/2 pending (no suitable node), 1 ended"
    );
}

#[rstest]
#[case(TaskState::Pending, "pending")]
#[case(TaskState::Preparing, "preparing")]
#[case(TaskState::Starting, "starting")]
#[case(TaskState::Complete, "complete")]
#[case(TaskState::Shutdown, "shut down")]
#[case(TaskState::Orphaned, "orphaned")]
#[case(TaskState::Remove, "being removed")]
fn each_state_has_its_word(#[case] state: TaskState, #[case] expected: &str) {
    let one = Task { should_run: true, ..task(state, 0) };
    let status = waiting(check(9, vec![service("app", vec![one])], &Before::nothing()));
    assert!(status.starts_with(&format!("app: 0/1 {expected}")), "{status}");
}

#[test]
fn a_failed_task_of_an_update_is_shown_with_its_own_words() {
    let failed = Task {
        error: Some("task: non-zero exit (1)".to_owned()),
        ..old(task(TaskState::Failed, 8))
    };
    let mut app = service("app", vec![running(), failed]);
    app.update = update(UpdatePhase::Paused, 9);
    let cause = hopeless(check(12, vec![app], &Before::nothing()));
    assert!(cause.evidence.ends_with("; its new task: task: non-zero exit (1)"), "{cause}");
}

#[test]
fn orphans_are_the_services_that_are_not_defined() {
    let seen = observation(1, vec![service("app", vec![]), service("worker", vec![])]);
    assert_eq!(crate::converge::orphans(&seen, &[name("app")]), [name("worker")]);
    assert!(crate::converge::orphans(&seen, &[name("app"), name("worker")]).is_empty());
}
