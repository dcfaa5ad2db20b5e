//! Backup and restore: a realm that was deleted is back, what was changed is as it was, and what was made later is gone.
//!
//! A running Keycloak serves realms and people from memory. One that was deleted is not remembered, so it is back at
//! once; what was changed or made after the dump is seen as it was before the restore, until the cache is cleared. So
//! the checks that look at what was changed clear it first: that is Keycloak's way, and no fault of the recipe, which
//! says so in its README.

use recipe_tests::sso::{GrantError, Keycloak, Refusal};
use recipe_tests::{CauseClass, Check, Ctx, Failure, Method, Sql, ensure, ensure_eq};
use serde_json::{Value, json};

use super::scene::Scene;
use super::server::{is_missing, is_there, keycloak};
use super::upgrade::{DATABASE, files_hold, is_whole, lay_files, spoil_files};

/// What the changed realm is called at first.
const ORIGINAL: &str = "As it was";

/// Makes what the backup must hold.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let kept = Scene::plant(&ctx, "kept").await?;
    // Everyone has seen it: what remembers that forever is found out.
    is_there(&ctx, kept.name()).await?;
    ctx.keep("keycloak.restore.kept", &kept)?;
    let changed = Scene::plant(&ctx, "changed").await?;
    rename(&ctx, &changed, ORIGINAL).await?;
    ctx.keep("keycloak.restore.changed", &changed)?;
    ctx.keep("keycloak.restore.files", &lay_files(&ctx, "before-the-backup").await?)?;
    let row = ctx.unique("original");
    ctx.plant_row(&Sql::mysql(DATABASE), "restore", &row).await?;
    ctx.keep("keycloak.restore.row", &row)
}

/// The dump must hold what was made last: one of an earlier moment is whole too.
pub(super) async fn realms_are_in_the_dump(ctx: Ctx) -> Check {
    let has = |text: &str| ctx.backup()?.holds("mysql", "backup.sql.gz", text);
    let has_table = has("INSERT INTO `REALM` ")?;
    ensure!(has_table, expected: "the table of realms in the dump", seen: "a dump without it");
    for key in ["keycloak.restore.kept", "keycloak.restore.changed"] {
        let scene: Scene = ctx.fact(key)?;
        for text in [scene.name(), &scene.person] {
            let is_there = has(text)?;
            ensure!(
                is_there,
                expected: format!("{text} of the realm {} in the dump", scene.name()),
                seen: "a dump without it",
            );
        }
    }
    Ok(())
}

/// Makes everything otherwise, and proves that it is: else finding the original proves nothing.
pub(super) async fn diverge(ctx: Ctx) -> Check {
    let keycloak = keycloak(&ctx).await?;
    let kept: Scene = ctx.fact("keycloak.restore.kept")?;
    let party = kept.party(&ctx).await?;
    kept.realm(&keycloak).delete().await?;
    is_missing(&ctx, kept.name()).await?;
    let given = party.client_credentials().await;
    let is_gone = matches!(&given, Err(GrantError::Refused(Refusal::NoRealm)));
    ensure!(is_gone, expected: "no token of a realm that is gone", seen: format!("{given:?}"));
    let changed: Scene = ctx.fact("keycloak.restore.changed")?;
    rename(&ctx, &changed, "Not as it was").await?;
    changed.realm(&keycloak).set_enabled(&changed.person, false).await?;
    let refused = changed.log_in(&ctx).await;
    ensure!(refused.is_err(), expected: "a disabled person to be refused", seen: "tokens");
    let later = Scene::plant(&ctx, "later").await?;
    is_there(&ctx, later.name()).await?;
    ctx.keep("keycloak.restore.later", &later)?;
    spoil_files(&ctx).await?;
    let (db, mutated) = (Sql::mysql(DATABASE), ctx.unique("mutated"));
    ctx.plant_row(&db, "restore", &mutated).await?;
    let seen = ctx.planted_row(&db, "restore").await?;
    ensure_eq!(seen, Some(mutated), "the row that was changed before the restore");
    Ok(())
}

/// Gives the realm another name to be shown, and sees it there.
async fn rename(ctx: &Ctx, scene: &Scene, name: &str) -> Check {
    let realm = scene.realm(&keycloak(ctx).await?);
    let change = json!({ "displayName": name });
    let answer = realm.call("rename a realm", Method::PUT, "", Some(&change)).await?;
    ensure_eq!(answer.status, 204, "the status of a change of the realm {}", scene.name());
    is_called(ctx, scene, name).await
}

async fn is_called(ctx: &Ctx, scene: &Scene, name: &str) -> Check {
    let realm = scene.realm(&keycloak(ctx).await?);
    let answer = realm.call("read a realm", Method::GET, "", None).await?;
    ensure_eq!(answer.status, 200, "the status of the realm {} in the API", scene.name());
    let seen: Value = answer.json()?["displayName"].clone();
    ensure_eq!(seen.as_str(), Some(name), "what the realm {} is called", scene.name());
    Ok(())
}

/// Makes Keycloak look into its database again, for realms and for people.
async fn forget(keycloak: &Keycloak) -> Check {
    for what in ["realm", "user"] {
        let path = format!("/master/clear-{what}-cache");
        let answer = keycloak.call("clear a cache", Method::POST, &path, None).await?;
        ensure_eq!(answer.status, 204, "the status of {path}");
    }
    Ok(())
}

/// Without any help: what is missing is not remembered.
pub(super) async fn deleted_realm_is_back(ctx: Ctx) -> Check {
    let kept: Scene = ctx.fact("keycloak.restore.kept")?;
    is_there(&ctx, kept.name()).await
}

pub(super) async fn people_of_it_log_in(ctx: Ctx) -> Check {
    is_whole(&ctx, &ctx.fact::<Scene>("keycloak.restore.kept")?).await
}

pub(super) async fn changed_realm_is_original(ctx: Ctx) -> Check {
    forget(&keycloak(&ctx).await?).await?;
    is_called(&ctx, &ctx.fact::<Scene>("keycloak.restore.changed")?, ORIGINAL).await
}

pub(super) async fn disabled_person_is_let_in(ctx: Ctx) -> Check {
    forget(&keycloak(&ctx).await?).await?;
    is_whole(&ctx, &ctx.fact::<Scene>("keycloak.restore.changed")?).await
}

pub(super) async fn later_realm_is_gone(ctx: Ctx) -> Check {
    forget(&keycloak(&ctx).await?).await?;
    let later: Scene = ctx.fact("keycloak.restore.later")?;
    is_missing(&ctx, later.name()).await
}

pub(super) async fn providers_are_original(ctx: Ctx) -> Check {
    files_hold(&ctx, &ctx.fact::<Vec<String>>("keycloak.restore.files")?).await
}

/// What the restore leaves out of the database is what the recipe's hooks leave out.
pub(super) async fn row_is_original(ctx: Ctx) -> Check {
    let row: String = ctx.fact("keycloak.restore.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "restore").await?;
    if seen.as_ref() == Some(&row) {
        return Ok(());
    }
    let expected = format!("the row that was planted before the backup to be {row:?}");
    Err(Failure::new(expected, format!("{seen:?}")).with_cause(CauseClass::Recipe))
}
