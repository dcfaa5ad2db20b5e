use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};
use harness_core::observation::{ServiceState, TaskState, UpdatePhase};

use super::*;
use crate::app::StandIns;

#[path = "ports_tests.rs"]
mod ports;

fn stack() -> StackName {
    StackName::try_from("a_ccci_test".to_owned()).unwrap()
}

fn name(text: &str) -> ServiceName {
    ServiceName::try_from(text.to_owned()).unwrap()
}

fn world() -> World {
    let mut world = World::new(7, "2026-11-21T12:00:00Z".parse().unwrap(), Arc::new(StandIns));
    world.create_network("proxy");
    for image in ["nginx:1.22.1", "nginx:1.26.3"] {
        world.set_image(image, ImageSource::Present);
    }
    world
}

fn service(image: &str) -> ServiceSpec {
    let task = TaskSpec {
        networks: vec!["proxy".to_owned(), "a_ccci_test_default".to_owned()],
        restart: RestartSpec { delay: Duration::from_secs(2), ..RestartSpec::default() },
        mounts: vec![MountSpec {
            source: MountSource::Volume("a_ccci_test_data".to_owned()),
            target: "/usr/share/nginx/html".to_owned(),
            read_only: false,
        }],
        ..TaskSpec::of_image(image)
    };
    ServiceSpec {
        name: name("app"),
        labels: BTreeMap::new(),
        replicas: Replicas::Count(1),
        task: Arc::new(task),
        update: RolloutSpec::default(),
        rollback: RolloutSpec::default(),
    }
}

fn with_task(mut service: ServiceSpec, change: impl FnOnce(&mut TaskSpec)) -> ServiceSpec {
    change(Arc::make_mut(&mut service.task));
    service
}

fn sh(script: &str) -> Option<Vec<String>> {
    Some(["sh", "-c", script].map(str::to_owned).to_vec())
}

fn deploy(world: &mut World, services: Vec<ServiceSpec>) {
    let network = |name: &str, external| NetworkSpec { name: name.to_owned(), external };
    let networks = vec![network("proxy", true), network("a_ccci_test_default", false)];
    let spec = StackSpec { stack: stack(), services, networks, configs: Vec::new() };
    world.deploy_stack(spec).unwrap();
}

fn pass(world: &mut World, seconds: u64) {
    let until = world.now() + Duration::from_secs(seconds);
    world.advance_to(until);
}

fn app(world: &World) -> ServiceState {
    world.observe(&stack()).service(&name("app")).unwrap().clone()
}

fn states(world: &World) -> Vec<TaskState> {
    app(world).tasks.iter().map(|t| t.state).collect()
}

/// Returns the states of the newest task, each once, as a harness sees them that looks at every step.
fn watched(world: &mut World, seconds: u64) -> Vec<TaskState> {
    let (until, mut seen) = (world.now() + Duration::from_secs(seconds), Vec::new());
    while let Some(at) = world.next_step_at().filter(|at| *at <= until) {
        world.advance_to(at);
        let state = app(world).tasks.first().map(|t| t.state);
        if let Some(state) = state.filter(|s| seen.last() != Some(s)) {
            seen.push(state);
        }
    }
    world.advance_to(until);
    seen
}

fn health(command: &str) -> HealthSpec {
    HealthSpec {
        test: sh(command).unwrap(),
        interval: Duration::from_secs(1),
        retries: 2,
        start_period: Duration::ZERO,
    }
}

#[test]
fn a_service_converges_through_swarms_states() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    let seen = watched(&mut world, 2);
    assert_eq!(seen, [TaskState::Preparing, TaskState::Starting, TaskState::Running]);
    assert_eq!(world.volume_files("a_ccci_test_data").unwrap().len(), 2);
}

#[test]
fn a_task_with_a_health_check_runs_once_it_is_healthy() {
    let mut world = world();
    let checked =
        with_task(service("nginx:1.22.1"), |t| t.health = Some(health("curl -f localhost")));
    deploy(&mut world, vec![checked]);
    let seen = watched(&mut world, 3);
    assert_eq!(seen, [TaskState::Preparing, TaskState::Starting, TaskState::Running]);
}

#[test]
fn a_crash_loop_keeps_five_tasks_and_its_words() {
    let mut world = world();
    let crashing =
        with_task(service("nginx:1.22.1"), |t| t.command = sh("echo no license >&2; exit 3"));
    deploy(&mut world, vec![crashing]);
    pass(&mut world, 30);
    let app = app(&world);
    assert_eq!(app.tasks.len(), 5);
    let failed = app.tasks.iter().find(|t| t.state == TaskState::Failed).unwrap();
    assert_eq!(failed.exit_code, Some(3));
    assert_eq!(failed.error.as_deref(), Some("task: non-zero exit (3)"));
    assert!(world.logs(&stack(), &name("app"), 2).contains(&"no license".to_owned()));
}

#[test]
fn attempts_end_where_the_policy_says() {
    let mut world = world();
    let crashing = with_task(service("nginx:1.22.1"), |t| {
        t.command = sh("exit 1");
        t.restart.max_attempts = Some(2);
    });
    deploy(&mut world, vec![crashing]);
    pass(&mut world, 60);
    assert_eq!(states(&world), [TaskState::Failed; 3]);
}

#[test]
fn a_one_shot_stays_complete() {
    let mut world = world();
    let once = with_task(service("nginx:1.22.1"), |t| {
        t.command = sh("true");
        t.restart.condition = RestartCondition::OnFailure;
    });
    deploy(&mut world, vec![once]);
    pass(&mut world, 30);
    assert_eq!(states(&world), [TaskState::Complete]);
    assert!(app(&world).ends_by_itself);
}

#[test]
fn no_replicas_are_no_tasks() {
    let mut world = world();
    deploy(
        &mut world,
        vec![ServiceSpec { replicas: Replicas::Count(0), ..service("nginx:1.22.1") }],
    );
    pass(&mut world, 5);
    assert_eq!(states(&world), []);
}

#[test]
fn an_image_that_is_nowhere_is_rejected() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:9")]);
    pass(&mut world, 1);
    let task = app(&world).tasks.last().unwrap().clone();
    assert_eq!(
        (task.state, task.error.as_deref()),
        (TaskState::Rejected, Some("No such image: nginx:9"))
    );
    assert!(world.pull("nginx:9").is_err());
}

fn updated(
    order: Order,
    change: impl FnOnce(&mut TaskSpec),
    on_failure: FailureAction,
) -> (World, bool) {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 3);
    let mut new = with_task(service("nginx:1.26.3"), change);
    new.update = RolloutSpec { order, on_failure, ..RolloutSpec::default() };
    deploy(&mut world, vec![new]);
    let (until, mut gap) = (world.now() + Duration::from_secs(20), false);
    while let Some(at) = world.next_step_at().filter(|at| *at <= until) {
        world.advance_to(at);
        gap |= app(&world).tasks.iter().all(|t| t.state != TaskState::Running);
    }
    world.advance_to(until);
    (world, gap)
}

#[test]
fn start_first_leaves_no_gap_and_stop_first_does() {
    for (order, expected) in [(Order::StartFirst, false), (Order::StopFirst, true)] {
        let (world, gap) = updated(order, |_| {}, FailureAction::Pause);
        let app = app(&world);
        assert_eq!(gap, expected, "{order:?}");
        assert_eq!(app.update.unwrap().phase, UpdatePhase::Completed);
        assert_eq!(states(&world), [TaskState::Running, TaskState::Shutdown]);
        assert!(app.tasks[0].is_current && !app.tasks[1].is_current);
    }
}

#[test]
fn a_failed_health_check_rolls_back_and_the_old_task_goes_on() {
    let unhealthy = |t: &mut TaskSpec| t.health = Some(health("false"));
    let (world, gap) = updated(Order::StartFirst, unhealthy, FailureAction::RollBack);
    let app = app(&world);
    assert!(!gap);
    assert_eq!(app.image, "nginx:1.22.1");
    let update = app.update.unwrap();
    assert_eq!(update.phase, UpdatePhase::RollbackCompleted, "{}", update.message);
    assert!(app.tasks.iter().any(|t| t.state == TaskState::Running && t.is_current));
}

#[test]
fn a_failed_update_pauses_for_ever() {
    let (mut world, _) =
        updated(Order::StopFirst, |t| t.command = sh("exit 1"), FailureAction::Pause);
    assert_eq!(app(&world).update.unwrap().phase, UpdatePhase::Paused);
    pass(&mut world, 600);
    assert_eq!(app(&world).update.unwrap().phase, UpdatePhase::Paused);
}

#[test]
fn a_deploy_does_not_prune_and_labels_alone_make_no_new_task() {
    let mut world = world();
    let side = ServiceSpec { name: name("side"), ..service("nginx:1.22.1") };
    deploy(&mut world, vec![service("nginx:1.22.1"), side]);
    pass(&mut world, 3);
    let mut labeled = service("nginx:1.22.1");
    labeled.labels.insert("a".to_owned(), "b".to_owned());
    deploy(&mut world, vec![labeled]);
    pass(&mut world, 10);
    assert_eq!(world.observe(&stack()).services.len(), 2);
    assert_eq!((states(&world).len(), app(&world).update), (1, None));
}

#[test]
fn a_removed_network_is_shown_until_its_last_container_has_ended() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 3);
    let before = world.census().items.len();
    let used = world.remove_network("a_ccci_test_default");
    assert!(matches!(used, Err(RemovalError::InUse { .. })), "{used:?}");
    world.remove_stack(&stack());
    assert_eq!(world.networks_of(&stack()), ["a_ccci_test_default"]);
    assert!(world.remove_volume("a_ccci_test_data").is_err());
    pass(&mut world, 1);
    assert_eq!(world.networks_of(&stack()), ["a_ccci_test_default"]);
    pass(&mut world, 4);
    world.remove_volume("a_ccci_test_data").unwrap();
    assert!(!world.has_running(&stack()));
    assert!(before > 4 && world.census().items.len() == 1, "{:?}", world.census());
}

#[test]
fn programs_run_only_in_what_runs() {
    let mut world = world();
    let argv = ["cat".to_owned(), "/usr/share/nginx/html/index.html".to_owned()];
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
    assert!(world.exec(&stack(), &name("app"), &argv, &mut io).is_err());
    pass(&mut world, 3);
    let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
    assert_eq!(world.exec(&stack(), &name("app"), &argv, &mut io), Ok(0));
    assert!(String::from_utf8(out).unwrap().contains("Welcome to nginx"));
}

#[test]
fn secrets_have_64_characters_and_stay_while_they_are_used() {
    let mut world = world();
    assert!(world.create_secret(&"n".repeat(65), Vec::new()).is_err());
    world.create_secret("a_ccci_test_pw_v1", b"s3".to_vec()).unwrap();
    let file = MountedFile { name: "a_ccci_test_pw_v1".into(), target: "/run/secrets/pw".into() };
    let using = with_task(service("nginx:1.22.1"), |t| t.secrets = vec![file]);
    deploy(&mut world, vec![using]);
    pass(&mut world, 3);
    assert!(world.remove_secret("a_ccci_test_pw_v1").is_err());
    assert_eq!(world.read_file(&stack(), &name("app"), "/run/secrets/pw").unwrap(), b"s3");
    assert!(world.write_file(&stack(), &name("app"), "/run/secrets/pw", vec![]).is_err());
    world.remove_stack(&stack());
    world.remove_secret("a_ccci_test_pw_v1").unwrap();
}

#[test]
fn the_same_seed_and_commands_give_the_same_history() {
    let history = || {
        let (mut world, _) = updated(Order::StartFirst, |_| {}, FailureAction::Pause);
        (world.drain_events(), world.observe(&stack()))
    };
    assert_eq!(history(), history());
}

#[test]
fn any_image_boots_is_healthy_and_answers_whatever_its_script_is() {
    let mut world = world();
    world.set_image("wekan:6", ImageSource::Present);
    let mut any = with_task(service("wekan:6"), |t| {
        t.health = Some(health("node /healthcheck.js"));
        t.entrypoint = sh("until mongosh --eval ping; do sleep 1; done; exec node server.js");
        t.routed_port = Some(2368);
    });
    any.labels = [
        ("traefik.enable", "true"),
        ("traefik.http.services.x.loadbalancer.server.port", "2368"),
        ("traefik.http.routers.x.rule", "Host(`a.test`)"),
    ]
    .map(|(k, v)| (k.to_owned(), v.to_owned()))
    .into();
    deploy(&mut world, vec![any]);
    pass(&mut world, 4);
    assert_eq!(states(&world), [TaskState::Running]);
    let Routed::Answered(page) = world.route("a.test", &Request::get("/")) else {
        panic!("no answer")
    };
    assert!(page.status == 200 && String::from_utf8(page.body).unwrap().contains("wekan:6"));
    assert_eq!(world.route("b.test", &Request::get("/")), Routed::Unknown);
}

/// Returns an app that runs, deployed anew with a change, at once after that.
fn begun(order: Order, on_failure: FailureAction, change: impl FnOnce(&mut TaskSpec)) -> World {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 3);
    let mut new = with_task(service("nginx:1.26.3"), change);
    new.update = RolloutSpec { order, on_failure, ..RolloutSpec::default() };
    deploy(&mut world, vec![new]);
    world
}

fn phase(world: &World) -> Option<UpdatePhase> {
    app(world).update.map(|u| u.phase)
}

#[test]
fn a_task_that_is_told_to_end_runs_on_while_load_balancers_forget_it() {
    let mut world = begun(Order::StopFirst, FailureAction::Pause, |_| {});
    pass(&mut world, 1);
    let told = app(&world).tasks[1].clone();
    assert_eq!((told.state, told.should_run), (TaskState::Running, false));
    assert_eq!(states(&world)[0], TaskState::Starting);
    pass(&mut world, 2);
    assert_eq!(states(&world), [TaskState::Running, TaskState::Shutdown]);
    world.remove_stack(&stack());
    world.hurry(&stack());
    pass(&mut world, 1);
    assert!(!world.has_running(&stack()));
}

#[test]
fn what_is_unhealthy_has_failed_only_if_it_does_not_end_well() {
    let ill = |change: fn(&mut TaskSpec)| {
        let mut world = world();
        let app = with_task(service("nginx:1.22.1"), |t| {
            t.health = Some(health("false"));
            change(t);
        });
        deploy(&mut world, vec![app]);
        pass(&mut world, 6);
        self::app(&world).tasks[1].clone()
    };
    let hears = ill(|_| {});
    assert_eq!((hears.state, hears.exit_code, hears.error), (TaskState::Complete, Some(0), None));
    let deaf = ill(|t| {
        t.command = Some(vec!["sleep".to_owned(), "infinity".to_owned()]);
        t.stop.grace = Duration::from_millis(500);
    });
    assert_eq!((deaf.state, deaf.exit_code), (TaskState::Failed, Some(137)));
    let error = "task: non-zero exit (137): dockerexec: unhealthy container";
    assert_eq!(deaf.error.as_deref(), Some(error));
}

#[test]
fn a_deploy_that_changes_nothing_forgets_what_an_update_came_to() {
    let (mut world, _) = updated(Order::StopFirst, |_| {}, FailureAction::Pause);
    assert_eq!(phase(&world), Some(UpdatePhase::Completed));
    let mut same = service("nginx:1.26.3");
    same.update.order = Order::StopFirst;
    deploy(&mut world, vec![same]);
    pass(&mut world, 10);
    assert_eq!((phase(&world), states(&world).len()), (None, 2));
}

#[test]
fn a_new_task_that_ends_well_while_it_is_watched_pauses_the_update() {
    let mut world = begun(Order::StopFirst, FailureAction::Pause, |t| {
        t.command = sh("true");
        t.restart.condition = RestartCondition::None;
    });
    pass(&mut world, 10);
    assert_eq!(phase(&world), Some(UpdatePhase::Paused));
    assert_eq!(states(&world), [TaskState::Complete, TaskState::Shutdown]);
}

#[test]
fn an_update_that_nobody_stops_is_watched_all_the_same() {
    let mut world = begun(Order::StopFirst, FailureAction::Continue, |t| t.command = sh("exit 1"));
    pass(&mut world, 6);
    assert_eq!(phase(&world), Some(UpdatePhase::Updating));
    pass(&mut world, 4);
    assert_eq!(phase(&world), Some(UpdatePhase::Completed));
}

#[test]
fn a_refused_task_is_heard_of_and_replaced_when_its_turn_has_come() {
    let nowhere = |t: &mut TaskSpec| t.image = "nginx:9".to_owned();
    let mut world = begun(Order::StopFirst, FailureAction::Pause, nowhere);
    pass(&mut world, 1);
    let refused = app(&world).tasks[0].clone();
    assert_eq!((refused.state, refused.should_run), (TaskState::Rejected, true));
    assert_eq!((phase(&world), states(&world).len()), (Some(UpdatePhase::Updating), 2));
    pass(&mut world, 2);
    assert_eq!(phase(&world), Some(UpdatePhase::Paused));
    let count = states(&world).len();
    assert_eq!(count, 3);
    // The next one is refused at once and waits out the restart delay.
    pass(&mut world, 1);
    assert_eq!(states(&world).len(), count);
}

#[test]
fn a_failed_new_task_is_tried_again_beside_the_old_one_which_stays() {
    let mut world = begun(Order::StartFirst, FailureAction::Continue, |t| {
        t.health = Some(health("false"));
        t.command = Some(vec!["sleep".to_owned(), "infinity".to_owned()]);
        t.stop.grace = Duration::from_millis(100);
    });
    pass(&mut world, 6);
    let tasks = app(&world).tasks;
    let all: Vec<(TaskState, bool)> = tasks.iter().map(|t| (t.state, t.should_run)).collect();
    assert_eq!(
        all,
        [(TaskState::Starting, true), (TaskState::Failed, false), (TaskState::Running, true)]
    );
}

#[test]
fn nothing_is_put_up_on_a_network_that_is_going() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 3);
    world.remove_stack(&stack());
    let network = NetworkSpec { name: "a_ccci_test_default".to_owned(), external: false };
    let again = StackSpec {
        stack: stack(),
        services: vec![service("nginx:1.22.1")],
        networks: vec![network],
        configs: Vec::new(),
    };
    let refused = world.deploy_stack(again.clone());
    assert_eq!(refused, Err(DeployError::NetworkGoes("a_ccci_test_default".to_owned())));
    pass(&mut world, 5);
    assert_eq!(world.deploy_stack(again), Ok(()));
}

#[test]
fn a_program_runs_in_no_container_that_has_ended_or_gone() {
    let mut world = world();
    let once = with_task(service("nginx:1.22.1"), |t| {
        t.command = sh("true");
        t.restart.condition = RestartCondition::None;
    });
    deploy(&mut world, vec![once]);
    pass(&mut world, 3);
    let id = app(&world).tasks[0].container.clone().unwrap();
    let mut run = |id: &str| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
        world.exec_in_container(id, &["true".to_owned()], &mut io)
    };
    assert_eq!(run(&id), Err(ExecError::Ended(id.clone())));
    assert_eq!(run("none"), Err(ExecError::NoContainer("none".to_owned())));
}

#[test]
fn of_several_tasks_any_is_updated_first() {
    let first = |seed| {
        let mut world = World::new(seed, jiff::Timestamp::UNIX_EPOCH, Arc::new(StandIns));
        world.create_network("proxy");
        for image in ["nginx:1.22.1", "nginx:1.26.3"] {
            world.set_image(image, ImageSource::Present);
        }
        let two = |image| ServiceSpec { replicas: Replicas::Count(2), ..service(image) };
        deploy(&mut world, vec![two("nginx:1.22.1")]);
        pass(&mut world, 3);
        deploy(&mut world, vec![two("nginx:1.26.3")]);
        pass(&mut world, 1);
        app(&world).tasks.iter().position(|t| !t.should_run)
    };
    let seen: std::collections::BTreeSet<Option<usize>> = (0..10).map(first).collect();
    assert_eq!(seen, [Some(1), Some(2)].into());
}

#[test]
fn a_killed_task_has_failed_and_is_replaced() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 3);
    world.kill(&stack(), &name("app")).unwrap();
    let killed = app(&world).tasks[1].clone();
    assert_eq!((killed.state, killed.exit_code), (TaskState::Failed, Some(137)));
    pass(&mut world, 4);
    assert_eq!(states(&world), [TaskState::Running, TaskState::Failed]);
}
