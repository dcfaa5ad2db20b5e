//! Who logs in: the administrator and the person that the Gitea made for this app. Main types: [`Who`], [`Account`].

use recipe_tests::sso::{Consent, Login};
use recipe_tests::{Ctx, Failure, Method, Secret, Visitor, ensure_eq};
use serde::{Deserialize, Serialize};

use super::server::taken;

/// The recipe that people log in by.
pub(super) const PROVIDER: &str = "gitea";

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Whom the settings name.
    Admin,
    /// Somebody else.
    Person,
}

/// Somebody as Drone's own API has them.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Account {
    pub(super) id: u64,
    pub(super) login: String,
    pub(super) email: String,
    pub(super) admin: bool,
    active: bool,
    machine: bool,
    created: i64,
}

impl Who {
    /// Returns the name and the password at the Gitea.
    pub(super) fn at_gitea(self, ctx: &Ctx) -> Result<(String, Secret), Failure> {
        let provider = ctx.dependency(PROVIDER)?;
        let (user, password) = match self {
            Self::Admin => ("admin", "admin_password"),
            Self::Person => ("user", "password"),
        };
        Ok((provider.fact(user)?, ctx.secret(provider.fact::<String>(password)?)?))
    }
}

/// Returns a login of somebody whom the Gitea has never seen in this browser, and who lets Drone know who they are.
pub(super) fn login(ctx: &Ctx, user: &str, password: &Secret) -> Result<Login, Failure> {
    let login = ctx.dependency(PROVIDER)?.login(user, password)?;
    Ok(Login { consent: Consent::Given, ..login })
}

/// Logs somebody in, over the pages of both apps; returns who has Drone's session then.
pub(super) async fn log_in(ctx: &Ctx, who: Who) -> Result<Visitor, Failure> {
    let (user, password) = who.at_gitea(ctx)?;
    let visitor = ctx.visitor()?;
    let landing = login(ctx, &user, &password)?.to_app(visitor.client(), "/login").await?;
    // Where a login came to nothing Drone shows a page too, at another address.
    ensure_eq!(landing.url.path(), "/", "where the login of {user} led to in Drone");
    Ok(visitor)
}

/// Returns who Drone says somebody is.
pub(super) async fn account(visitor: &Visitor) -> Result<Account, Failure> {
    let said = taken(&visitor.get("/api/user").await?, "who has logged in")?;
    serde_json::from_value(said).map_err(|e| Failure::new("an account", e.to_string()))
}

/// Returns the token that opens an account without a login; another one, if it is changed.
pub(super) async fn token(
    ctx: &Ctx,
    visitor: &Visitor,
    is_changed: bool,
) -> Result<Secret, Failure> {
    let path = if is_changed { "/api/user/token?rotate=true" } else { "/api/user/token" };
    let answer = visitor.send(visitor.request(Method::POST, path)).await?;
    let said = taken(&answer, "a token")?;
    let token = said["token"].as_str().filter(|token| token.len() >= 16);
    ctx.secret(token.ok_or_else(|| Failure::new("a token", "none"))?)
}

/// Returns somebody who shows a token with every request.
pub(super) fn by_token(ctx: &Ctx, token: &Secret) -> Result<Visitor, Failure> {
    Ok(ctx.visitor()?.with_bearer(token.expose()))
}
