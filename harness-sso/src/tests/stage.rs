//! What most tests begin with: a Keycloak, a realm, a client, a person.

use std::sync::Arc;
use std::time::Duration;

use harness_core::http::Client;
use harness_core::name::Domain;
use harness_core::secret::Secret;

use crate::fake::{ADMIN_PASSWORD, FakeKeycloak, HandClock};
use crate::*;

pub(super) const LIMIT: Duration = Duration::from_secs(20);
pub(super) const CALLBACK: &str = "https://app.ccci.test/callback";
pub(super) const NEWER: &str = "26.7.3";
pub(super) const OLDER: &str = "26.5.6";

pub(super) fn domain(text: &str) -> Domain {
    Domain::try_from(text.to_owned()).unwrap()
}

pub(super) struct Stage {
    pub(super) fake: Arc<FakeKeycloak>,
    pub(super) clock: Arc<HandClock>,
    pub(super) keycloak: Keycloak,
}

impl Stage {
    pub(super) fn new(version: &str) -> Self {
        let clock = HandClock::at("2026-11-21T12:00:00Z".parse().unwrap());
        let fake = FakeKeycloak::start(version, "https://kc.ccci.test", clock.clone());
        let client = fake.client(&domain("kc.ccci.test")).unwrap();
        let keycloak = administered(client, clock.clone());
        Self { fake, clock, keycloak }
    }

    pub(super) fn client(&self) -> Client {
        self.fake.client(&domain("kc.ccci.test")).unwrap()
    }
}

pub(super) fn administered(client: Client, clock: Arc<dyn Clock>) -> Keycloak {
    Keycloak::new(client, "admin", Secret::new(ADMIN_PASSWORD), clock, LIMIT)
}

pub(super) fn alice() -> Person {
    Person::new("alice", Secret::new("hunter22-of-alice"))
}

/// A realm with a client and a person, and what takes both back.
pub(super) struct Scene {
    pub(super) stage: Stage,
    pub(super) realm: Realm,
    pub(super) party: Party,
    pub(super) alice: String,
}

impl Scene {
    pub(super) async fn new(version: &str) -> Self {
        let stage = Stage::new(version);
        let mut undos = Vec::new();
        let app = domain("app.ccci.test");
        let realm = stage.keycloak.create_realm(&app, &mut undos).await.unwrap();
        let wanted = ClientWanted::for_app(&app, &[CALLBACK]);
        let made = realm.make_client(&wanted, &mut undos).await.unwrap();
        let party = realm.party(&made).await.unwrap();
        let alice = realm.create_person(&alice()).await.unwrap();
        Self { stage, realm, party, alice }
    }

    pub(super) fn login(&self, user: &str, password: &str) -> Login {
        self.realm.login(user, &Secret::new(password)).unwrap()
    }
}
