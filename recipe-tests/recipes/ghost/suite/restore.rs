//! Backup and restore: what was written before the backup is back, and what was written after it is gone.

use recipe_tests::{CauseClass, Check, Ctx, Failure, Sql, ensure, ensure_eq};

use super::owner;
use super::posts::{self, Post};
use super::upgrade::DATABASE;

/// Writes what the backup must hold.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let owner = owner::set_up(&ctx).await?;
    for (key, word) in
        [("ghost.restore.changed", "to-be-changed"), ("ghost.restore.deleted", "to-be-deleted")]
    {
        let post = posts::write(&ctx, &owner, word, "published").await?;
        posts::is_public(&ctx, &post).await?;
        ctx.keep(key, &post)?;
    }
    let row = ctx.unique("original");
    ctx.plant_row(&Sql::mysql(DATABASE), "restore", &row).await?;
    ctx.keep("ghost.restore.row", &row)
}

/// The dump must hold what was written last: one of an earlier moment is whole too. Ghost's log of actions names posts
/// as well, so the table of posts must be there itself.
pub(super) async fn posts_are_in_the_dump(ctx: Ctx) -> Check {
    let has_table = ctx.backup()?.holds("mysql", "backup.sql.gz", "INSERT INTO `posts` ")?;
    ensure!(has_table, expected: "the table of posts to be in the dump", seen: "a dump without it");
    for key in ["ghost.restore.changed", "ghost.restore.deleted"] {
        let post: Post = ctx.fact(key)?;
        let is_there = ctx.backup()?.holds("mysql", "backup.sql.gz", &post.title)?;
        ensure!(
            is_there,
            expected: format!("the post {:?} to be in the dump", post.title),
            seen: "a dump without it"
        );
    }
    Ok(())
}

/// Makes everything otherwise, and proves that it is: else finding the original proves nothing.
pub(super) async fn diverge(ctx: Ctx) -> Check {
    let owner = owner::log_in(&ctx).await?;
    let changed: Post = ctx.fact("ghost.restore.changed")?;
    let now = posts::rewrite(&ctx, &owner, &changed).await?;
    posts::is_public(&ctx, &now).await?;
    let deleted: Post = ctx.fact("ghost.restore.deleted")?;
    posts::delete(&owner, &deleted).await?;
    posts::is_nowhere(&ctx, &deleted).await?;
    let later = posts::write(&ctx, &owner, "after-the-backup", "published").await?;
    posts::is_public(&ctx, &later).await?;
    ctx.keep("ghost.restore.later", &later)?;
    let (db, mutated) = (Sql::mysql(DATABASE), ctx.unique("mutated"));
    ctx.plant_row(&db, "restore", &mutated).await?;
    let seen = ctx.planted_row(&db, "restore").await?;
    ensure_eq!(seen, Some(mutated), "the row that was changed before the restore");
    Ok(())
}

/// What the restore leaves out of the database is what the recipe's hooks leave out.
pub(super) async fn row_is_original(ctx: Ctx) -> Check {
    let row: String = ctx.fact("ghost.restore.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "restore").await?;
    if seen.as_ref() == Some(&row) {
        return Ok(());
    }
    let expected = format!("the row that was planted before the backup to be {row:?}");
    Err(Failure::new(expected, format!("{seen:?}")).with_cause(CauseClass::Recipe))
}

pub(super) async fn changed_post_is_original(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.restore.changed")?;
    posts::is_public(&ctx, &post).await
}

/// Who asks is the owner: what the public side still knows of a post that it has seen deleted is Ghost's own memory.
pub(super) async fn deleted_post_is_back(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.restore.deleted")?;
    let owner = owner::log_in(&ctx).await?;
    posts::is_stored(&owner, &post).await
}

pub(super) async fn later_post_is_gone(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.restore.later")?;
    posts::is_nowhere(&ctx, &post).await
}

pub(super) async fn owner_sees_the_original(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.restore.changed")?;
    let owner = owner::log_in(&ctx).await?;
    posts::is_stored(&owner, &post).await
}
