//! The Keycloak under test: its administrator, and what it says to everyone.

use std::sync::Arc;
use std::time::Duration;

use recipe_tests::sso::Keycloak;
use recipe_tests::{Answer, CauseClass, Check, Ctx, Failure, Method, Secret, ensure, ensure_eq};

/// How long one request may take: making a realm took up to 5 s.
pub(super) const REQUEST: Duration = Duration::from_secs(30);

/// How long a Keycloak is waited for that is starting, or that has just lost its database's connections.
const PATIENCE: Duration = Duration::from_secs(90);

/// Returns the Keycloak with its administrator, whom it lets in.
pub(super) async fn keycloak(ctx: &Ctx) -> Result<Keycloak, Failure> {
    let (admin, password) = administrator(ctx).await?;
    let client = ctx.http()?.stranger()?;
    let clock = Arc::new(ctx.clock());
    let keycloak = Keycloak::new(client, admin, password, clock, REQUEST);
    let ready = keycloak.ready(PATIENCE).await;
    // The password is the one that the recipe gave it: that it is refused is none of ours.
    ready.map_err(|error| Failure::error(CauseClass::App, error.to_string()))?;
    Ok(keycloak)
}

/// Returns who administers it, with the password that the recipe gave it.
pub(super) async fn administrator(ctx: &Ctx) -> Result<(&'static str, Secret), Failure> {
    Ok(("admin", ctx.service_secret("app", "admin_password").await?))
}

/// Asks for what a realm says of itself to everyone.
async fn published(ctx: &Ctx, realm: &str) -> Result<Answer, Failure> {
    let path = format!("/realms/{realm}");
    ctx.visitor()?.when_ready(PATIENCE, |v| v.request(Method::GET, &path)).await
}

/// Everyone sees the realm.
pub(super) async fn is_there(ctx: &Ctx, realm: &str) -> Check {
    let answer = published(ctx, realm).await?;
    ensure_eq!(answer.status, 200, "the status of the realm {realm}");
    ensure_eq!(answer.media_type().unwrap_or_default(), "application/json", "its media type");
    let said = answer.json()?;
    ensure_eq!(said["realm"].as_str(), Some(realm), "which realm it says to be");
    let service = said["token-service"].as_str().unwrap_or_default();
    let own = format!("https://{}/realms/{realm}/protocol/openid-connect", ctx.domain());
    ensure_eq!(service, own, "where it gives tokens");
    Ok(())
}

/// Nobody sees such a realm: the 404 is Keycloak's own.
pub(super) async fn is_missing(ctx: &Ctx, realm: &str) -> Check {
    let answer = published(ctx, realm).await?;
    let said = answer.json().unwrap_or_default();
    ensure!(
        answer.status == 404 && said["error"].is_string(),
        expected: format!("no realm {realm}, and Keycloak to say so with status 404"),
        seen: answer.summary(),
    );
    Ok(())
}

pub(super) async fn realm_master_answers(ctx: Ctx) -> Check {
    is_there(&ctx, "master").await
}
