//! The vocabulary: what is written is what is read, and the generator draws only what can be read.

use std::collections::BTreeSet;
use std::time::Duration;

use harness_core::tier::Tier;
use proptest::prelude::*;

use super::*;
use crate::world::Random;

fn shape() -> Shape {
    Shape {
        recipe_faults: true,
        process_faults: true,
        upgrade: true,
        backup: true,
        restore: true,
        disaster: true,
        volumes: true,
        hooks: true,
        secrets: true,
        suite: true,
        beside: true,
        provider: true,
        events: 120,
        boot_limit: Duration::from_mins(25),
        ok: vec![200],
    }
}

#[test]
fn every_class_is_in_the_table_once_under_its_own_name() {
    let names: BTreeSet<&str> = CLASSES.iter().map(|c| c.name).collect();
    let whats: BTreeSet<What> = CLASSES.iter().map(|c| c.what).collect();
    assert_eq!((names.len(), whats.len()), (CLASSES.len(), CLASSES.len()));
    // The variants count up from nothing, so the last one says how many there are.
    assert_eq!(CLASSES.len(), What::Gc as usize + 1);
    for class in CLASSES {
        assert_eq!(class.what.class(), class);
        assert!(class.text.ends_with('.') && !class.stands_for.is_empty(), "{}", class.name);
        assert!(class.kind == Kind::Recipe || class.caught_by.is_empty(), "{}", class.name);
    }
}

#[test]
fn what_is_written_in_the_field_is_read() {
    let read = |text: &str| text.parse::<Fault>().unwrap();
    let fault = read("crash-loop:3@upgrade");
    assert_eq!(
        (fault.what, fault.number(), fault.at),
        (What::CrashLoop, Some(3), At::Tier(Tier::Upgrade))
    );
    assert_eq!(read("registry-429@prepull").at, At::Phase(Phase::Prepull, None));
    assert_eq!(read("host-slow:10").number(), Some(10));
    assert_eq!(read("kill@event:417").at, At::Event(417));
    assert_eq!(read("events-lost:0.5").share(), 50);
    assert_eq!(read("events-lost:1").share(), 100);
    assert_eq!(read("clock-jump:-90s@event:3").jump(), -90_000);
    assert_eq!(read("engine-gone@converge@restore").time(), None);
    assert_eq!(read("slow-boot:25m").time(), Some(Duration::from_mins(25)));
    assert_eq!(read("slow-boot").time(), Some(Duration::from_mins(5)));
    assert_eq!(read("call-hangs@backup").at, At::Tier(Tier::Backup));
    assert_eq!(read("dep-dies@custom").at, At::Tier(Tier::Custom));
    assert_eq!(read("dep-restarts@provide").at, At::Provide);
    assert_eq!(read("dep-slow:20").number(), Some(20));
    assert_eq!(read("dep-clock:-30s").jump(), -30_000);
    assert_eq!(read("dep-realm-there@provide").what, What::DepRealmThere);
}

#[test]
fn what_cannot_be_read_says_what_is_known() {
    let error = |text: &str| text.parse::<Fault>().unwrap_err().to_string();
    assert!(error("crashloop").contains("did you mean `crash-loop`?"), "{}", error("crashloop"));
    assert!(error("host-slow:x").contains("takes a number"));
    assert!(error("host-slow:0").contains("takes a number"));
    assert!(error("no-port:3").contains("takes no parameter"));
    assert!(error("events-lost:1.5").contains("takes a share"));
    assert!(error("slow-pull:3").contains("takes a time"));
    assert!(error("kill@deploy").contains("kill@event:N"));
    assert!(error("call-hangs@nowhere").contains("prepull, deploy"));
    assert!(error("crash-loop@backup").contains("[@install or @upgrade]"));
    assert!(error("kill@event:x").contains("event:417"));
    assert!(error("dep-dies").contains("dep-dies@provide or @tier"));
    assert!(error("dep-dies@deploy").contains("dep-dies@provide or @tier"));
    assert!(error("dep-token-expired@custom").contains("dep-token-expired[@provide]"));
    assert!(error("dep-slow@install").contains("dep-slow[:number]"));
    assert!(error("crash-loop@provide").contains("[@install or @upgrade]"));
}

#[test]
fn a_claim_follows_the_place() {
    let claims = |text: &str| text.parse::<Fault>().unwrap().caught_by();
    assert_eq!(claims("wrong-status@upgrade"), [Tier::Upgrade]);
    assert_eq!(claims("crash-loop@install"), [Tier::Install]);
    assert_eq!(claims("crash-loop:3@install"), []);
    assert_eq!(claims("wrong-type@upgrade"), [Tier::Custom]);
    assert_eq!(claims("host-slow"), []);
}

#[test]
fn what_must_be_borne_is_what_the_harness_can_get_over() {
    let borne = |text: &str| text.parse::<Fault>().unwrap().is_borne();
    assert!(borne("dep-realm-there") && borne("dep-token-expired"));
    assert!(borne("dep-clock:+30s") && borne("dep-clock:-57s"));
    assert!(!borne("dep-clock:+60s") && !borne("dep-clock:-5m") && !borne("dep-slow:2"));
    assert!(!borne("dep-restarts@provide") && !borne("clock-jump:+1s@event:1"));
}

#[test]
fn a_recipe_that_needs_no_other_has_no_faults_of_one() {
    let of = |text: &str| text.starts_with("dep-");
    let drawn = |shape: &Shape| {
        let mut numbers = Random::new(2);
        let faults = (0..3000).flat_map(|_| random(&mut numbers, shape));
        faults.map(|fault| fault.to_string()).filter(|text| of(text)).collect::<BTreeSet<_>>()
    };
    assert!(drawn(&Shape { beside: false, provider: false, ..shape() }).is_empty());
    let plain = drawn(&Shape { provider: false, ..shape() });
    assert!(plain.iter().any(|text| text.starts_with("dep-slow:")));
    assert!(plain.contains("dep-dies@provide") && plain.contains("dep-restarts@custom"));
    assert!(!plain.contains("dep-realm-there") && !plain.contains("dep-token-expired"));
    assert!(drawn(&shape()).contains("dep-realm-there"));
}

#[test]
fn a_shape_keeps_out_what_cannot_happen() {
    let bare = Shape {
        recipe_faults: true,
        process_faults: false,
        upgrade: false,
        backup: false,
        restore: false,
        disaster: false,
        volumes: false,
        hooks: false,
        secrets: false,
        suite: false,
        beside: false,
        provider: false,
        ..shape()
    };
    let mut numbers = Random::new(1);
    for _ in 0..3000 {
        for fault in random(&mut numbers, &bare) {
            let text = fault.to_string();
            assert!(!text.contains("upgrade") && !text.contains("backup"), "{text}");
            assert!(!text.contains("restore") && !text.contains("volume"), "{text}");
            assert_ne!(fault.kind(), Kind::Process, "{text}");
        }
    }
}

#[test]
fn a_status_that_the_suite_accepts_is_not_drawn_as_a_wrong_one() {
    let drawn = |ok: &[u16]| -> BTreeSet<String> {
        let (mut numbers, shape) = (Random::new(3), Shape { ok: ok.to_vec(), ..shape() });
        let faults = (0..5000).flat_map(|_| random(&mut numbers, &shape));
        let wrong = faults.filter(|f| f.what == What::WrongStatus);
        wrong.map(|f| f.to_string().split('@').next().unwrap_or_default().to_owned()).collect()
    };
    assert!(drawn(&[200]).contains("wrong-status:404"));
    assert!(!drawn(&[200, 404]).contains("wrong-status:404"));
    assert!(drawn(&[200, 404]).contains("wrong-status:500"));
}

#[test]
fn every_class_is_drawn_and_every_draw_can_be_read() {
    let (mut numbers, mut seen) = (Random::new(7), BTreeSet::new());
    for _ in 0..20_000 {
        let drawn = random(&mut numbers, &shape());
        assert!(drawn.len() <= 4);
        assert!(drawn.iter().filter(|f| f.kind() == Kind::Recipe).count() <= 1);
        let slow = drawn.iter().any(|f| f.what == What::HostSlow);
        for fault in drawn {
            assert_eq!(fault.to_string().parse(), Ok(fault));
            if fault.what == What::SlowBoot {
                assert!(fault.time().unwrap() < shape().boot_limit);
                assert!(!slow, "a slow host takes a slow boot past every limit");
            }
            seen.insert(fault.what);
        }
    }
    assert_eq!(seen.len(), CLASSES.len());
}

#[test]
fn the_help_names_every_fault() {
    let help = help();
    assert!(CLASSES.iter().all(|c| help.contains(c.name)));
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(seed: u64) {
        let mut numbers = Random::new(seed);
        for fault in random(&mut numbers, &shape()) {
            prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[a-z0-9:@.+-]{0,40}") {
        if let Ok(fault) = text.parse::<Fault>() {
            prop_assert_eq!(fault.to_string().parse::<Fault>(), Ok(fault));
        }
    }
}
