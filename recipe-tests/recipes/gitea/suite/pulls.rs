//! A pull request: asked for by one branch, merged into the other.

use harness_core::wait::{Hint, Pace, Readiness, until};
use recipe_tests::{Check, Ctx, ensure_eq};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::git::Pack;
use super::people::{WRITER, visitor};
use super::repositories::{self, BRANCH, MARKER, Repository, push_one, signature};
use super::server::{PATIENCE, taken};
use super::wire::{self, Move, Service, committed};

/// The branch that asks to be merged.
const FEATURE: &str = "feature";

/// A pull request that was merged.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Merged {
    path: String,
    number: u64,
    title: String,
    /// The repository before it.
    base: Repository,
    /// What the other branch held.
    feature: Repository,
}

/// Pushes a branch, asks for it to be merged, and merges it. Only for seeds.
pub(super) async fn plant(ctx: &Ctx) -> Check {
    let base = repositories::make(ctx, "merged", false).await?;
    let feature = push_feature(ctx, &base).await?;
    let writer = visitor(ctx, WRITER)?;
    let title = ctx.unique("merge-me");
    let wanted = json!({"title": title, "head": FEATURE, "base": BRANCH});
    let answer = writer.post(&format!("{}/pulls", base.api()), &wanted).await?;
    let made = taken(&answer, 201, "a pull request")?;
    let head = made["head"]["sha"].as_str();
    ensure_eq!(head, Some(feature.commit.as_str()), "the commit that asks to be merged");
    let number = made["number"].as_u64().unwrap_or_default();
    let path = format!("{}/pulls/{number}", base.api());
    // Gitea first looks whether the branches can be merged.
    let look = async || match writer.get(&path).await {
        Err(error) => Readiness::NotYet(error.to_string()),
        Ok(answer) => match answer.json() {
            Ok(shown) if shown["mergeable"] == true => Readiness::Ready(()),
            Ok(_) | Err(_) => Readiness::NotYet(answer.summary()),
        },
    };
    until(Pace::within(PATIENCE), &Hint::default(), look, |_| {}).await?;
    let merged = writer.post(&format!("{path}/merge"), &json!({"Do": "merge"})).await?;
    ensure_eq!(merged.status, 200, "the status of the merge");
    ctx.keep("gitea.custom.merged", &Merged { path, number, title, base, feature })
}

async fn push_feature(ctx: &Ctx, base: &Repository) -> Result<Repository, recipe_tests::Failure> {
    let mut feature = base.clone();
    feature.files.insert(MARKER.to_owned(), ctx.unique("feature"));
    feature.message = ctx.unique("second");
    let mut pack = Pack::default();
    let (by, parent) = (signature(ctx)?, Some(base.commit.as_str()));
    feature.commit = committed(&mut pack, &feature.files, &by, &feature.message, parent);
    let name = format!("refs/heads/{FEATURE}");
    let to = Move { name: &name, from: None, to: &feature.commit };
    push_one(&visitor(ctx, WRITER)?, base, &to, &pack).await?;
    repositories::settle(&visitor(ctx, WRITER)?, base, FEATURE, &feature.commit).await?;
    Ok(feature)
}

/// Anyone sees that it was merged, and clones a commit that has both branches behind it.
pub(super) async fn is_merged(ctx: Ctx) -> Check {
    let Merged { path, number, title, base, feature } = ctx.fact("gitea.custom.merged")?;
    let stranger = ctx.visitor()?;
    let shown = taken(&stranger.get(&path).await?, 200, "a pull request")?;
    ensure_eq!(shown["title"].as_str(), Some(title.as_str()), "the title of the pull request");
    ensure_eq!(shown["merged"].as_bool(), Some(true), "whether it was merged");
    let writer = ctx.credentials(WRITER)?.user;
    ensure_eq!(shown["merged_by"]["login"].as_str(), Some(writer.as_str()), "who merged it");
    let seen = wire::references(&stranger, &base.path(), Service::Fetch).await?;
    let head = seen.get(&format!("refs/pull/{number}/head"));
    ensure_eq!(head, Some(&feature.commit), "the commit that asked to be merged");
    let tip = seen.get(&format!("refs/heads/{BRANCH}")).map(String::as_str);
    ensure_eq!(shown["merge_commit_sha"].as_str(), tip, "the commit that it became");
    let cloned = wire::clone(&stranger, &base.path(), BRANCH).await?;
    ensure_eq!(cloned.commit.parents, [base.commit, feature.commit.clone()], "what is behind it");
    let marker = cloned.files.get(MARKER).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    ensure_eq!(marker, Some(feature.marker()), "the file that the branch changed");
    Ok(())
}
