//! Logins through the identity provider that Gitea depends on: who Keycloak says it is, is who Gitea's own API says it is.

use recipe_tests::sso::LoginFailure;
use recipe_tests::sso::login_fields::KEYCLOAK;
use recipe_tests::{
    Check, Ctx, Failure, Method, Provider, Secret, Visitor, ensure, ensure_eq, skip,
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

use super::people::by_token;
use super::server::taken;

/// The recipe that it logs in by.
pub(super) const PROVIDER: &str = "keycloak";

/// What the source of logins is called in Gitea, and so where a login begins.
const BEGIN: &str = "/user/oauth2/keycloak";

/// How a browser sends a form.
const FORM: &str = "application/x-www-form-urlencoded";

/// Where people make tokens.
const TOKENS: &str = "/user/settings/applications";

/// Who is not let in.
const WRONG: &str = "a wrong password";
const OFF: &str = "a disabled account";

/// Who somebody is to Gitea.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Known {
    id: u64,
    login: String,
    email: String,
}

/// Returns the person that the provider made for this app: the name, the address, the password.
fn person(ctx: &Ctx, provider: &Provider) -> Result<(String, String, Secret), Failure> {
    let password = ctx.secret(provider.fact::<String>("password")?)?;
    Ok((provider.fact("user")?, provider.fact("email")?, password))
}

/// Logs the person in, and returns who Gitea's own API says that is.
async fn log_in(ctx: &Ctx) -> Result<Known, Failure> {
    let visitor = ctx.visitor()?;
    let provider = ctx.dependency(PROVIDER)?;
    let (user, _, password) = person(ctx, &provider)?;
    provider.login(&user, &password)?.to_app(visitor.client(), BEGIN).await?;
    let token = own_token(ctx, &visitor).await?;
    let said = by_token(ctx, &token)?.get("/api/v1/user").await?;
    let said = taken(&said, 200, "who has logged in")?;
    serde_json::from_value(said).map_err(|e| Failure::new("an account", e.to_string()))
}

/// Makes a token of who is signed in, on the page where people do so: the API believes no session.
async fn own_token(ctx: &Ctx, visitor: &Visitor) -> Result<Secret, Failure> {
    let page = visitor.get(TOKENS).await?;
    let mut fields = vec![("name", ctx.unique("token")), ("scope-user", "read:user".to_owned())];
    let text = page.text();
    fields.extend(between(&text, "name=\"_csrf\" value=\"", "\"").map(|seal| ("_csrf", seal)));
    let body = Serializer::new(String::new()).extend_pairs(&fields).finish();
    let request = visitor.request(Method::POST, TOKENS).body(body);
    let made = visitor.send(request.header("content-type", FORM)).await?;
    ensure_eq!(made.status, 303, "the status of the page that makes a token");
    let shown = visitor.get(TOKENS).await?.text();
    let token = between(&shown, "flash-info\">", "</p>")
        .and_then(|p| Some(p.split_once("<p>")?.1.to_owned()));
    let is_token = |text: &String| text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit());
    let token = token.map(|text| text.trim().to_owned()).filter(is_token);
    ctx.secret(token.ok_or_else(|| Failure::new("a token on the page", "none"))?)
}

/// Returns what stands between two texts, the first time.
fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0.to_owned())
}

/// Tells Gitea of its provider, as its operator does, and logs a person in for the first time: that makes the account.
/// Done once, in the first tier that wants it.
pub(super) async fn plant(ctx: Ctx) -> Check {
    if ctx.fact::<Known>("gitea.sso.known").is_ok() {
        return Ok(());
    }
    let provider = ctx.dependency(PROVIDER)?;
    let (issuer, id): (String, String) = (provider.fact("issuer")?, provider.fact("client_id")?);
    let secret = ctx.secret(provider.fact::<String>("client_secret")?)?;
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let add = ["gitea", "admin", "auth", "add-oauth", "--provider", "openidConnect"];
    let client = ["--name", PROVIDER, "--key", &id, "--secret", secret.expose()];
    let scopes = ["--scopes", "profile", "--scopes", "email", "--auto-discover-url", &discovery];
    ctx.exec("app", &[&add[..], &client[..], &scopes[..]].concat()).await?;
    ctx.keep("gitea.sso.known", &log_in(&ctx).await?)
}

/// The person whom Keycloak lets in is the account that the first login made, by its number.
pub(super) async fn is_the_same_person(ctx: Ctx) -> Check {
    let known: Known = ctx.fact("gitea.sso.known")?;
    let (user, email, _) = person(&ctx, &ctx.dependency(PROVIDER)?)?;
    ensure_eq!(
        (known.login.as_str(), known.email.as_str()),
        (user.as_str(), email.as_str()),
        "who the first login was"
    );
    ensure_eq!(log_in(&ctx).await?, known, "who has logged in");
    Ok(())
}

/// A wrong password and a disabled account end at the provider, and the app knows nobody.
pub(super) async fn others_are_refused(ctx: Ctx) -> Check {
    let provider = ctx.dependency(PROVIDER)?;
    let (user, _, _) = person(&ctx, &provider)?;
    let disabled: String = provider.fact("disabled_user")?;
    let password = ctx.secret(provider.fact::<String>("disabled_password")?)?;
    let wrong = ctx.secret(ctx.unique("Wrong"))?;
    let is_named = |what: &str, why: &LoginFailure| {
        (what == WRONG && matches!(why, LoginFailure::WrongPassword { .. }))
            || (what == OFF && matches!(why, LoginFailure::AccountDisabled { .. }))
    };
    for (what, user, password) in [(WRONG, &user, &wrong), (OFF, &disabled, &password)] {
        let visitor = ctx.visitor()?;
        let login = provider.login(user, password)?;
        let seen = match login.to_app(visitor.client(), BEGIN).await {
            Ok(landing) => format!("a login, to {}", landing.url),
            Err(error) if is_named(what, &error.why) => String::new(),
            Err(error) => error.to_string(),
        };
        ensure!(seen.is_empty(), expected: format!("{what} to be refused by that name"), seen: seen);
        let status = visitor.get("/user/settings").await?.status;
        ensure_eq!(status, 303, "the status of one's own settings, after {what}");
    }
    Ok(())
}

/// A person clicks through both apps' pages.
pub(super) async fn person_logs_in_in_a_browser(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let (user, _, password) = person(&ctx, &ctx.dependency(PROVIDER)?)?;
    let page = ctx.page().await?;
    page.goto("/user/login").await?;
    page.click(&format!("a[href*='{BEGIN}']")).await?;
    page.fill(KEYCLOAK.user, &user).await?;
    page.fill(KEYCLOAK.password, password.expose()).await?;
    page.click(KEYCLOAK.submit).await?;
    page.wait_until(&format!("return location.host === '{}'", ctx.domain())).await?;
    page.goto("/user/settings").await?;
    let name = page.eval_json("return document.querySelector('#username').value").await?;
    ensure_eq!(name.as_str(), Some(user.as_str()), "who is signed in");
    Ok(ctx.keep_picture(&page, "signed_in").await?)
}
