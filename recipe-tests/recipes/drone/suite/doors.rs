//! Who is refused: strangers, wrong passwords, codes of others, people who are no administrators.

use recipe_tests::sso::LoginFailure;
use recipe_tests::{Check, Ctx, Failure, Method, Visitor, ensure, ensure_eq};
use url::Url;

use super::accounts::{Who, account, log_in, login};
use super::logins::parameter;
use super::server::refused;

/// What only people with an account may ask for.
const OWN: [&str; 3] = ["/api/user", "/api/user/repos", "/api/users"];

pub(super) async fn wrong_password(ctx: Ctx) -> Check {
    let user = Who::Person.at_gitea(&ctx)?.0;
    let (visitor, wrong) = (ctx.visitor()?, ctx.secret(ctx.unique("Wrong"))?);
    let seen = match login(&ctx, &user, &wrong)?.to_app(visitor.client(), "/login").await {
        Ok(landing) => format!("a login, to {}", landing.url),
        Err(error) if matches!(error.why, LoginFailure::WrongPassword { .. }) => String::new(),
        Err(error) => error.to_string(),
    };
    ensure!(seen.is_empty(), expected: "the password to be refused by the Gitea", seen: seen);
    refused(&visitor.get("/api/user").await?, 401, "who has not logged in")
}

/// Begins a login in Drone; returns where it leads to.
async fn begin(visitor: &Visitor) -> Result<Url, Failure> {
    let answer = visitor.get("/login").await?;
    let at = answer.header("location").unwrap_or_default();
    Url::parse(at).map_err(|e| Failure::new("an address", e.to_string()))
}

/// Begins a login in Drone, goes through it at the Gitea, and returns the way back that nobody has gone yet.
async fn way_back(ctx: &Ctx, visitor: &Visitor) -> Result<Url, Failure> {
    let at = begin(visitor).await?;
    let (user, password) = Who::Person.at_gitea(ctx)?;
    let back = format!("https://{}/login", ctx.domain());
    let back = login(ctx, &user, &password)?.way_back(&at, &back).await?;
    ctx.secret(parameter(&back, "code"))?;
    Ok(back)
}

/// Somebody else's browser gets nothing for a code, nor does a made-up one, and nobody gets anything twice.
pub(super) async fn code_is_good_once(ctx: Ctx) -> Check {
    let (person, other) = (ctx.visitor()?, ctx.visitor()?);
    let back = way_back(&ctx, &person).await?;
    let (code, state) = (parameter(&back, "code"), parameter(&back, "state"));
    let with = |state: &str| format!("/login?code={code}&state={state}");
    // Its cookie has a state of its own.
    let own = begin(&other).await?;
    comes_to_nothing(&other, &with(&state), "the code of another browser's login").await?;
    let landed = person.get(&with(&state)).await?;
    ensure_eq!(landed.header("location"), Some("/"), "where the way back leads to");
    account(&person).await?;
    let later = ctx.visitor()?;
    let state = parameter(&begin(&later).await?, "state");
    ensure!(parameter(&own, "state") != state, expected: "another state", seen: state);
    comes_to_nothing(&later, &with(&state), "a code that was used").await?;
    comes_to_nothing(&ctx.visitor()?, "/login?error=access_denied", "a refusal of the Gitea").await
}

async fn comes_to_nothing(visitor: &Visitor, path: &str, what: &str) -> Check {
    let answer = visitor.get(path).await?;
    let to = answer.header("location").unwrap_or_default();
    ensure!(
        matches!(answer.status, 302 | 303) && to.starts_with("/login/error"),
        expected: format!("{what} to lead to Drone's page of errors"),
        seen: format!("{}, to {to}", answer.summary()),
    );
    refused(&visitor.get("/api/user").await?, 401, what)
}

/// A login that was begun for Drone leads to no other address.
pub(super) async fn leads_back_alone(ctx: Ctx) -> Check {
    let at = begin(&ctx.visitor()?).await?.to_string();
    let elsewhere = at.replacen("%2Flogin&", "%2Felsewhere&", 1);
    ensure!(elsewhere != at, expected: "the way back in the address", seen: at);
    let at = Url::parse(&elsewhere).map_err(|e| Failure::new("an address", e.to_string()))?;
    let (user, password) = Who::Person.at_gitea(&ctx)?;
    let walk = login(&ctx, &user, &password)?;
    let back = format!("https://{}/elsewhere", ctx.domain());
    let seen = match walk.way_back(&at, &back).await {
        Ok(_) => "the way back".to_owned(),
        Err(error) if matches!(error.why, LoginFailure::RedirectRefused { .. }) => String::new(),
        Err(error) => error.to_string(),
    };
    ensure!(seen.is_empty(), expected: "another way back to be refused", seen: seen);
    Ok(())
}

/// Nobody, a made-up token and a made-up session.
pub(super) async fn strangers_see_nobody(ctx: Ctx) -> Check {
    let made_up = ctx.unique("made-up");
    let cookie = format!("_session_={made_up}");
    let strangers = [
        (ctx.visitor()?, "nobody"),
        (ctx.visitor()?.with_bearer(&made_up), "a made-up token"),
        (ctx.visitor()?.with_header("cookie", &cookie), "a made-up session"),
    ];
    for (stranger, who) in strangers {
        for path in OWN {
            refused(&stranger.get(path).await?, 401, &format!("{path} to {who}"))?;
        }
        let token = stranger.request(Method::POST, "/api/user/token");
        refused(&stranger.send(token).await?, 401, &format!("a token to {who}"))?;
    }
    Ok(())
}

pub(super) async fn person_administers_nothing(ctx: Ctx) -> Check {
    let person = log_in(&ctx, Who::Person).await?;
    let admin = Who::Admin.at_gitea(&ctx)?.0;
    for path in ["/api/users".to_owned(), format!("/api/users/{admin}")] {
        refused(&person.get(&path).await?, 403, &format!("{path} to a person"))?;
    }
    Ok(())
}

/// Who has no account is missing by Drone's own word, also for who may see everyone.
pub(super) async fn missing_account(ctx: Ctx) -> Check {
    let admin = log_in(&ctx, Who::Admin).await?;
    let path = format!("/api/users/{}", &ctx.unique("nobody")[..20]);
    refused(&admin.get(&path).await?, 404, "an account that nobody has")
}
