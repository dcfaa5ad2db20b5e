//! The upgrade: who could log in with the release before can with the head, by the same secrets and the same keys.

use std::collections::BTreeSet;

use recipe_tests::sso::claims::{Expected, Subject, check_claims};
use recipe_tests::sso::{Clock as _, verify};
use recipe_tests::{Check, Ctx, Failure, Sql, ensure, ensure_eq, skip};

use super::scene::{ROLE, Scene};
use super::server::{is_there, keycloak};

/// The service with the database.
pub(super) const DATABASE: &str = "db";

/// Where files are laid that extend Keycloak. It passes over what is no archive of Java's.
pub(super) const PROVIDERS: &str = "/opt/keycloak/providers";

/// So many files are laid there: losing every second file loses one of them.
const FILES: [&str; 2] = ["ccci-a.txt", "ccci-b.txt"];

/// Makes a realm, lays files beside the providers, and plants a row of our own.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let scene = Scene::plant(&ctx, "upgrade").await?;
    is_there(&ctx, scene.name()).await?;
    ctx.keep("keycloak.upgrade.keys", &keys(&ctx, &scene).await?)?;
    ctx.keep("keycloak.upgrade.scene", &scene)?;
    ctx.keep("keycloak.upgrade.files", &lay_files(&ctx, "before-the-upgrade").await?)?;
    let row = ctx.unique("before-the-upgrade");
    ctx.plant_row(&Sql::mysql(DATABASE), "upgrade", &row).await?;
    ctx.keep("keycloak.upgrade.row", &row)
}

/// Lays files beside the providers; returns what is in them.
pub(super) async fn lay_files(ctx: &Ctx, word: &str) -> Result<Vec<String>, Failure> {
    let mut contents = Vec::new();
    for file in FILES {
        let content = ctx.unique(word);
        ctx.write_file("app", &format!("{PROVIDERS}/{file}"), content.as_bytes()).await?;
        contents.push(content);
    }
    Ok(contents)
}

/// The files beside the providers hold this.
pub(super) async fn files_hold(ctx: &Ctx, contents: &[String]) -> Check {
    for (file, content) in FILES.iter().zip(contents) {
        let seen = ctx.read_file("app", &format!("{PROVIDERS}/{file}")).await?;
        let seen = String::from_utf8_lossy(&seen).into_owned();
        ensure_eq!(seen, *content, "what is in {file}");
    }
    Ok(())
}

/// Changes one file beside the providers and removes the other.
pub(super) async fn spoil_files(ctx: &Ctx) -> Check {
    ctx.write_file("app", &format!("{PROVIDERS}/{}", FILES[0]), b"spoilt").await?;
    ctx.remove_file("app", &format!("{PROVIDERS}/{}", FILES[1])).await
}

/// Returns the ids of the realm's keys.
async fn keys(ctx: &Ctx, scene: &Scene) -> Result<BTreeSet<String>, Failure> {
    let keys = scene.party(ctx).await?.keys().await?;
    Ok(keys.ids().into_iter().map(str::to_owned).collect())
}

/// What the service names and what answers are two things: an image under a new name may hold the old program.
pub(super) async fn says_its_version(ctx: Ctx) -> Check {
    let named = ctx.head().version.as_ref().map(|v| v.upstream().to_owned()).unwrap_or_default();
    if named.split('.').count() < 3 {
        return skip(format!("head names no version of Keycloak with three numbers: {named:?}"));
    }
    let token = keycloak(&ctx).await?.token("ask for the version").await?;
    let answer = ctx.visitor()?.with_bearer(token.expose()).get("/admin/serverinfo").await?;
    ensure_eq!(answer.status, 200, "the status of what the server says of itself");
    let said = answer.json()?["systemInfo"]["version"].clone();
    ensure_eq!(said.as_str(), Some(named.as_str()), "the version that Keycloak says");
    Ok(())
}

pub(super) async fn realm_survives(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.upgrade.scene")?;
    is_there(&ctx, scene.name()).await?;
    let realms = keycloak(&ctx).await?.realms().await?;
    let own = realms.iter().find(|realm| realm.name == scene.name());
    let made_for = own.and_then(|realm| realm.made_for.clone());
    ensure_eq!(made_for, Some(scene.client), "the attribute that the realm was made with");
    Ok(())
}

/// The same secret opens the same client.
pub(super) async fn client_survives(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.upgrade.scene")?;
    let party = scene.party(&ctx).await?;
    let claims = verify(&party.client_credentials().await?.access, &party.keys().await?)?;
    ensure_eq!(claims.text("azp"), Some(scene.client.as_str()), "whose token it is");
    Ok(())
}

/// The same password opens the same account, with its address and its role.
pub(super) async fn person_can_still_log_in(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.upgrade.scene")?;
    is_whole(&ctx, &scene).await
}

/// The person logs in, and is who the seed made.
pub(super) async fn is_whole(ctx: &Ctx, scene: &Scene) -> Check {
    let (tokens, party) = (scene.log_in(ctx).await?, scene.party(ctx).await?);
    let claims = verify(&tokens.access, &party.keys().await?)?;
    let issuer = &party.discovery.issuer;
    let mut expected = Expected::access(issuer, &scene.client);
    (expected.aud, expected.subject) = (Some(scene.client.as_str()), Subject::This(&scene.person));
    let wrong = check_claims(&claims, &expected, ctx.clock().now());
    ensure!(wrong.is_empty(), expected: "claims that are right", seen: format!("{wrong:?}"));
    let roles = claims.get("realm_access").map(|access| access["roles"].clone());
    let has_role = roles
        .as_ref()
        .and_then(|roles| roles.as_array())
        .is_some_and(|roles| roles.iter().any(|role| role == ROLE));
    ensure!(has_role, expected: format!("the role {ROLE}"), seen: format!("{roles:?}"));
    let info = party.user_info(&tokens.access).await?;
    ensure_eq!(info["sub"].as_str(), Some(scene.person.as_str()), "who it says that it is");
    let email = ctx.credentials(scene.account())?.email;
    ensure_eq!(info["email"].as_str(), Some(email.as_str()), "the person's address");
    Ok(())
}

/// Tokens of before the upgrade are believed after it, and apps need not fetch keys again.
pub(super) async fn signing_key_survives(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.upgrade.scene")?;
    let before: BTreeSet<String> = ctx.fact("keycloak.upgrade.keys")?;
    ensure_eq!(keys(&ctx, &scene).await?, before, "the realm's keys");
    Ok(())
}

pub(super) async fn providers_survive(ctx: Ctx) -> Check {
    files_hold(&ctx, &ctx.fact::<Vec<String>>("keycloak.upgrade.files")?).await
}

pub(super) async fn row_survives(ctx: Ctx) -> Check {
    let row: String = ctx.fact("keycloak.upgrade.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "upgrade").await?;
    ensure_eq!(seen, Some(row), "the row that was planted before the upgrade");
    Ok(())
}
