//! What Keycloak is for: tokens, to whom they belong.

use recipe_tests::sso::claims::{Expected, check_claims};
use recipe_tests::sso::{
    AskError, ClientWanted, Clock as _, GrantError, IdentityProvider as _, Issuer, KeySet, Party,
    Person, Refusal, discover, verify,
};
use recipe_tests::{Check, Ctx, Failure, Method, ensure, ensure_eq};
use serde_json::json;

use super::scene::{Scene, callback};
use super::server::{REQUEST, keycloak};
use super::upgrade::is_whole;

/// Makes a realm with people who may log in and people who may not, and another realm; makes, finds and deletes a
/// client.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let scene = Scene::plant(&ctx, "custom").await?;
    ctx.keep("keycloak.custom.other", &Scene::plant(&ctx, "other").await?)?;
    let realm = scene.realm(&keycloak(&ctx).await?);
    let disabled = ctx.credentials("disabled")?;
    let person = Person::new(disabled.user, disabled.password);
    let id = realm.create_person(&person).await?;
    realm.set_enabled(&id, false).await?;
    let unfinished = ctx.credentials("unfinished")?;
    let password = unfinished.password.expose();
    let half = json!({"username": unfinished.user, "email": unfinished.email, "enabled": true,
        "credentials": [{"type": "password", "value": password, "temporary": false}]});
    let made = realm.call("make half a user", Method::POST, "/users", Some(&half)).await?;
    ensure_eq!(made.status, 201, "the status of an account that lacks a name");

    let mut wanted = ClientWanted::for_app(ctx.domain(), &[&callback(&ctx)]);
    "short-lived".clone_into(&mut wanted.name);
    let made = realm.make_client(&wanted, &mut Vec::new()).await?;
    if let Some(secret) = &made.secret {
        ctx.secret(secret.expose())?;
    }
    let party = realm.party(&made).await?;
    party.client_credentials().await?;
    let found = realm.find_client(&made.id).await?;
    ensure!(found.is_some(), expected: "the client to be found", seen: "none");
    realm.delete_client(&made.id).await?;
    realm.delete_client(&made.id).await?;
    ctx.keep("keycloak.custom.scene", &scene)
}

/// The token of `admin-cli` says neither whose it is nor for whom; all else about it is right.
pub(super) async fn administrator_gets_a_token(ctx: Ctx) -> Check {
    let keycloak = keycloak(&ctx).await?;
    let token = keycloak.token("get a token").await?;
    let issuer = Issuer::of_realm(keycloak.client(), "master");
    let discovery = discover(keycloak.client(), &issuer, REQUEST).await?;
    let (client, id, secret) = (keycloak.client().clone(), "admin-cli".to_owned(), None);
    let party = Party { client, discovery, id, secret, limit: REQUEST };
    let claims = verify(&token, &party.keys().await?)?;
    let wrong = check_claims(&claims, &Expected::admin(issuer.as_str()), ctx.clock().now());
    ensure!(wrong.is_empty(), expected: "claims that are right", seen: format!("{wrong:?}"));
    Ok(())
}

pub(super) async fn person_gets_tokens(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    is_whole(&ctx, &scene).await?;
    let (tokens, party) = (scene.log_in(&ctx).await?, scene.party(&ctx).await?);
    let Some(id) = &tokens.id else {
        return Err(Failure::new("an id token", "none"));
    };
    let claims = verify(id, &party.keys().await?)?;
    let expected = Expected::id(&party.discovery.issuer, &scene.client, None);
    let wrong = check_claims(&claims, &expected, ctx.clock().now());
    ensure!(wrong.is_empty(), expected: "claims that are right", seen: format!("{wrong:?}"));
    Ok(())
}

pub(super) async fn client_gets_its_own(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let party = scene.party(&ctx).await?;
    let tokens = party.client_credentials().await?;
    let claims = verify(&tokens.access, &party.keys().await?)?;
    let expected = Expected::access(&party.discovery.issuer, &scene.client);
    let wrong = check_claims(&claims, &expected, ctx.clock().now());
    ensure!(wrong.is_empty(), expected: "claims that are right", seen: format!("{wrong:?}"));
    let name = format!("service-account-{}", scene.client);
    ensure_eq!(claims.text("preferred_username"), Some(name.as_str()), "whose account it is");
    Ok(())
}

pub(super) async fn deleted_client_is_unknown(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let realm = scene.realm(&keycloak(&ctx).await?);
    ensure_eq!(realm.find_client("short-lived").await?, None, "a client that was deleted");
    let mut party = scene.party(&ctx).await?;
    "short-lived".clone_into(&mut party.id);
    is_refused(&party.client_credentials().await, &Refusal::UnknownClient)
}

/// Ends the check unless tokens were refused, with this meaning.
pub(super) fn is_refused<V>(given: &Result<V, GrantError>, meant: &Refusal) -> Check {
    let seen = match given {
        Err(GrantError::Refused(refusal)) if refusal == meant => return Ok(()),
        Err(error) => error.to_string(),
        Ok(_) => "tokens".to_owned(),
    };
    Err(Failure::new(format!("no token: {meant}"), seen))
}

/// A session is gone on with, and ends.
pub(super) async fn session_ends(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let (tokens, party) = (scene.log_in(&ctx).await?, scene.party(&ctx).await?);
    let Some(refresh) = &tokens.refresh else {
        return Err(Failure::new("a refresh token", "none"));
    };
    let fresh = party.refresh(refresh).await?;
    party.user_info(&fresh.access).await?;
    let refresh = fresh.refresh.as_ref().unwrap_or(refresh);
    party.log_out(refresh).await?;
    is_refused(&party.refresh(refresh).await, &Refusal::SessionEnded)?;
    match party.user_info(&fresh.access).await {
        Err(AskError::Unauthorized { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::new("a token whose session is over to open nothing", "a user")),
    }
}

/// Returns the keys of a scene's realm.
pub(super) async fn keys_of(ctx: &Ctx, scene: &Scene) -> Result<KeySet, Failure> {
    Ok(scene.party(ctx).await?.keys().await?)
}
