//! Logs somebody in at a Keycloak of one's own and judges the token: `KEYCLOAK_PASSWORD=… keycloak-login URL`.

use std::{error::Error, sync::Arc, time::Duration};

use harness_core::{http::Client, name::Domain, secret::Secret};
use harness_sso::claims::{Expected, check_claims};
use harness_sso::*;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::at(&std::env::args().nth(1).ok_or("which Keycloak?")?, None)?;
    let (admin, limit) = (std::env::var("KEYCLOAK_PASSWORD")?, Duration::from_secs(30));
    let clock = Arc::new(SystemClock);
    let keycloak = Keycloak::new(client, "admin", Secret::new(admin), clock, limit);
    let mut undos = Vec::new();
    let ended = log_in(&keycloak, &mut undos).await;
    for undo in undos.iter().rev() {
        undo.run(&keycloak).await?;
    }
    ended
}

async fn log_in(keycloak: &Keycloak, undos: &mut Vec<Undo>) -> Result<(), Box<dyn Error>> {
    let (app, back) = (Domain::try_from("app.test".to_owned())?, "https://app.test/callback");
    let realm = keycloak.create_realm(&app, undos).await?;
    let made = realm.make_client(&ClientWanted::for_app(&app, &[back]), undos).await?;
    let (party, alice) =
        (realm.party(&made).await?, Person::new("alice", Random::system().secret()));
    realm.create_person(&alice).await?;
    let (attempt, issuer) = (Attempt::new(&mut Random::system()), realm.issuer());
    let (begin, login) =
        (party.authorize_url(&attempt, back, "openid"), realm.login(&alice.user, &alice.password)?);
    let code = login.for_code(&begin, back, &attempt, &issuer).await?.code;
    let id = party.exchange(&code, back, &attempt).await?.id.ok_or("no id token")?;
    let expected = Expected::id(issuer.as_str(), &party.id, Some(attempt.nonce.expose()));
    let wrong = check_claims(&verify(&id, &party.keys().await?)?, &expected, keycloak.now());
    println!("alice logged in at {issuer}; wrong claims: {wrong:?}");
    if wrong.is_empty() { Ok(()) } else { Err("the token claims what it may not".into()) }
}
