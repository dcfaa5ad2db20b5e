//! Backup and restore: a repository is files and rows, and both are as they were.

use recipe_tests::{CauseClass, Check, Ctx, Failure, Secret, Sql, Visitor, ensure, ensure_eq};

use super::issues::{self, Issue};
use super::people::{self, READER, set_password, visitor};
use super::repositories::{self, BRANCH, Repository};
use super::server::{DATABASE, refused};

/// The dump, in the database's volume, and the volume with the repositories.
const DUMP: &str = "backup.sql.gz";
const DATA: &str = "data";

/// The repositories that the backup must hold.
const KEPT: [&str; 2] = ["gitea.restore.changed", "gitea.restore.deleted"];

/// Makes what the backup must hold.
pub(super) async fn plant(ctx: Ctx) -> Check {
    people::set_up(&ctx).await?;
    // Where no upgrade was asked for, there is nothing older yet.
    let older = match ctx.fact::<Repository>("gitea.upgrade.repository") {
        Ok(older) => older,
        Err(_) => repositories::make(&ctx, "older", false).await?,
    };
    ctx.keep("gitea.restore.older", &older)?;
    for (key, word) in KEPT.into_iter().zip(["to-be-changed", "to-be-deleted"]) {
        let repository = repositories::make(&ctx, word, false).await?;
        repositories::is_whole(&ctx.visitor()?, &repository).await?;
        ctx.keep(key, &repository)?;
    }
    let changed: Repository = ctx.fact("gitea.restore.changed")?;
    let issue = issues::open(&ctx, &changed).await?;
    issues::is_whole(&ctx, &ctx.visitor()?, &issue).await?;
    ctx.keep("gitea.restore.issue", &issue)?;
    let row = ctx.unique("original");
    ctx.plant_row(&Sql::mysql(DATABASE), "restore", &row).await?;
    ctx.keep("gitea.restore.row", &row)
}

/// The dump must hold what was made last: one of an earlier moment is whole too. Gitea's log of actions and hooks names
/// repositories as well, so the tables must be there themselves.
pub(super) async fn rows_are_in_the_dump(ctx: Ctx) -> Check {
    let issue: Issue = ctx.fact("gitea.restore.issue")?;
    let mut texts = vec!["INSERT INTO `repository` ".to_owned(), issue.title];
    for key in KEPT {
        texts.push(ctx.fact::<Repository>(key)?.name);
    }
    for text in texts {
        let is_there = ctx.backup()?.holds("mysql", DUMP, &text)?;
        ensure!(is_there, expected: format!("{text:?} in the dump"), seen: "a dump without it");
    }
    Ok(())
}

/// Each branch is in the backup, at the commit that was pushed last, with its objects.
pub(super) async fn commits_are_in_the_backup(ctx: Ctx) -> Check {
    for key in KEPT {
        let repository: Repository = ctx.fact(key)?;
        let branch = format!("{}/refs/heads/{BRANCH}", repository.folder());
        let is_there = ctx.backup()?.holds(DATA, &branch, &repository.commit)?;
        ensure!(
            is_there,
            expected: format!("{branch} to be at {} in the backup", repository.commit),
            seen: "another commit",
        );
        let objects = format!("{}/objects/", repository.folder());
        let files = ctx.backup()?.files(DATA);
        let has_objects = files.iter().any(|path| path.starts_with(&objects));
        ensure!(has_objects, expected: format!("{objects} in the backup"), seen: "none of it");
    }
    Ok(())
}

/// Makes everything otherwise, and proves that it is: else finding the original proves nothing.
pub(super) async fn diverge(ctx: Ctx) -> Check {
    let stranger = ctx.visitor()?;
    let changed: Repository = ctx.fact("gitea.restore.changed")?;
    let now = repositories::change(&ctx, &changed).await?;
    repositories::is_whole(&stranger, &now).await?;
    let deleted: Repository = ctx.fact("gitea.restore.deleted")?;
    repositories::delete(&ctx, &deleted).await?;
    repositories::is_nowhere(&ctx, &deleted).await?;
    let later = repositories::make(&ctx, "after-the-backup", false).await?;
    repositories::is_whole(&stranger, &later).await?;
    ctx.keep("gitea.restore.later", &later)?;
    let issue: Issue = ctx.fact("gitea.restore.issue")?;
    let renamed = issues::rename(&ctx, &issue).await?;
    issues::is_whole(&ctx, &stranger, &renamed).await?;
    let password = ctx.secret(ctx.unique("Other"))?;
    set_password(&ctx, READER, &password).await?;
    ctx.keep("gitea.restore.password", &password.expose())?;
    is_refused(&visitor(&ctx, READER)?).await?;
    let (db, mutated) = (Sql::mysql(DATABASE), ctx.unique("mutated"));
    ctx.plant_row(&db, "restore", &mutated).await?;
    let seen = ctx.planted_row(&db, "restore").await?;
    ensure_eq!(seen, Some(mutated), "the row that was changed before the restore");
    Ok(())
}

async fn is_refused(who: &Visitor) -> Check {
    refused(&who.get("/api/v1/user").await?, &[401], "a password that is not theirs any more")
}

pub(super) async fn changed_is_original(ctx: Ctx) -> Check {
    let repository: Repository = ctx.fact("gitea.restore.changed")?;
    repositories::is_whole(&ctx.visitor()?, &repository).await
}

/// What nobody touched since is as it was.
pub(super) async fn older_is_there(ctx: Ctx) -> Check {
    let repository: Repository = ctx.fact("gitea.restore.older")?;
    repositories::is_whole(&ctx.visitor()?, &repository).await
}

pub(super) async fn deleted_is_back(ctx: Ctx) -> Check {
    let repository: Repository = ctx.fact("gitea.restore.deleted")?;
    repositories::is_whole(&ctx.visitor()?, &repository).await
}

/// Its files may lie in the volume still: nothing leads to them.
pub(super) async fn later_is_gone(ctx: Ctx) -> Check {
    let repository: Repository = ctx.fact("gitea.restore.later")?;
    repositories::is_nowhere(&ctx, &repository).await
}

pub(super) async fn issue_is_original(ctx: Ctx) -> Check {
    let issue: Issue = ctx.fact("gitea.restore.issue")?;
    issues::is_whole(&ctx, &ctx.visitor()?, &issue).await
}

/// The password of before the backup is good again, and the later one is not.
pub(super) async fn password_is_original(ctx: Ctx) -> Check {
    people::is_them(&ctx, &visitor(&ctx, READER)?, READER).await?;
    let user = ctx.credentials(READER)?.user;
    let later: Secret = ctx.secret(ctx.fact::<String>("gitea.restore.password")?)?;
    is_refused(&ctx.visitor()?.with_basic(&user, &later)).await
}

/// What the restore leaves out of the database is what the recipe's hooks leave out.
pub(super) async fn row_is_original(ctx: Ctx) -> Check {
    let row: String = ctx.fact("gitea.restore.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "restore").await?;
    if seen.as_ref() == Some(&row) {
        return Ok(());
    }
    let expected = format!("the row that was planted before the backup to be {row:?}");
    Err(Failure::new(expected, format!("{seen:?}")).with_cause(CauseClass::Recipe))
}
