//! Published ports: one task at a time, and conversations with whoever listens.

use super::*;

fn published(service: ServiceSpec, published: u16, target: u16) -> ServiceSpec {
    let (protocol, mode) = (Protocol::Tcp, PortMode::Host);
    with_task(service, |t| t.ports = vec![PublishedPort { published, target, protocol, mode }])
}

fn named(service: ServiceSpec, text: &str) -> ServiceSpec {
    ServiceSpec { name: name(text), ..service }
}

#[test]
fn a_host_port_is_had_by_one_task_at_a_time() {
    let mut world = world();
    let first = published(service("nginx:1.22.1"), 8080, 80);
    let second = named(published(service("nginx:1.22.1"), 8080, 80), "second");
    deploy(&mut world, vec![first.clone()]);
    pass(&mut world, 5);
    deploy(&mut world, vec![first, second]);
    pass(&mut world, 30);
    let seen = world.observe(&stack());
    let (app, second) = (seen.service(&name("app")), seen.service(&name("second")));
    let waiting = &second.unwrap().tasks[0];
    assert_eq!(app.unwrap().tasks[0].state, TaskState::Running);
    assert_eq!(waiting.state, TaskState::Pending);
    assert!(waiting.error.as_deref().unwrap().contains("host-mode port already in use"));
    world.remove_service(&stack(), &name("app"));
    pass(&mut world, 30);
    let seen = world.observe(&stack());
    let second = &seen.service(&name("second")).unwrap().tasks[0];
    assert_eq!((second.state, second.error.as_deref()), (TaskState::Running, None));
}

#[test]
fn the_same_port_of_udp_and_of_swarm_itself_is_another_one() {
    let mut world = world();
    let with = |text: &str, protocol, mode| {
        let port = PublishedPort { published: 8080, target: 80, protocol, mode };
        named(with_task(service("nginx:1.22.1"), |t| t.ports = vec![port]), text)
    };
    let all = vec![
        with("tcp", Protocol::Tcp, PortMode::Host),
        with("udp", Protocol::Udp, PortMode::Host),
        with("mesh", Protocol::Tcp, PortMode::Ingress),
    ];
    deploy(&mut world, all);
    pass(&mut world, 10);
    let states = world.observe(&stack()).services;
    assert!(states.iter().all(|s| s.tasks[0].state == TaskState::Running), "{states:?}");
}

#[test]
fn an_update_that_starts_first_never_gets_the_port_that_the_old_task_holds() {
    let update = |order| {
        let mut world = world();
        let with = |image| ServiceSpec {
            update: RolloutSpec { order, ..RolloutSpec::default() },
            ..published(service(image), 8080, 80)
        };
        deploy(&mut world, vec![with("nginx:1.22.1")]);
        pass(&mut world, 10);
        deploy(&mut world, vec![with("nginx:1.26.3")]);
        pass(&mut world, 120);
        app(&world).update.unwrap().phase
    };
    assert_eq!(update(Order::StopFirst), UpdatePhase::Completed);
    assert_eq!(update(Order::StartFirst), UpdatePhase::Updating);
}

#[test]
fn a_new_port_makes_a_new_task() {
    let mut world = world();
    deploy(&mut world, vec![service("nginx:1.22.1")]);
    pass(&mut world, 10);
    let before = app(&world);
    deploy(&mut world, vec![published(service("nginx:1.22.1"), 8080, 80)]);
    pass(&mut world, 20);
    let after = app(&world);
    assert_ne!(before.spec, after.spec);
    assert_ne!(before.tasks[0].id, after.tasks[0].id);
    assert!(world.listens_on(8080) && !world.listens_on(80));
}

/// Returns a server that answers in capitals on port 64000, and inside of TLS on 64001.
fn echo() -> World {
    let mut world = world();
    world.set_image("fixture/echo:7", ImageSource::Present);
    let ports = [(64000, 7), (64001, 8), (64002, 9)];
    let of = |(published, target)| PublishedPort {
        published,
        target,
        protocol: Protocol::Tcp,
        mode: PortMode::Host,
    };
    let echo = with_task(service("fixture/echo:7"), |t| t.ports = ports.map(of).to_vec());
    deploy(&mut world, vec![echo]);
    world
}

#[test]
fn a_conversation_lasts_as_long_as_its_container() {
    let mut world = echo();
    assert!(!world.listens_on(64000), "nothing has booted yet");
    pass(&mut world, 5);
    let (mut connection, greeting) = world.connect(64000).unwrap();
    assert_eq!(greeting, b"HELLO 1\n");
    assert!(!connection.speaks_tls());
    assert_eq!(world.say_on(&mut connection, b"one\ntw"), Reply::say(b"ONE\n".to_vec()));
    assert_eq!(world.say_on(&mut connection, b"o\n"), Reply::say(b"TWO\n".to_vec()));
    assert!(world.is_open(&connection));
    world.kill(&stack(), &name("app")).unwrap();
    assert!(!world.is_open(&connection));
    assert_eq!(world.say_on(&mut connection, b"three\n"), Reply::end());
    assert!(world.connect(64000).is_none(), "its successor has not booted yet");
}

#[test]
fn a_server_ends_a_conversation_and_one_that_is_not_played_ends_at_once() {
    let mut world = echo();
    pass(&mut world, 5);
    let (mut connection, _) = world.connect(64001).unwrap();
    assert!(connection.speaks_tls());
    let end = world.say_on(&mut connection, b"quit\n");
    assert_eq!((end.bytes.as_slice(), end.ends), (b"BYE\n".as_slice(), true));
    assert_eq!(world.say_on(&mut connection, b"more\n"), Reply::end());
    assert!(world.connect(64002).is_none(), "nobody listens on port 9 of the container");
    assert!(world.connect(64003).is_none(), "nobody publishes it");
}

#[test]
fn an_honest_server_is_heard_in_full_and_a_sabotaged_one_as_it_was_told() {
    use crate::sabotage::InConversations::{Cut, LoginOpen, OtherServer, SettingsIgnored, Silent};
    use crate::sabotage::Sabotage;

    let heard = |what: Option<Sabotage>, guest: &[(&str, &str)]| {
        let mut world = world();
        world.set_image("fixture/echo:7", ImageSource::Present);
        let echo = published(service("fixture/echo:7"), 64000, 7);
        let env = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        deploy(&mut world, vec![with_task(echo, |t| t.env = guest.iter().map(env).collect())]);
        pass(&mut world, 5);
        what.into_iter().for_each(|what| world.sabotage(what, Vec::new()));
        let (mut first, greeting) = world.connect(64000).unwrap();
        let one = world.say_on(&mut first, b"one\n");
        let (mut second, _) = world.connect(64000).unwrap();
        let quit = world.say_on(&mut second, b"quit\n");
        let all = [greeting, one.bytes, quit.bytes, vec![u8::from(quit.ends)]].concat();
        (String::from_utf8(all).unwrap(), world.sabotage_came_to_something())
    };
    let told = |text: &str, hit| (text.to_owned(), hit);
    let of = |what| heard(Some(Sabotage::Conversations(what)), &[]);
    assert_eq!(heard(None, &[]), told("HELLO 1\nONE\nBYE\n\u{1}", false));
    assert_eq!(of(LoginOpen), told("HELLO 1\nONE\nONE\n\u{0}", true));
    assert_eq!(of(Silent), told("\u{0}", true));
    assert_eq!(of(Cut), told("HELLONBY\u{1}", true));
    assert_eq!(of(OtherServer), told("HELLO 1\nONE\nBYE\n\u{1}", false), "it has no settings");
    assert_eq!(of(SettingsIgnored), told("HELLO 1\nONE\nBYE\n\u{1}", false), "it has no settings");
    let greeted = |what| heard(Some(Sabotage::Conversations(what)), &[("GUEST", "Berta")]);
    assert_eq!(greeted(Cut), told("HELLO ONBY\u{1}", true));
    assert_eq!(greeted(OtherServer), told("HELLO Oregn\nONE\nBYE\n\u{1}", true));
    assert_eq!(greeted(SettingsIgnored), told("HELLO 1\nONE\nBYE\n\u{1}", true));
}
