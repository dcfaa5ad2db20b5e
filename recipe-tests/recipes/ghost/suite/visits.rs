//! What a blog is for, and what strangers must not do.

use recipe_tests::{Check, Ctx, Failure, ensure, ensure_eq};
use serde_json::json;

use super::owner::{self, try_password};
use super::posts::{self, Post};

/// Who the session belongs to.
const ME: &str = "/ghost/api/admin/users/me/";

/// Writes a post and a draft, and gets a key for the content API.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let owner = owner::set_up(&ctx).await?;
    let post = posts::write(&ctx, &owner, "for-everyone", "published").await?;
    let draft = posts::write(&ctx, &owner, "for-nobody", "draft").await?;
    ctx.keep("ghost.custom.post", &post)?;
    ctx.keep("ghost.custom.draft", &draft)?;
    let reader = json!({"integrations": [{"name": ctx.unique("reader")}]});
    let path = "/ghost/api/admin/integrations/?include=api_keys";
    let answer = owner.post(path, &reader).await?;
    ensure_eq!(answer.status, 201, "the status of the new integration");
    let made = answer.json()?;
    let keys = made["integrations"][0]["api_keys"].as_array().cloned().unwrap_or_default();
    let key = keys.iter().find(|k| k["type"] == "content").and_then(|k| k["secret"].as_str());
    let Some(key) = key else {
        return Err(Failure::new("a key for the content API", answer.summary()));
    };
    ctx.secret(key)?;
    ctx.keep("ghost.custom.key", &key)
}

pub(super) async fn post_is_read_by_anyone(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.custom.post")?;
    posts::is_public(&ctx, &post).await?;
    let home = ctx.visitor()?.get("/").await?;
    ensure!(
        home.text().contains(&post.title),
        expected: format!("the home page to name {:?}", post.title),
        seen: home.summary(),
    );
    Ok(())
}

pub(super) async fn draft_is_private(ctx: Ctx) -> Check {
    let draft: Post = ctx.fact("ghost.custom.draft")?;
    posts::is_nowhere(&ctx, &draft).await
}

pub(super) async fn login_needs_the_password(ctx: Ctx) -> Check {
    let (stranger, refused) = try_password(&ctx, "not-the-password-1").await?;
    ensure_eq!(refused.status, 422, "the status of a login with another password");
    let code = refused.json()?["errors"][0]["code"].as_str().unwrap_or_default().to_owned();
    ensure_eq!(code, "PASSWORD_INCORRECT", "the code of a login with another password");
    ensure_eq!(stranger.get(ME).await?.status, 403, "the status of {ME} after it");
    let account = owner::credentials(&ctx)?;
    let (owner, accepted) = try_password(&ctx, account.password.expose()).await?;
    ensure_eq!(accepted.status, 201, "the status of a login with the password");
    let me = owner.get(ME).await?;
    ensure_eq!(me.status, 200, "the status of {ME} after it");
    let email = me.json()?["users"][0]["email"].as_str().unwrap_or_default().to_owned();
    ensure_eq!(email, account.email, "whose session it is");
    Ok(())
}

pub(super) async fn admin_api_needs_a_session(ctx: Ctx) -> Check {
    let stranger = ctx.visitor()?.with_origin();
    let post = json!({"posts": [{"title": "by a stranger", "status": "published"}]});
    for (what, answer) in [
        ("reading posts", stranger.get("/ghost/api/admin/posts/").await?),
        ("writing a post", stranger.post("/ghost/api/admin/posts/", &post).await?),
    ] {
        ensure_eq!(answer.status, 403, "the status of {what} without a session");
        let errors = answer.json()?["errors"].as_array().map_or(0, Vec::len);
        ensure!(errors > 0, expected: "a list of errors", seen: answer.summary());
    }
    Ok(())
}

pub(super) async fn content_api_answers(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.custom.post")?;
    let key: String = ctx.fact("ghost.custom.key")?;
    let key = ctx.secret(key)?;
    let stranger = ctx.visitor()?;
    for path in [
        "/ghost/api/content/settings/",
        "/ghost/api/content/settings/?key=0123456789abcdef0123456789",
    ] {
        let refused = stranger.get(path).await?;
        ensure!(
            [401, 403].contains(&refused.status) && refused.json()?["errors"].is_array(),
            expected: format!("{path} to be refused with errors"),
            seen: refused.summary(),
        );
    }
    let path = format!("/ghost/api/content/posts/slug/{}/?key={}", post.slug, key.expose());
    let answer = stranger.get(&path).await?;
    ensure_eq!(answer.status, 200, "the status of the content API with a key");
    let found = answer.json()?;
    let html = found["posts"][0]["html"].as_str().unwrap_or_default();
    ensure!(
        html.contains(&post.text),
        expected: format!("the content API to give {:?}", post.text),
        seen: html,
    );
    Ok(())
}

pub(super) async fn feed_lists_the_post(ctx: Ctx) -> Check {
    let post: Post = ctx.fact("ghost.custom.post")?;
    let draft: Post = ctx.fact("ghost.custom.draft")?;
    let feed = ctx.visitor()?.get("/rss/").await?;
    ensure_eq!(feed.status, 200, "the status of /rss/");
    let kind = feed.media_type().unwrap_or_default();
    ensure!(kind.ends_with("xml"), expected: "/rss/ to be XML", seen: kind);
    let text = feed.text();
    ensure!(
        text.contains(&post.title) && !text.contains(&draft.title),
        expected: "the feed to list what is published, and no draft",
        seen: feed.summary(),
    );
    Ok(())
}

pub(super) async fn missing_page_is_ghosts_404(ctx: Ctx) -> Check {
    let slug = ctx.unique("not-there");
    posts::is_ghosts_404(&posts::page(&ctx, &slug).await?, &slug)
}
