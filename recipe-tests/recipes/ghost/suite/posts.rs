//! Posts: written by the owner, read by everyone.

use recipe_tests::{Answer, Check, Ctx, Failure, Method, Visitor, ensure, ensure_eq};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::owner::PATIENCE;

/// A post, and the text by which it is known.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Post {
    id: String,
    pub(super) slug: String,
    pub(super) title: String,
    pub(super) text: String,
}

/// Writes a post: published, or a draft.
pub(super) async fn write(
    ctx: &Ctx,
    owner: &Visitor,
    word: &str,
    status: &str,
) -> Result<Post, Failure> {
    let (title, text) = (ctx.unique(word), ctx.unique("text"));
    let post = json!({"posts": [{
        "title": title, "slug": title, "html": format!("<p>{text}</p>"), "status": status,
    }]});
    let answer = owner.post("/ghost/api/admin/posts/?source=html", &post).await?;
    if answer.status != 201 {
        return Err(Failure::new("the post to be written: status 201", answer.summary()));
    }
    let written = first(&answer)?;
    let of = |name: &str| written[name].as_str().unwrap_or_default().to_owned();
    Ok(Post { id: of("id"), slug: of("slug"), title, text })
}

/// Gives a post another text; returns it as it is now.
pub(super) async fn rewrite(ctx: &Ctx, owner: &Visitor, post: &Post) -> Result<Post, Failure> {
    let seen = first(&owner.get(&path(post)).await?)?;
    let text = ctx.unique("text");
    let change = json!({"posts": [{
        "html": format!("<p>{text}</p>"), "updated_at": seen["updated_at"],
    }]});
    let answer = owner.put(&format!("{}?source=html", path(post)), &change).await?;
    if answer.status != 200 {
        return Err(Failure::new("the post to be changed: status 200", answer.summary()));
    }
    Ok(Post { text, ..post.clone() })
}

/// Deletes a post.
pub(super) async fn delete(owner: &Visitor, post: &Post) -> Check {
    let answer = owner.delete(&path(post)).await?;
    ensure_eq!(answer.status, 204, "the status of the deletion");
    Ok(())
}

/// The owner finds this text in the post.
pub(super) async fn is_stored(owner: &Visitor, post: &Post) -> Check {
    let answer = owner.get(&format!("{}?formats=html", path(post))).await?;
    ensure_eq!(answer.status, 200, "the status of the post in the admin API");
    let stored = first(&answer)?;
    ensure_eq!(stored["title"].as_str(), Some(post.title.as_str()), "the title of the post");
    ensure!(
        stored["html"].as_str().is_some_and(|html| html.contains(&post.text)),
        expected: format!("the post to hold {:?}", post.text),
        seen: stored["html"],
    );
    Ok(())
}

/// Everyone reads this text at the post's address.
pub(super) async fn is_public(ctx: &Ctx, post: &Post) -> Check {
    let answer = page(ctx, &post.slug).await?;
    ensure_eq!(answer.status, 200, "the status of /{}/", post.slug);
    ensure_eq!(answer.media_type().unwrap_or_default(), "text/html", "the media type of a page");
    let html = answer.text();
    ensure!(
        html.contains(&post.text) && html.contains(&post.title),
        expected: format!("a page with {:?} and {:?}", post.title, post.text),
        seen: answer.summary(),
    );
    Ok(())
}

/// Nobody finds anything at the post's address: the 404 is Ghost's own.
pub(super) async fn is_nowhere(ctx: &Ctx, post: &Post) -> Check {
    is_ghosts_404(&page(ctx, &post.slug).await?, &post.slug)
}

/// An answer is Ghost's own page for what is not there.
pub(super) fn is_ghosts_404(answer: &Answer, slug: &str) -> Check {
    ensure_eq!(answer.status, 404, "the status of /{slug}/");
    ensure!(
        answer.media_type().as_deref() == Some("text/html") && answer.text().contains("404"),
        expected: "a page that Ghost makes for what is not there",
        seen: answer.summary(),
    );
    Ok(())
}

/// Asks for a page as someone without any cookie.
pub(super) async fn page(ctx: &Ctx, slug: &str) -> Result<Answer, Failure> {
    let address = format!("/{slug}/");
    ctx.visitor()?.when_ready(PATIENCE, |v| v.request(Method::GET, &address)).await
}

fn path(post: &Post) -> String {
    format!("/ghost/api/admin/posts/{}/", post.id)
}

fn first(answer: &Answer) -> Result<Value, Failure> {
    let post = answer.json()?["posts"][0].clone();
    if post["id"].is_string() { Ok(post) } else { Err(Failure::new("a post", answer.summary())) }
}
