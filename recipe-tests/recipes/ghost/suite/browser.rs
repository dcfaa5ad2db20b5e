//! What a reader and the owner see in a browser.

use recipe_tests::{Check, Ctx, ensure, ensure_eq, skip};

use super::owner;
use super::posts::Post;

/// Asks who the session of the page belongs to, as the admin's own pages do.
const WHO: &str = "return fetch('/ghost/api/admin/users/me/').then(a => a.json())";

/// A post is shown with its title, as a page with styles and scripts and not only as text.
pub(super) async fn post_is_shown(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let post: Post = ctx.fact("ghost.custom.post")?;
    let page = ctx.page().await?;
    page.goto(&format!("/{}/", post.slug)).await?;
    ensure_eq!(page.text("h1").await?, post.title, "the heading that a reader sees");
    let title = page.title().await?;
    ensure!(title.contains(&post.title), expected: "the post's title on the tab", seen: title);
    Ok(())
}

/// The owner signs in on the admin's own page, and is the one who is signed in then.
pub(super) async fn owner_signs_in(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let account = owner::credentials(&ctx)?;
    let page = ctx.page().await?;
    page.goto("/ghost/").await?;
    page.fill("input[name=identification]", &account.email).await?;
    page.fill("input[name=password]", account.password.expose()).await?;
    page.click("button[type=submit]").await?;
    page.wait_until("return !location.hash.startsWith('#/signin')").await?;
    let me = page.eval_json(WHO).await?;
    let email = me["users"][0]["email"].as_str().unwrap_or_default();
    ensure_eq!(email, account.email, "who is signed in");
    Ok(())
}
