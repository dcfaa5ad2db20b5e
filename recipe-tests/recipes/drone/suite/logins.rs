//! Logins through the Gitea that Drone depends on.

use recipe_tests::{Check, Ctx, Failure, Secret, ensure, ensure_eq};
use url::Url;

use super::accounts::{PROVIDER, Who, account, by_token, log_in, token};
use super::server::{refused, taken};

/// Returns a parameter of an address; nothing where it has none of the name.
pub(super) fn parameter(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(n, _)| n == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// A login leads to the Gitea of this run, with what Drone was told of it; nobody follows.
pub(super) async fn leads_to_its_gitea(ctx: Ctx) -> Check {
    let provider = ctx.dependency(PROVIDER)?;
    let mut states = Vec::new();
    for _ in 0..2 {
        let answer = ctx.visitor()?.get("/login").await?;
        ensure!(
            matches!(answer.status, 302 | 303),
            expected: "a redirect with status 302 or 303",
            seen: answer.summary(),
        );
        let location = answer.header("location").unwrap_or_default();
        let to = Url::parse(location).map_err(|e| Failure::new("an address", e.to_string()))?;
        let host = to.host_str().unwrap_or_default();
        ensure_eq!(
            (to.scheme(), host, to.path()),
            ("https", provider.domain().as_str(), "/login/oauth/authorize"),
            "where a login leads to"
        );
        let client: String = provider.fact("client_id")?;
        ensure_eq!(parameter(&to, "client_id"), client, "the client that asks");
        let back = format!("https://{}/login", ctx.domain());
        ensure_eq!(parameter(&to, "redirect_uri"), back, "where the Gitea is to lead back to");
        ensure_eq!(parameter(&to, "response_type"), "code", "what is asked for");
        states.push(parameter(&to, "state"));
    }
    ensure!(
        states[0].len() >= 8 && states[0] != states[1],
        expected: "another state for each login",
        seen: states.join(", "),
    );
    Ok(())
}

/// Changes the person's token once more. What opened the account until then opens nothing.
pub(super) async fn plant(ctx: Ctx) -> Check {
    let person = log_in(&ctx, Who::Person).await?;
    let before = token(&ctx, &person, false).await?;
    let after = token(&ctx, &person, true).await?;
    ensure!(before != after, expected: "another token", seen: "the same");
    ctx.keep("drone.custom.before", &before.expose())?;
    ctx.keep("drone.custom.token", &after.expose())
}

/// Who the Gitea lets in is who Drone's own API says that is.
pub(super) async fn person_logs_in(ctx: Ctx) -> Check {
    let provider = ctx.dependency(PROVIDER)?;
    let (user, email): (String, String) = (provider.fact("user")?, provider.fact("email")?);
    let seen = account(&log_in(&ctx, Who::Person).await?).await?;
    ensure_eq!((seen.login.as_str(), seen.admin), (user.as_str(), false), "who has logged in");
    ensure_eq!(seen.email, email, "the address of who has logged in");
    let again = account(&log_in(&ctx, Who::Person).await?).await?;
    ensure_eq!(again, seen, "who has logged in once more");
    Ok(())
}

/// Whom `DRONE_USER_CREATE` names sees everyone.
pub(super) async fn administrator(ctx: Ctx) -> Check {
    let admin = log_in(&ctx, Who::Admin).await?;
    let (user, person) = (Who::Admin.at_gitea(&ctx)?.0, Who::Person.at_gitea(&ctx)?.0);
    let seen = account(&admin).await?;
    ensure_eq!((seen.login.as_str(), seen.admin), (user.as_str(), true), "who has logged in");
    let all = taken(&admin.get("/api/users").await?, "everyone")?;
    let of = |login: &str| {
        all.as_array().into_iter().flatten().filter(|one| one["login"] == login).count()
    };
    ensure_eq!((of(&user), of(&person)), (1, 1), "how often the two are among everyone");
    Ok(())
}

pub(super) async fn token_opens_the_account(ctx: Ctx) -> Check {
    let secret = |key: &str| ctx.secret(ctx.fact::<String>(key)?);
    let (before, token): (Secret, Secret) =
        (secret("drone.custom.before")?, secret("drone.custom.token")?);
    let seen = account(&by_token(&ctx, &token)?).await?;
    ensure_eq!(seen.login, Who::Person.at_gitea(&ctx)?.0, "whose token it is");
    let answer = by_token(&ctx, &before)?.get("/api/user").await?;
    refused(&answer, 401, "the token of before the change")
}

/// Who logs out is a stranger.
pub(super) async fn session_ends(ctx: Ctx) -> Check {
    let person = log_in(&ctx, Who::Person).await?;
    account(&person).await?;
    let answer = person.get("/logout").await?;
    ensure!(
        matches!(answer.status, 200 | 302 | 303),
        expected: "a page, or a way to one",
        seen: answer.summary(),
    );
    refused(&person.get("/api/user").await?, 401, "who has logged out")
}
