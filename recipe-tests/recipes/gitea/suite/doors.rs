//! Who is refused: strangers, wrong passwords, tokens that are good for less.

use recipe_tests::{Answer, Check, Ctx, Failure, Method, Secret, Visitor, ensure, ensure_eq};
use serde_json::json;

use super::git::Pack;
use super::people::{ADMIN, READER, WRITER, by_token, visitor};
use super::repositories::{BRANCH, MARKER, Repository, is_nowhere, is_whole, signature};
use super::server::{refused, taken};
use super::wire::{self, Move, Service, committed};

/// What of a private repository is asked for, and by whom it is seen.
pub(super) async fn private_is_hidden(ctx: Ctx) -> Check {
    let private: Repository = ctx.fact("gitea.custom.private")?;
    is_hidden(&ctx, &private).await?;
    let public: Repository = ctx.fact("gitea.custom.public")?;
    let raw = format!("{}/raw/branch/{BRANCH}/{MARKER}", public.path());
    let shown = ctx.visitor()?.get(&raw).await?;
    ensure!(
        shown.status == 200 && shown.text() == public.marker(),
        expected: "the file of a public repository",
        seen: shown.summary(),
    );
    Ok(())
}

/// Nobody but its owner sees a private repository.
pub(super) async fn is_hidden(ctx: &Ctx, private: &Repository) -> Check {
    is_nowhere(ctx, private).await?;
    let raw = format!("{}/raw/branch/{BRANCH}/{MARKER}", private.path());
    ensure_eq!(ctx.visitor()?.get(&raw).await?.status, 404, "the status of a file of it");
    let reader = visitor(ctx, READER)?;
    refused(&reader.get(&private.api()).await?, &[404], "a private repository of another")?;
    let git = wire::ask(&reader, &private.path(), Service::Fetch).await?;
    ensure_eq!(git.status, 404, "the status for git of another person");
    is_whole(&visitor(ctx, WRITER)?, private).await
}

pub(super) async fn wrong_password_is_refused(ctx: Ctx) -> Check {
    let private: Repository = ctx.fact("gitea.custom.private")?;
    let (user, wrong) = (ctx.credentials(WRITER)?.user, Secret::new(ctx.unique("wrong")));
    let someone = ctx.visitor()?.with_basic(&user, &wrong);
    let nobody = ctx.visitor()?.with_basic(&ctx.unique("nobody"), &wrong);
    let made_up = by_token(&ctx, &wrong)?;
    for (who, what) in [(&someone, "another password"), (&nobody, "nobody"), (&made_up, "a token")]
    {
        refused(&who.get("/api/v1/user").await?, &[401], what)?;
    }
    let tokens = format!("/api/v1/users/{user}/tokens");
    let wanted = json!({"name": ctx.unique("token"), "scopes": ["all"]});
    refused(&someone.post(&tokens, &wanted).await?, &[401], "a token by another password")?;
    for service in [Service::Fetch, Service::Push] {
        let git = wire::ask(&someone, &private.path(), service).await?;
        ensure_eq!(git.status, 401, "the status for git with another password");
    }
    taken(&visitor(&ctx, WRITER)?.get("/api/v1/user").await?, 200, "the right password").map(drop)
}

/// The page refuses another password and opens nothing; the right one opens the person's own settings.
pub(super) async fn login_needs_the_password(ctx: Ctx) -> Check {
    let account = ctx.credentials(WRITER)?;
    let (stranger, answer) = sign_in(&ctx, &account.user, &ctx.unique("wrong")).await?;
    ensure!(
        answer.status == 200 && answer.text().contains("flash-error"),
        expected: "the form again, with what is wrong",
        seen: answer.summary(),
    );
    let settings = stranger.get("/user/settings").await?;
    ensure_eq!(settings.status, 303, "the status of the settings after it");
    let (person, answer) = sign_in(&ctx, &account.user, account.password.expose()).await?;
    ensure_eq!(answer.status, 303, "the status of a login with the password");
    let settings = person.get("/user/settings").await?;
    ensure!(
        settings.status == 200 && settings.text().contains(&format!("value=\"{}\"", account.user)),
        expected: "the person's own settings",
        seen: settings.summary(),
    );
    Ok(())
}

async fn sign_in(ctx: &Ctx, user: &str, password: &str) -> Result<(Visitor, Answer), Failure> {
    let who = ctx.visitor()?;
    let page = who.get("/user/login").await?;
    ensure_eq!(page.status, 200, "the status of the login page");
    let form = format!("user_name={user}&password={password}{}", guard(&page));
    let answer = post_form(&who, "/user/login", form).await?;
    Ok((who, answer))
}

async fn post_form(who: &Visitor, path: &str, form: String) -> Result<Answer, Failure> {
    let request = who.request(Method::POST, path);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    who.send(request).await
}

/// Returns what a form carries against forgery, with versions that have it: those before 1.26.
fn guard(page: &Answer) -> String {
    let text = page.text();
    let value =
        text.split_once("name=\"_csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    value.map(|(value, _)| format!("&_csrf={value}")).unwrap_or_default()
}

/// A token that may read reads, and writes nothing: over the API or as git.
pub(super) async fn narrow_token_is_refused(ctx: Ctx) -> Check {
    let private: Repository = ctx.fact("gitea.custom.private")?;
    let secret = |key: &str| ctx.secret(ctx.fact::<String>(key)?);
    let (reads, other) = (secret("gitea.custom.reads")?, secret("gitea.custom.other")?);
    let reader = by_token(&ctx, &reads)?;
    taken(&reader.get(&private.api()).await?, 200, "what the token may read")?;
    refused(&reader.get("/api/v1/user").await?, &[403], "whose it is, with a token for less")?;
    refused(&edit(&ctx, &reader, &private).await?, &[403], "a write with a token that reads")?;
    let wanted = json!({"name": ctx.unique("refused")});
    refused(&reader.post("/api/v1/user/repos", &wanted).await?, &[403], "a new repository")?;
    refused(&by_token(&ctx, &other)?.get(&private.api()).await?, &[403], "a token for issues")?;
    let git = ctx.visitor()?.with_basic(&private.owner, &reads);
    ensure_eq!(
        wire::ask(&git, &private.path(), Service::Fetch).await?.status,
        200,
        "the status for git that fetches with a token that reads"
    );
    ensure_eq!(
        wire::ask(&git, &private.path(), Service::Push).await?.status,
        403,
        "the status for git that pushes with a token that reads"
    );
    is_whole(&git, &private).await
}

/// Asks for another content of the marker.
async fn edit(ctx: &Ctx, who: &Visitor, repository: &Repository) -> Result<Answer, Failure> {
    let known = super::git::Object::blob(repository.marker().as_bytes()).id();
    let wanted = json!({"content": "c3BvaWx0", "sha": known, "branch": BRANCH,
        "message": ctx.unique("spoilt")});
    who.put(&format!("{}/contents/{MARKER}", repository.api()), &wanted).await
}

/// Who owns nothing in a public repository reads it, and neither changes, nor pushes to, nor deletes it.
pub(super) async fn strangers_write_nothing(ctx: Ctx) -> Check {
    let public: Repository = ctx.fact("gitea.custom.public")?;
    let (nobody, reader) = (ctx.visitor()?, visitor(&ctx, READER)?);
    let wanted = json!({"name": ctx.unique("refused")});
    refused(&nobody.post("/api/v1/user/repos", &wanted).await?, &[401], "a repository of nobody")?;
    let issue = json!({"title": ctx.unique("refused")});
    let issues = format!("{}/issues", public.api());
    refused(&nobody.post(&issues, &issue).await?, &[401], "an issue of nobody")?;
    for (who, what) in [(&nobody, "nobody"), (&reader, "another person")] {
        let edited = edit(&ctx, who, &public).await?;
        refused(&edited, &[401, 403, 404], &format!("a write of {what}"))?;
        let deleted = who.delete(&public.api()).await?;
        refused(&deleted, &[401, 403, 404], &format!("a deletion by {what}"))?;
    }
    let git = wire::ask(&nobody, &public.path(), Service::Push).await?;
    ensure_eq!(git.status, 401, "the status for git of nobody that pushes");
    let mut pack = Pack::default();
    let mut files = public.files.clone();
    files.insert(MARKER.to_owned(), "spoilt".to_owned());
    let (by, parent) = (signature(&ctx)?, Some(public.commit.as_str()));
    let commit = committed(&mut pack, &files, &by, "spoilt", parent);
    let name = format!("refs/heads/{BRANCH}");
    let moves = [Move { name: &name, from: parent, to: &commit }];
    let said = wire::push(&reader, &public.path(), &moves, &pack).await?;
    let is_declined = said.len() == 1 && said[0].starts_with(&format!("ng {name} "));
    ensure!(is_declined, expected: "the push of another to be declined", seen: said.join(", "));
    is_whole(&nobody, &public).await
}

/// Nobody makes an account for themselves.
pub(super) async fn registration_is_closed(ctx: Ctx) -> Check {
    let who = ctx.visitor()?;
    let page = who.get("/user/sign_up").await?;
    ensure!(
        page.status == 200 && page.text().contains("Registration is disabled"),
        expected: "a page that says that registration is disabled",
        seen: page.summary(),
    );
    let (name, password) = (format!("x{}", &ctx.unique("x")[2..18]), ctx.unique("Ccci"));
    let form = format!(
        "user_name={name}&email={name}@example.org&password={password}&retype={password}{}",
        guard(&page)
    );
    let answer = post_form(&who, "/user/sign_up", form).await?;
    ensure_eq!(answer.status, 403, "the status of a registration");
    let user = format!("/api/v1/users/{name}");
    refused(&who.get(&user).await?, &[404], "an account that was refused")
}

pub(super) async fn admin_api_needs_one(ctx: Ctx) -> Check {
    let path = "/api/v1/admin/users";
    refused(&ctx.visitor()?.get(path).await?, &[401], "the list of people to nobody")?;
    refused(&visitor(&ctx, WRITER)?.get(path).await?, &[403], "the list of people to a person")?;
    let shown = taken(&visitor(&ctx, ADMIN)?.get(path).await?, 200, "the list of people")?;
    let reader = ctx.credentials(READER)?.user;
    let has = shown.as_array().is_some_and(|all| all.iter().any(|one| one["login"] == reader));
    ensure!(has, expected: "the administrator to see everyone", seen: shown);
    Ok(())
}
