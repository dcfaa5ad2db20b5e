//! The upgrade: what was pushed, written and attached with the release before is there with the head.

use recipe_tests::{Check, Ctx, Failure, Sql, ensure, ensure_eq};

use super::doors::is_hidden;
use super::issues::{self, Issue};
use super::people::{self, WRITER, by_token, make_token, visitor};
use super::repositories::{self, Repository};
use super::server::{DATABASE, taken};

/// Makes repositories, an issue and a token, and plants a row of our own.
pub(super) async fn plant(ctx: Ctx) -> Check {
    people::set_up(&ctx).await?;
    let repository = repositories::make(&ctx, "before-the-upgrade", false).await?;
    let repository = repositories::change(&ctx, &repository).await?;
    repositories::is_whole(&ctx.visitor()?, &repository).await?;
    let private = repositories::make(&ctx, "private-before", true).await?;
    let issue = issues::open(&ctx, &repository).await?;
    let token = make_token(&ctx, WRITER, &["read:user"]).await?;
    ctx.keep("gitea.upgrade.repository", &repository)?;
    ctx.keep("gitea.upgrade.private", &private)?;
    ctx.keep("gitea.upgrade.issue", &issue)?;
    ctx.keep("gitea.upgrade.token", &token.expose())?;
    ctx.keep("gitea.upgrade.key", &key(&ctx).await?)?;
    let row = ctx.unique("before-the-upgrade");
    ctx.plant_row(&Sql::mysql(DATABASE), "upgrade", &row).await?;
    ctx.keep("gitea.upgrade.row", &row)
}

/// Returns the public half of the key that tokens for other apps are signed with. It lies in the volume.
async fn key(ctx: &Ctx) -> Result<String, Failure> {
    let answer = ctx.get("/login/oauth/keys").await?;
    let keys = taken(&answer, 200, "the keys for other apps")?;
    let key = keys["keys"][0]["n"].as_str().filter(|key| !key.is_empty());
    key.map(str::to_owned).ok_or_else(|| Failure::new("a key", answer.summary()))
}

/// Anyone clones what was pushed before.
pub(super) async fn repository_survives(ctx: Ctx) -> Check {
    let repository: Repository = ctx.fact("gitea.upgrade.repository")?;
    repositories::is_whole(&ctx.visitor()?, &repository).await
}

pub(super) async fn private_one_stays_private(ctx: Ctx) -> Check {
    is_hidden(&ctx, &ctx.fact::<Repository>("gitea.upgrade.private")?).await
}

pub(super) async fn issue_survives(ctx: Ctx) -> Check {
    let issue: Issue = ctx.fact("gitea.upgrade.issue")?;
    issues::is_whole(&ctx, &ctx.visitor()?, &issue).await
}

pub(super) async fn token_survives(ctx: Ctx) -> Check {
    let token = ctx.secret(ctx.fact::<String>("gitea.upgrade.token")?)?;
    people::is_them(&ctx, &by_token(&ctx, &token)?, WRITER).await
}

/// The same passwords open the same accounts.
pub(super) async fn person_can_still_log_in(ctx: Ctx) -> Check {
    for role in [people::ADMIN, people::WRITER, people::READER] {
        people::is_them(&ctx, &visitor(&ctx, role)?, role).await?;
    }
    Ok(())
}

/// Tokens of before the upgrade are believed after it.
pub(super) async fn signing_key_survives(ctx: Ctx) -> Check {
    let before: String = ctx.fact("gitea.upgrade.key")?;
    let now = key(&ctx).await?;
    ensure!(now == before, expected: "the same key for other apps", seen: now);
    Ok(())
}

pub(super) async fn row_survives(ctx: Ctx) -> Check {
    let row: String = ctx.fact("gitea.upgrade.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "upgrade").await?;
    ensure_eq!(seen, Some(row), "the row that was planted before the upgrade");
    Ok(())
}
