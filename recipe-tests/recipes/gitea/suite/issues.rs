//! Issues: opened by one, answered by another, with a file attached. Main type: [`Issue`].

use recipe_tests::{Check, Ctx, Failure, Method, Upload, Visitor, ensure, ensure_eq};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::people::{READER, WRITER, visitor};
use super::repositories::Repository;
use super::server::taken;

/// An issue, what was said about it, and what was attached to it.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Issue {
    path: String,
    pub(super) title: String,
    text: String,
    comment: String,
    attachment: String,
    attached: String,
}

/// Opens an issue as the reader, answers as the writer, and attaches a file. Only for seeds.
pub(super) async fn open(ctx: &Ctx, repository: &Repository) -> Result<Issue, Failure> {
    let (title, text) = (ctx.unique("issue"), ctx.unique("text"));
    let at = format!("{}/issues", repository.api());
    let wanted = json!({"title": title, "body": text});
    let made = taken(&visitor(ctx, READER)?.post(&at, &wanted).await?, 201, "an issue")?;
    let number = made["number"].as_u64().unwrap_or_default();
    let path = format!("{at}/{number}");
    let writer = visitor(ctx, WRITER)?;
    let comment = ctx.unique("answer");
    let answer = writer.post(&format!("{path}/comments"), &json!({"body": comment})).await?;
    taken(&answer, 201, "a comment")?;
    let (name, attached) = (format!("{}.txt", ctx.unique("file")), ctx.unique("attached"));
    let file = Upload {
        field: "attachment",
        name: &name,
        media_type: "text/plain",
        content: attached.as_bytes(),
    };
    let answer = writer.upload(&format!("{path}/assets"), file).await?;
    let made = taken(&answer, 201, "an attachment")?;
    let url = made["browser_download_url"].as_str().unwrap_or_default();
    let own = url.strip_prefix(&format!("https://{}", ctx.domain()));
    let attachment = own.ok_or_else(|| Failure::new("an address of the app", url))?.to_owned();
    Ok(Issue { path, title, text, comment, attachment, attached })
}

/// Gives an issue another title; returns it as it is now. Only for seeds.
pub(super) async fn rename(ctx: &Ctx, issue: &Issue) -> Result<Issue, Failure> {
    let title = ctx.unique("renamed");
    let writer = visitor(ctx, WRITER)?;
    let request = writer.request(Method::PATCH, &issue.path).json(&json!({"title": title}));
    taken(&writer.send(request).await?, 201, "another title")?;
    Ok(Issue { title, ..issue.clone() })
}

/// This visitor finds an issue as it was written, with its comment and its attachment.
pub(super) async fn is_whole(ctx: &Ctx, who: &Visitor, issue: &Issue) -> Check {
    let shown = taken(&who.get(&issue.path).await?, 200, "an issue")?;
    ensure_eq!(shown["title"].as_str(), Some(issue.title.as_str()), "the title of the issue");
    ensure_eq!(shown["body"].as_str(), Some(issue.text.as_str()), "the text of the issue");
    let reader = ctx.credentials(READER)?.user;
    ensure_eq!(shown["user"]["login"].as_str(), Some(reader.as_str()), "who opened the issue");
    let comments = taken(&who.get(&format!("{}/comments", issue.path)).await?, 200, "comments")?;
    ensure_eq!(comments[0]["body"].as_str(), Some(issue.comment.as_str()), "the first comment");
    let writer = ctx.credentials(WRITER)?.user;
    let by = comments[0]["user"]["login"].as_str();
    ensure_eq!(by, Some(writer.as_str()), "who answered");
    let served = who.get(&issue.attachment).await?;
    let kind = served.media_type().unwrap_or_default();
    ensure!(
        served.status == 200 && kind == "text/plain" && served.text() == issue.attached,
        expected: format!("the text {:?} as attached", issue.attached),
        seen: served.summary(),
    );
    Ok(())
}
