use harness_core::converge::{Before, decide};
use harness_core::wait::Readiness;

use super::*;

const STACK: &str = "habx-aaaaaa_ccci_test";

fn read(services: &str, tasks: &str) -> Observation {
    let stack = StackName::try_from(STACK.to_owned()).unwrap();
    let at = "2026-11-21T13:25:00Z".parse().unwrap();
    let services: Vec<Service> = serde_json::from_str(services).unwrap();
    let tasks: Vec<ApiTask> = serde_json::from_str(tasks).unwrap();
    observation(at, &stack, &services, &tasks)
}

fn recorded() -> Observation {
    read(
        include_str!("../../fixtures/engine/20.10/services.json"),
        include_str!("../../fixtures/engine/20.10/tasks.json"),
    )
}

fn rolled_back() -> Observation {
    read(
        include_str!("../../fixtures/engine/20.10/services_rolled_back.json"),
        include_str!("../../fixtures/engine/20.10/tasks_rolled_back.json"),
    )
}

fn name(text: &str) -> ServiceName {
    ServiceName::try_from(text.to_owned()).unwrap()
}

#[test]
fn names_lose_the_stack_and_keep_everything_else() {
    let names: Vec<_> = recorded().services.iter().map(|s| s.name.to_string()).collect();
    assert_eq!(names, ["app", "crash", "glob", "once"]);
    let app = recorded().service(&name("app")).unwrap().clone();
    assert_eq!(app.image, "nginx:1.22.1");
    assert_eq!(app.labels.get("a.b").map(String::as_str), Some("c"));
    assert_eq!(app.wanted, Wanted::Replicas(1));
    assert_eq!(app.update, None);
}

#[test]
fn tasks_of_the_present_specification_are_current_although_the_engine_stores_them_differently() {
    for service in recorded().services {
        assert!(!service.tasks.is_empty(), "{}", service.name);
        assert!(service.tasks.iter().all(|t| t.is_current), "{}", service.name);
    }
}

#[test]
fn a_crash_loop_shows_its_exit_codes_newest_first() {
    let crash = recorded().service(&name("crash")).unwrap().clone();
    let ended: Vec<_> = crash.tasks.iter().filter(|t| t.state == TaskState::Failed).collect();
    assert!(ended.len() >= 3);
    assert!(ended.iter().all(|t| t.exit_code == Some(3) && t.container.is_some()));
    assert!(crash.tasks.windows(2).all(|pair| pair[0].created >= pair[1].created));
    assert!(crash.tasks[0].should_run && crash.tasks[0].exit_code.is_none());
}

#[test]
fn a_one_shot_that_ended_is_complete_and_a_global_service_wants_a_task_everywhere() {
    let once = recorded().service(&name("once")).unwrap().clone();
    assert!(once.ends_by_itself);
    assert_eq!((once.tasks[0].state, once.tasks[0].exit_code), (TaskState::Complete, Some(0)));
    let glob = recorded().service(&name("glob")).unwrap().clone();
    assert_eq!((glob.wanted, glob.ends_by_itself), (Wanted::Global, false));
}

#[test]
fn the_decider_takes_what_was_recorded() {
    let names = [name("app"), name("once"), name("glob")];
    assert_eq!(decide(&recorded(), &names, &Before::nothing()), Readiness::Ready(()));
}

#[test]
fn a_rollback_is_seen_and_its_new_tasks_are_no_longer_current() {
    let app = rolled_back().service(&name("app")).unwrap().clone();
    let update = app.update.clone().unwrap();
    assert_eq!(update.phase, UpdatePhase::RollbackCompleted);
    assert_eq!(update.message, "rollback completed");
    assert!(update.started.is_some());
    assert!(app.tasks.iter().any(|t| !t.is_current));
    assert!(app.tasks.iter().any(|t| t.is_current && t.state == TaskState::Running));
    let before = Before::from_observation(&recorded());
    assert!(matches!(decide(&rolled_back(), &[name("app")], &before), Readiness::Hopeless(_)));
}

#[test]
fn the_digest_changes_with_the_task_and_with_how_it_is_reached_and_with_nothing_else() {
    let services: Vec<Service> =
        serde_json::from_str(include_str!("../../fixtures/engine/20.10/services.json")).unwrap();
    let spec = services[0].spec.clone().unwrap();
    let digest = task_spec_digest(&spec);
    let mut relabeled = spec.clone();
    relabeled.labels.get_or_insert_default().insert("new".to_owned(), "label".to_owned());
    assert_eq!(task_spec_digest(&relabeled), digest);
    let mut forced = spec.clone();
    forced.task_template.as_mut().unwrap().force_update = Some(1);
    assert_ne!(task_spec_digest(&forced), digest);
    let mut reached = spec;
    reached.endpoint_spec.get_or_insert_default().ports = Some(vec![Default::default()]);
    assert_ne!(task_spec_digest(&reached), digest);
}

#[test]
fn a_task_that_ended_well_and_lost_its_network_has_not_failed() {
    let seen = |desired: ApiState, code: i64, error: &str| {
        let mut all: Vec<ApiTask> =
            serde_json::from_str(include_str!("../../fixtures/engine/20.10/tasks.json")).unwrap();
        let one = &mut all[0];
        one.desired_state = Some(desired);
        let status = one.status.get_or_insert_default();
        (status.state, status.err) = (Some(ApiState::FAILED), Some(error.to_owned()));
        status.container_status.get_or_insert_default().exit_code = Some(code);
        let read = task("2026-11-21T13:25:00Z".parse().unwrap(), one, &Value::Null);
        (read.state, read.error.is_some())
    };
    let lost = "error while removing network: unknown network a_default id b";
    assert_eq!(seen(ApiState::SHUTDOWN, 0, lost), (TaskState::Shutdown, false));
    assert_eq!(seen(ApiState::SHUTDOWN, 1, lost), (TaskState::Failed, true));
    assert_eq!(seen(ApiState::RUNNING, 0, lost), (TaskState::Failed, true));
    assert_eq!(seen(ApiState::SHUTDOWN, 0, "task: non-zero exit (0)"), (TaskState::Failed, true));
}
