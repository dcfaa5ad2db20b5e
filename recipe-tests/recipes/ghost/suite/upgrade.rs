//! The upgrade: what was written and uploaded with the release before is there with the head.

use recipe_tests::{Answer, Check, Ctx, Failure, Sql, Upload, Visitor, ensure, ensure_eq, skip};
use serde::{Deserialize, Serialize};

use super::owner;
use super::posts::{self, Post};

/// The service with the database.
pub(super) const DATABASE: &str = "db";

/// A picture of one point.
const PICTURE: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x02, 0x00, 0x00, 0x00, 0x90, 0x77, 0x53,
    0xde, 0x00, 0x00, 0x00, 0x0c, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x30, 0x4e, 0x9b, 0x09,
    0x00, 0x02, 0x02, 0x01, 0x33, 0x68, 0x7a, 0x31, 0xf8, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// A picture as it was served before the upgrade.
#[derive(Debug, Deserialize, Serialize)]
struct Picture {
    path: String,
    bytes: Vec<u8>,
}

/// So many pictures are uploaded: losing every second file loses one of them.
const PICTURES: usize = 2;

/// Sets the blog up, writes a post, uploads pictures, and plants a row of our own.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let owner = owner::set_up(&ctx).await?;
    let post = posts::write(&ctx, &owner, "before-the-upgrade", "published").await?;
    posts::is_public(&ctx, &post).await?;
    ctx.keep("ghost.upgrade.post", &post)?;
    let mut pictures = Vec::new();
    for _ in 0..PICTURES {
        pictures.push(upload(&ctx, &owner).await?);
    }
    ctx.keep("ghost.upgrade.pictures", &pictures)?;
    let row = ctx.unique("before-the-upgrade");
    ctx.plant_row(&Sql::mysql(DATABASE), "upgrade", &row).await?;
    ctx.keep("ghost.upgrade.row", &row)
}

async fn upload(ctx: &Ctx, owner: &Visitor) -> Result<Picture, Failure> {
    let name = format!("{}.png", ctx.unique("picture"));
    let picture = Upload { field: "file", name: &name, media_type: "image/png", content: PICTURE };
    let answer = owner.upload("/ghost/api/admin/images/upload/", picture).await?;
    if answer.status != 201 {
        return Err(Failure::new("the picture to be taken: status 201", answer.summary()));
    }
    let path = path_of(ctx, &answer)?;
    let served = ctx.visitor()?.get(&path).await?;
    is_picture(&path, &served)?;
    Ok(Picture { path, bytes: served.body })
}

/// What the service names and what answers are two things: an image under a new name may hold the old program. Ghost
/// says the first two numbers of its version.
pub(super) async fn says_its_version(ctx: Ctx) -> Check {
    let named = ctx.head().version.as_ref().map(|v| v.upstream().to_owned()).unwrap_or_default();
    let numbers: Vec<&str> = named.trim_start_matches('v').split('.').take(2).collect();
    let [major, minor] = numbers[..] else {
        return skip(format!("head names no version of Ghost with two numbers: {named:?}"));
    };
    let site = owner::site(&ctx).await?;
    let wanted = format!("{major}.{minor}");
    ensure_eq!(site["version"].as_str(), Some(wanted.as_str()), "the version that Ghost says");
    Ok(())
}

pub(super) async fn post_survives(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.upgrade.post")?;
    posts::is_public(&ctx, &post).await
}

/// The same password opens the same account, and what it owns is there.
pub(super) async fn owner_can_still_log_in(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.upgrade.post")?;
    let owner = owner::log_in(&ctx).await?;
    posts::is_stored(&owner, &post).await
}

pub(super) async fn upload_survives(ctx: Ctx) -> Check {
    for Picture { path, bytes } in ctx.fact::<Vec<Picture>>("ghost.upgrade.pictures")? {
        let served = ctx.visitor()?.get(&path).await?;
        is_picture(&path, &served)?;
        ensure!(
            served.body == bytes,
            expected: format!("{path} to be the {} bytes that it was before", bytes.len()),
            seen: format!("{} other bytes", served.body.len()),
        );
    }
    Ok(())
}

pub(super) async fn row_survives(ctx: Ctx) -> Check {
    let row: String = ctx.fact("ghost.upgrade.row")?;
    let seen = ctx.planted_row(&Sql::mysql(DATABASE), "upgrade").await?;
    ensure_eq!(seen, Some(row), "the row that was planted before the upgrade");
    Ok(())
}

/// Returns the path of a picture's address, which must be the app's own.
fn path_of(ctx: &Ctx, answer: &Answer) -> Result<String, Failure> {
    let url = answer.json()?["images"][0]["url"].as_str().unwrap_or_default().to_owned();
    let path = url.strip_prefix(&format!("https://{}", ctx.domain()));
    path.map(str::to_owned)
        .ok_or_else(|| Failure::new("the picture to get an address of the app", url.as_str()))
}

fn is_picture(path: &str, served: &Answer) -> Check {
    ensure_eq!(served.status, 200, "the status of {path}");
    ensure_eq!(served.media_type().unwrap_or_default(), "image/png", "the media type of {path}");
    ensure!(
        served.body.starts_with(&PICTURE[..8]),
        expected: format!("{path} to be a PNG"),
        seen: served.summary(),
    );
    Ok(())
}
