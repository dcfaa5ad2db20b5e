//! Repositories: made over the API, pushed to and cloned as git does. Main type: [`Repository`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness_core::wait::{Hint, Pace, Readiness, until};
use recipe_tests::sso::Clock as _;
use recipe_tests::{Check, Ctx, Failure, Method, Visitor, ensure, ensure_eq};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::git::{Kind, NONE, Object, Pack};
use super::people::{WRITER, visitor};
use super::server::{PATIENCE, refused, taken};
use super::wire::{self, Move, committed};

/// The branch that everything is on, and its whole name.
pub(super) const BRANCH: &str = "main";
const REFERENCE: &str = "refs/heads/main";

/// The file that says which repository it is, and the one that a page shows.
pub(super) const MARKER: &str = "marker.txt";
pub(super) const README: &str = "README.md";

/// A repository, and what is in its newest commit.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Repository {
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) commit: String,
    pub(super) message: String,
    pub(super) files: BTreeMap<String, String>,
}

impl Repository {
    /// Returns its path for git and for people.
    pub(super) fn path(&self) -> String {
        format!("/{}/{}", self.owner, self.name)
    }

    /// Returns its path in the API.
    pub(super) fn api(&self) -> String {
        format!("/api/v1/repos/{}/{}", self.owner, self.name)
    }

    /// Returns where its files are in the volume of data.
    pub(super) fn folder(&self) -> String {
        format!("git/repositories/{}/{}.git", self.owner.to_lowercase(), self.name.to_lowercase())
    }

    /// Returns what its marker holds.
    pub(super) fn marker(&self) -> String {
        self.files.get(MARKER).cloned().unwrap_or_default()
    }
}

/// Makes a repository of the writer's and pushes a commit. Only for seeds.
pub(super) async fn make(ctx: &Ctx, word: &str, is_private: bool) -> Result<Repository, Failure> {
    let name = ctx.unique(word);
    let writer = visitor(ctx, WRITER)?;
    let wanted = json!({"name": name, "private": is_private, "auto_init": false,
        "default_branch": BRANCH});
    let made = taken(&writer.post("/api/v1/user/repos", &wanted).await?, 201, "a repository")?;
    let owner = ctx.credentials(WRITER)?.user;
    let full = format!("{owner}/{name}");
    if made["full_name"].as_str() != Some(full.as_str()) || made["private"] != is_private {
        return Err(Failure::new(format!("{full}, private: {is_private}"), made.to_string()));
    }
    let files = [
        (README.to_owned(), format!("# {name}\n\nPushed by a test.\n")),
        (MARKER.to_owned(), ctx.unique("marker")),
    ];
    let (message, files) = (ctx.unique("first"), BTreeMap::from(files));
    let mut made = Repository { owner, name, commit: String::new(), message, files };
    made.commit = push(ctx, &writer, &made, None).await?;
    Ok(made)
}

/// Who commits, and when.
pub(super) fn signature(ctx: &Ctx) -> Result<String, Failure> {
    let account = ctx.credentials(WRITER)?;
    Ok(format!("{} <{}> {} +0000", account.user, account.email, ctx.clock().now().as_second()))
}

/// Pushes what a repository should hold, over what it holds; returns the commit's name. Only for seeds.
async fn push(
    ctx: &Ctx,
    who: &Visitor,
    repository: &Repository,
    parent: Option<&str>,
) -> Result<String, Failure> {
    let Repository { files, message, .. } = repository;
    let mut pack = Pack::default();
    let commit = committed(&mut pack, files, &signature(ctx)?, message, parent);
    let there = wire::references(who, &repository.path(), wire::Service::Push).await?;
    if there.get(REFERENCE).map(String::as_str) != parent {
        return Err(Failure::new(format!("the branch to be at {parent:?}"), format!("{there:?}")));
    }
    let to = Move { name: REFERENCE, from: parent, to: &commit };
    push_one(who, repository, &to, &pack).await?;
    settle(who, repository, BRANCH, &commit).await?;
    Ok(commit)
}

/// Pushes one reference, which must be taken. Only for seeds.
pub(super) async fn push_one(
    who: &Visitor,
    repository: &Repository,
    to: &Move<'_>,
    pack: &Pack,
) -> Check {
    let said = wire::push(who, &repository.path(), std::slice::from_ref(to), pack).await?;
    ensure_eq!(said, [format!("ok {}", to.name)], "what is said of the push");
    Ok(())
}

/// Pushes another commit on top: another marker. Returns the repository as it is now. Only for seeds.
pub(super) async fn change(ctx: &Ctx, repository: &Repository) -> Result<Repository, Failure> {
    let mut changed = repository.clone();
    changed.files.insert(MARKER.to_owned(), ctx.unique("changed"));
    changed.message = ctx.unique("second");
    let writer = visitor(ctx, WRITER)?;
    changed.commit = push(ctx, &writer, &changed, Some(&repository.commit)).await?;
    Ok(changed)
}

/// Gitea works at what was pushed after it said that it was taken: waits until the API knows the commit.
pub(super) async fn settle(
    who: &Visitor,
    repository: &Repository,
    branch: &str,
    commit: &str,
) -> Check {
    let path = format!("{}/branches/{branch}", repository.api());
    let look = async || match who.get(&path).await {
        Err(error) => Readiness::NotYet(error.to_string()),
        Ok(answer) => {
            let seen = answer.json().map(|said| said["commit"]["id"].clone());
            if seen.is_ok_and(|seen| seen == commit) {
                Readiness::Ready(())
            } else {
                Readiness::NotYet(answer.summary())
            }
        }
    };
    Ok(until(Pace::within(PATIENCE), &Hint::default(), look, |_| {}).await?)
}

/// Deletes a repository. Only for seeds.
pub(super) async fn delete(ctx: &Ctx, repository: &Repository) -> Check {
    let answer = visitor(ctx, WRITER)?.delete(&repository.api()).await?;
    ensure_eq!(answer.status, 204, "the status of the deletion");
    Ok(())
}

/// Tags the newest commit, with a message of its own. Returns the names of the tag's object. Only for seeds.
pub(super) async fn tag(ctx: &Ctx, repository: &Repository, tag: &str) -> Result<String, Failure> {
    let (by, commit) = (signature(ctx)?, &repository.commit);
    let text = format!("object {commit}\ntype commit\ntag {tag}\ntagger {by}\n\nA release.\n");
    let mut pack = Pack::default();
    let id = pack.add(Object { kind: Kind::Tag, content: text.into_bytes() });
    let name = format!("refs/tags/{tag}");
    let to = Move { name: &name, from: None, to: &id };
    push_one(&visitor(ctx, WRITER)?, repository, &to, &pack).await?;
    Ok(id)
}

/// This visitor clones exactly what was pushed, and finds it in the API.
pub(super) async fn is_whole(who: &Visitor, repository: &Repository) -> Check {
    let Repository { commit, message, files, .. } = repository;
    let cloned = wire::clone(who, &repository.path(), BRANCH).await?;
    ensure_eq!(cloned.references.get(REFERENCE), Some(commit), "the commit of {BRANCH}");
    ensure_eq!(cloned.references.get("HEAD"), Some(commit), "the commit of HEAD");
    ensure_eq!(cloned.commit.message, *message, "the message of the commit");
    let seen: BTreeMap<String, String> = cloned
        .files
        .into_iter()
        .map(|(name, content)| (name, String::from_utf8_lossy(&content).into_owned()))
        .collect();
    ensure_eq!(seen, *files, "the files of the commit");
    let marker = format!("{}/contents/{MARKER}", repository.api());
    let shown = taken(&who.get(&marker).await?, 200, "a file in the API")?;
    let content = shown["content"].as_str().and_then(|text| BASE64_STANDARD.decode(text).ok());
    let content = content.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    ensure_eq!(content, Some(repository.marker()), "the content of {MARKER} in the API");
    let blob = Object::blob(repository.marker().as_bytes()).id();
    ensure_eq!(shown["sha"].as_str(), Some(blob.as_str()), "the name of its blob");
    Ok(())
}

/// Nobody finds a repository: not over the API, not as a page, not as git.
pub(super) async fn is_nowhere(ctx: &Ctx, repository: &Repository) -> Check {
    let stranger = ctx.visitor()?;
    refused(&stranger.get(&repository.api()).await?, &[404], "a repository that is not there")?;
    // Who wants no page gets two words.
    let reader = ctx.visitor()?.with_header("accept", "text/html");
    let page = reader.get(&repository.path()).await?;
    ensure!(
        page.status == 404 && page.media_type().as_deref() == Some("text/html"),
        expected: format!("a page of status 404 for {}", repository.path()),
        seen: page.summary(),
    );
    let git = wire::ask(&stranger, &repository.path(), wire::Service::Fetch).await?;
    ensure!(
        git.status == 401 && git.header("www-authenticate").is_some(),
        expected: "git to be asked for a password",
        seen: git.summary(),
    );
    Ok(())
}

/// Writes a file over the API, which makes a commit; returns the repository as it is now. Only for seeds.
pub(super) async fn write_file(ctx: &Ctx, repository: &Repository) -> Result<Repository, Failure> {
    let mut changed = repository.clone();
    let content = ctx.unique("over-the-api");
    let known = Object::blob(repository.marker().as_bytes()).id();
    changed.message = ctx.unique("edited");
    let wanted = json!({"content": BASE64_STANDARD.encode(&content), "sha": known,
        "message": changed.message, "branch": BRANCH});
    let writer = visitor(ctx, WRITER)?;
    let path = format!("{}/contents/{MARKER}", repository.api());
    let request = writer.request(Method::PUT, &path).json(&wanted);
    let made = taken(&writer.send(request).await?, 200, "another content of a file")?;
    made["commit"]["sha"].as_str().unwrap_or(NONE).clone_into(&mut changed.commit);
    changed.files.insert(MARKER.to_owned(), content);
    Ok(changed)
}
