//! The same over loopback, by plain HTTP below a path, as with a Keycloak that somebody already has.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Response;
use axum::routing::any;
use harness_core::http::{Asked, Client};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::stage::{CALLBACK, LIMIT, NEWER, administered, alice, domain};
use crate::claims::{Expected, check_claims};
use crate::fake::{FakeKeycloak, HandClock};
use crate::*;

/// Serves a fake below `/auth`; returns its address.
async fn serve(clock: &Arc<HandClock>, tasks: &mut JoinSet<()>) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}/auth", listener.local_addr().unwrap());
    let fake = FakeKeycloak::start(NEWER, &base, clock.clone());
    let answer = async move |request: Request| {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().as_str();
        let headers = parts.headers.iter();
        let asked = Asked {
            method: parts.method.to_string(),
            path: path.strip_prefix("/auth").unwrap_or(path).to_owned(),
            headers: headers
                .map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned()))
                .collect(),
            body: to_bytes(body, 1 << 20).await.unwrap().to_vec(),
        };
        let answer = fake.answer(&asked);
        let mut response = Response::builder().status(answer.status);
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        response.body(Body::from(answer.body)).unwrap()
    };
    let app = axum::Router::new().fallback(any(answer));
    tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
    base
}

#[tokio::test]
async fn a_realm_lives_and_a_person_logs_in() {
    let clock = HandClock::at("2026-11-21T12:00:00Z".parse().unwrap());
    let mut tasks = JoinSet::new();
    let base = serve(&clock, &mut tasks).await;
    let client = Client::at(&base, None).unwrap();
    let keycloak = administered(client, clock.clone());
    keycloak.ready(LIMIT).await.unwrap();
    let (app, mut undos) = (domain("app.ccci.test"), Vec::new());
    let realm = keycloak.create_realm(&app, &mut undos).await.unwrap();
    assert_eq!(realm.issuer().as_str(), format!("{base}/realms/{}", realm.name()));
    let wanted = ClientWanted::for_app(&app, &[CALLBACK]);
    let made = realm.make_client(&wanted, &mut undos).await.unwrap();
    let party = realm.party(&made).await.unwrap();
    realm.create_person(&alice()).await.unwrap();
    let attempt = Attempt::new(&mut Random::system());
    let login = realm.login("alice", &alice().password).unwrap();
    let begin = party.authorize_url(&attempt, CALLBACK, "openid");
    let back = login.for_code(&begin, CALLBACK, &attempt, &realm.issuer()).await.unwrap();
    let tokens = party.exchange(&back.code, CALLBACK, &attempt).await.unwrap();
    let id = verify(tokens.id.as_ref().unwrap(), &party.keys().await.unwrap()).unwrap();
    let issuer = realm.issuer();
    let expected = Expected::id(issuer.as_str(), &party.id, Some(attempt.nonce.expose()));
    assert_eq!(check_claims(&id, &expected, keycloak.now()), []);
    for undo in undos.iter().rev() {
        undo.run(&keycloak).await.unwrap();
    }
    assert!(!realm.exists().await.unwrap());
}
