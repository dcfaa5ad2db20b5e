//! Realms from their beginning to their end.

use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::http::Method;
use harness_core::secret::Secret;
use harness_core::wait::WaitError;

use super::stage::{CALLBACK, NEWER, Stage, administered, alice, domain};
use crate::fake::{Trouble, Wrong};
use crate::*;

/// Takes nothing.
struct FullDisk;

impl Remember for FullDisk {
    fn remember(&mut self, _: &Undo) -> Result<(), NotRemembered> {
        Err(NotRemembered { reason: "no space left".to_owned() })
    }
}

#[tokio::test(start_paused = true)]
async fn a_realm_is_made_once_found_and_taken_back_however_often() {
    let stage = Stage::new(NEWER);
    let mut undos = Vec::new();
    let app = domain("gite-a1b2c3.ccci.test");
    let realm = stage.keycloak.create_realm(&app, &mut undos).await.unwrap();
    assert!(realm.exists().await.unwrap());
    assert_eq!(undos, [realm.undo()]);
    let again = stage.keycloak.create_realm(&app, &mut undos).await.unwrap_err();
    assert!(matches!(again, MakeError::Failed(AdminError::AlreadyThere { .. })), "{again}");
    for _ in 0..2 {
        realm.undo().run(&stage.keycloak).await.unwrap();
        assert!(!realm.exists().await.unwrap());
    }
    let left = stage.keycloak.realms().await.unwrap();
    assert_eq!(left, [SeenRealm { name: "master".to_owned(), made_for: None }]);
}

#[tokio::test(start_paused = true)]
async fn a_realm_that_a_killed_run_left_is_made_anew_and_nobody_elses_is() {
    let stage = Stage::new(NEWER);
    let app = domain("gite-a1b2c3.ccci.test");
    let left = stage.keycloak.create_realm(&app, &mut Vec::new()).await.unwrap();
    left.create_person(&alice()).await.unwrap();
    let mut undos = Vec::new();
    let realm = stage.keycloak.renew_realm(&app, &mut undos).await.unwrap();
    assert_eq!(realm.name(), left.name());
    assert_eq!(realm.find_person("alice").await.unwrap(), None);
    assert!(undos.iter().all(|undo| *undo == realm.undo()) && !undos.is_empty());
    // Somebody's own realm of this name says nothing of the app, or that it was made for another one.
    for made_for in [None, Some("other-a1b2c3.ccci.test")] {
        realm.delete().await.unwrap();
        let theirs = serde_json::json!({
            "realm": realm.name(), "enabled": true, "attributes": {"ccci.made-for": made_for},
        });
        let put = stage.keycloak.call("make a realm", Method::POST, "", Some(&theirs)).await;
        assert_eq!(put.unwrap().status, 201);
        realm.create_person(&alice()).await.unwrap();
        let error = stage.keycloak.renew_realm(&app, &mut Vec::new()).await.unwrap_err();
        assert!(matches!(error, MakeError::Failed(AdminError::AlreadyThere { .. })), "{error}");
        assert!(realm.find_person("alice").await.unwrap().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_while_a_realm_is_made_is_fetched_anew() {
    let app = domain("gite-a1b2c3.ccci.test");
    let stage = Stage::new(NEWER);
    stage.keycloak.ready(Duration::from_secs(1)).await.unwrap();
    assert!(stage.fake.log_administrators_out());
    let realm = stage.keycloak.renew_realm(&app, &mut Vec::new()).await.unwrap();
    assert!(stage.fake.log_administrators_out());
    realm.create_person(&alice()).await.unwrap();
    let granted = |asked: &String| asked.ends_with("/master/protocol/openid-connect/token");
    assert_eq!(stage.fake.asked().iter().filter(|asked| granted(asked)).count(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off_is_seen_by_what_it_dates() {
    let stage = Stage::new(NEWER);
    for (wrong, ahead) in [(None, 0), (Some(Wrong::Ahead), 600), (Some(Wrong::Behind), -600)] {
        stage.fake.be(wrong);
        assert_eq!(stage.keycloak.clock_ahead().await.unwrap().as_secs(), ahead);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_made_that_nobody_could_take_back() {
    let stage = Stage::new(NEWER);
    let made = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut FullDisk).await;
    assert!(matches!(made, Err(MakeError::NotRemembered(_))));
    let realm = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut Vec::new()).await.unwrap();
    stage.fake.asked();
    let wanted = ClientWanted::for_app(&domain("a.ccci.test"), &[CALLBACK]);
    let made = realm.make_client(&wanted, &mut FullDisk).await;
    assert!(matches!(made, Err(MakeError::NotRemembered(_))));
    assert!(stage.fake.asked().is_empty(), "nothing was asked of the provider");
}

#[tokio::test(start_paused = true)]
async fn what_was_registered_is_undone_also_when_the_provider_died_before_it_answered() {
    let stage = Stage::new(NEWER);
    stage.keycloak.ready(Duration::from_secs(1)).await.unwrap();
    stage.fake.trouble(Trouble { slow: Duration::from_secs(60), ..Trouble::default() });
    let mut undos = Vec::new();
    let made = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut undos).await;
    assert!(matches!(made, Err(MakeError::Failed(AdminError::Http { .. }))));
    stage.fake.trouble(Trouble::default());
    for undo in undos.iter().rev() {
        undo.run(&stage.keycloak).await.unwrap();
    }
    assert_eq!(stage.keycloak.realms().await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_undo_is_run_where_the_thing_was_made() {
    let stage = Stage::new(NEWER);
    let realm = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut Vec::new()).await.unwrap();
    let elsewhere = stage.fake.client(&domain("other.ccci.test")).unwrap();
    let elsewhere = administered(elsewhere, stage.clock.clone());
    let error = realm.undo().run(&elsewhere).await.unwrap_err().to_string();
    assert_eq!(error, "the undo is for https://kc.ccci.test, not for https://other.ccci.test");
    assert!(realm.exists().await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_client_is_made_found_and_taken_back_also_when_its_realm_is_gone() {
    let stage = Stage::new(NEWER);
    let realm = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut Vec::new()).await.unwrap();
    let mut wanted = ClientWanted::for_app(&domain("a.ccci.test"), &[CALLBACK]);
    let made = realm.make_client(&wanted, &mut Vec::new()).await.unwrap();
    assert_eq!((made.id.as_str(), made.secret.is_some()), ("a.ccci.test", true));
    assert!(realm.find_client("a.ccci.test").await.unwrap().is_some());
    let again = realm.make_client(&wanted, &mut Vec::new()).await.unwrap_err();
    assert!(matches!(again, MakeError::Failed(AdminError::AlreadyThere { .. })), "{again}");
    (wanted.name, wanted.kind) = ("browser".to_owned(), ClientKind::Public);
    let public = realm.make_client(&wanted, &mut Vec::new()).await.unwrap();
    assert!(public.secret.is_none());
    made.undo.run(&realm).await.unwrap();
    assert_eq!(realm.find_client("a.ccci.test").await.unwrap(), None);
    made.undo.run(&stage.keycloak).await.unwrap();
    realm.delete().await.unwrap();
    public.undo.run(&stage.keycloak).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_person_has_groups_and_roles_and_can_be_found_and_disabled() {
    let stage = Stage::new(NEWER);
    let realm = stage.keycloak.create_realm(&domain("a.ccci.test"), &mut Vec::new()).await.unwrap();
    let mut person = alice();
    person.groups = vec!["staff".to_owned()];
    person.roles = vec!["editor of all".to_owned(), "reader".to_owned()];
    let id = realm.create_person(&person).await.unwrap();
    assert_eq!(realm.find_person("alice").await.unwrap(), Some(id.clone()));
    assert_eq!(realm.find_person("bob").await.unwrap(), None);
    let again = realm.create_person(&person).await.unwrap_err();
    assert!(matches!(again, AdminError::AlreadyThere { .. }), "{again}");
    let wanted = ClientWanted::for_app(&domain("a.ccci.test"), &[CALLBACK]);
    let made = realm.make_client(&wanted, &mut Vec::new()).await.unwrap();
    let party = realm.party(&made).await.unwrap();
    let tokens = party.password_grant("alice", &person.password, "openid").await.unwrap();
    let claims = verify(&tokens.access, &party.keys().await.unwrap()).unwrap();
    let roles = claims.get("realm_access").unwrap()["roles"].as_array().unwrap();
    assert!(roles.iter().any(|role| role == "editor of all"), "{roles:?}");
    for (is_enabled, is_let_in) in [(false, false), (true, true)] {
        realm.set_enabled(&id, is_enabled).await.unwrap();
        let given = party.password_grant("alice", &person.password, "openid").await;
        assert_eq!(given.is_ok(), is_let_in);
    }
    realm.clear_cache().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_admin_token_is_fetched_again_before_it_ends() {
    let stage = Stage::new(NEWER);
    let fetched = || stage.fake.asked().iter().filter(|asked| asked.ends_with("/token")).count();
    stage.keycloak.realms().await.unwrap();
    assert_eq!(fetched(), 1);
    stage.clock.advance(Duration::from_secs(48));
    stage.keycloak.realms().await.unwrap();
    assert_eq!(fetched(), 0, "it lives for 12 more seconds");
    stage.clock.advance(Duration::from_secs(2));
    stage.keycloak.realms().await.unwrap();
    assert_eq!(fetched(), 1, "it would live for 10 more");
}

#[tokio::test(start_paused = true)]
async fn an_admin_token_that_ended_all_the_same_is_fetched_again_once() {
    let stage = Stage::new(NEWER);
    // This clock stands: to the client the token never ends.
    let client = stage.client();
    let standing = fake::HandClock::at(stage.clock.now());
    let keycloak = administered(client, standing);
    keycloak.realms().await.unwrap();
    stage.fake.asked();
    stage.clock.advance(Duration::from_secs(90));
    assert_eq!(keycloak.realms().await.unwrap().len(), 1);
    let asked = stage.fake.asked();
    let tokens = asked.iter().filter(|asked| asked.ends_with("/token")).count();
    assert_eq!((asked.len(), tokens), (3, 1), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_keycloak_that_is_starting_is_waited_for() {
    let stage = Stage::new(NEWER);
    stage.fake.trouble(Trouble { not_yet: 9, ..Trouble::default() });
    stage.keycloak.ready(Duration::from_secs(60)).await.unwrap();
    stage.fake.trouble(Trouble { not_yet: u32::MAX, ..Trouble::default() });
    let error = stage.keycloak.ready(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(&error, WaitError::TimedOut { last, .. } if last.contains("503")), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_admins_password_is_not_waited_for() {
    let stage = Stage::new(NEWER);
    let password = Secret::new("hunter23");
    let keycloak = Keycloak::new(
        stage.client(),
        "admin",
        password,
        stage.clock.clone(),
        Duration::from_secs(5),
    );
    let began = tokio::time::Instant::now();
    let error = keycloak.ready(Duration::from_secs(60)).await.unwrap_err();
    assert!(began.elapsed() < Duration::from_secs(1));
    let WaitError::Hopeless(cause) = &error else { panic!("{error}") };
    assert_eq!(cause.class, CauseClass::Harness);
    let shown = format!("{error} {keycloak:?}");
    assert!(shown.contains("the user or the password is wrong"), "{shown}");
    assert!(!shown.contains("hunter23"), "{shown}");
}

#[tokio::test(start_paused = true)]
async fn realms_of_dead_runs_are_reaped_and_others_spared() {
    let stage = Stage::new(NEWER);
    let (dead, live) = (domain("gite-a1b2c3.ccci.test"), domain("gite-d4e5f6.ccci.test"));
    for app in [&dead, &live] {
        stage.keycloak.create_realm(app, &mut Vec::new()).await.unwrap();
    }
    let by_hand = serde_json::json!({"realm": "team-a1b2c3", "enabled": true});
    let made =
        stage.keycloak.call("make a realm", harness_core::http::Method::POST, "", Some(&by_hand));
    assert_eq!(made.await.unwrap().status, 201);
    let (reaped, failed) = stage.keycloak.reap(std::slice::from_ref(&live)).await.unwrap();
    assert_eq!((reaped, failed.len()), (vec![RealmName::for_app(&dead)], 0));
    let left: Vec<String> =
        stage.keycloak.realms().await.unwrap().into_iter().map(|realm| realm.name).collect();
    assert_eq!(left, ["master", RealmName::for_app(&live).as_str(), "team-a1b2c3"]);
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_is_gone_is_named_as_such() {
    let stage = Stage::new(NEWER);
    stage.fake.trouble(Trouble { dies: Some(1), ..Trouble::default() });
    let error = stage.keycloak.realms().await.unwrap_err();
    assert!(matches!(error, AdminError::Http { .. }), "{error}");
}
