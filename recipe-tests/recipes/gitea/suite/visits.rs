//! What Gitea is for: what one pushes and writes, others clone and read.

use recipe_tests::{Check, Ctx, ensure, ensure_eq};
use serde_json::Value;

use super::hooks;
use super::issues::{self, Issue};
use super::people::{self, WRITER, make_token, visitor};
use super::pulls;
use super::repositories::{self, Repository};
use super::server::{refused, taken};
use super::wire::{self, Service};

/// The tag of the public repository.
const TAG: &str = "v1.0.0";

/// Makes a public and a private repository, an issue, a tag, hooks, and tokens that are good for little.
pub(super) async fn plant(ctx: Ctx) -> Check {
    people::set_up(&ctx).await?;
    let public = repositories::make(&ctx, "for-everyone", false).await?;
    ctx.keep("gitea.custom.tag", &repositories::tag(&ctx, &public, TAG).await?)?;
    ctx.keep("gitea.custom.public", &public)?;
    let private = repositories::make(&ctx, "for-nobody", true).await?;
    ctx.keep("gitea.custom.private", &private)?;
    let edited = repositories::make(&ctx, "edited", false).await?;
    repositories::is_whole(&ctx.visitor()?, &edited).await?;
    ctx.keep("gitea.custom.edited", &repositories::write_file(&ctx, &edited).await?)?;
    ctx.keep("gitea.custom.issue", &issues::open(&ctx, &public).await?)?;
    for (key, scopes) in
        [("gitea.custom.reads", ["read:repository"]), ("gitea.custom.other", ["read:issue"])]
    {
        ctx.keep(key, &make_token(&ctx, WRITER, &scopes).await?.expose())?;
    }
    pulls::plant(&ctx).await?;
    hooks::plant(&ctx).await
}

pub(super) async fn pushed_commit_is_cloned(ctx: Ctx) -> Check {
    let public: Repository = ctx.fact("gitea.custom.public")?;
    repositories::is_whole(&ctx.visitor()?, &public).await
}

/// A file that was written over the API is a commit that is cloned, on top of the one that was pushed.
pub(super) async fn file_is_read_and_written(ctx: Ctx) -> Check {
    let edited: Repository = ctx.fact("gitea.custom.edited")?;
    let stranger = ctx.visitor()?;
    repositories::is_whole(&stranger, &edited).await?;
    let path = format!("{}/commits", edited.api());
    let commits = taken(&stranger.get(&path).await?, 200, "the list of commits")?;
    let ids: Vec<&str> = commits
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .filter_map(|c| c["sha"].as_str())
        .collect();
    let cloned = wire::clone(&stranger, &edited.path(), repositories::BRANCH).await?;
    let parents: Vec<&str> = cloned.commit.parents.iter().map(String::as_str).collect();
    ensure_eq!(
        ids,
        [&[edited.commit.as_str()], &parents[..]].concat(),
        "the commits, newest first"
    );
    ensure_eq!(parents.len(), 1, "the number of commits before it");
    Ok(())
}

/// The tag leads to the commit: for git by its own object, in the API by its name.
pub(super) async fn tag_is_listed(ctx: Ctx) -> Check {
    let public: Repository = ctx.fact("gitea.custom.public")?;
    let id: String = ctx.fact("gitea.custom.tag")?;
    let stranger = ctx.visitor()?;
    let seen = wire::references(&stranger, &public.path(), Service::Fetch).await?;
    let of = |name: &str| seen.get(&format!("refs/tags/{name}")).cloned();
    ensure_eq!(of(TAG), Some(id), "the tag for git");
    ensure_eq!(of(&format!("{TAG}^{{}}")), Some(public.commit.clone()), "what it leads to");
    let path = format!("{}/tags", public.api());
    let tags = taken(&stranger.get(&path).await?, 200, "the list of tags")?;
    ensure_eq!(tags[0]["name"].as_str(), Some(TAG), "the name of the tag");
    let commit = tags[0]["commit"]["sha"].as_str();
    ensure_eq!(commit, Some(public.commit.as_str()), "the commit of the tag");
    Ok(())
}

pub(super) async fn issue_has_its_comment(ctx: Ctx) -> Check {
    let issue: Issue = ctx.fact("gitea.custom.issue")?;
    issues::is_whole(&ctx, &ctx.visitor()?, &issue).await
}

/// What is not there is not there for its owner either, and is Gitea's own 404.
pub(super) async fn missing_is_giteas_404(ctx: Ctx) -> Check {
    let public: Repository = ctx.fact("gitea.custom.public")?;
    let missing = Repository { name: ctx.unique("missing"), ..public.clone() };
    repositories::is_nowhere(&ctx, &missing).await?;
    let writer = visitor(&ctx, WRITER)?;
    let nothing = ctx.unique("nothing");
    for path in [
        missing.api(),
        format!("{}/contents/{nothing}", public.api()),
        format!("{}/branches/{nothing}", public.api()),
        format!("{}/issues/4711", public.api()),
    ] {
        refused(&writer.get(&path).await?, &[404], &path)?;
    }
    let found: Value = taken(&writer.get(&public.api()).await?, 200, "a repository")?;
    ensure!(
        found["empty"] == false && found["default_branch"] == repositories::BRANCH,
        expected: "a repository with something in it",
        seen: found,
    );
    Ok(())
}
