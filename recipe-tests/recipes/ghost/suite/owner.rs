//! The blog's owner: set up once, then logged in.

use std::time::Duration;

use recipe_tests::{Check, Credentials, Ctx, Failure, Method, Visitor, ensure_eq};
use serde_json::{Value, json};

/// How long a Ghost that is starting, or that has just lost its database's connections, is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// Where an owner is made, once.
const SETUP: &str = "/ghost/api/admin/authentication/setup/";

/// What the blog is called.
const TITLE: &str = "A test blog";

/// What Ghost says of the blog to anyone who asks.
const SITE: &str = "/ghost/api/admin/site/";

/// Where a session begins.
const SESSION: &str = "/ghost/api/admin/session/";

/// Returns the owner's account of this run.
pub(super) fn credentials(ctx: &Ctx) -> Result<Credentials, Failure> {
    ctx.credentials("owner")
}

/// Sets the blog up if it is not yet, and returns its owner with a session. Only for seeds.
pub(super) async fn set_up(ctx: &Ctx) -> Result<Visitor, Failure> {
    let owner = credentials(ctx)?;
    let visitor = ctx.visitor()?.with_origin();
    let asked = visitor.when_ready(PATIENCE, |v| v.request(Method::GET, SETUP)).await?;
    let done = asked.json()?["setup"][0]["status"].as_bool();
    match done {
        Some(true) => {}
        Some(false) => {
            let account = json!({"setup": [{
                "name": owner.user, "email": owner.email, "password": owner.password.expose(),
                "blogTitle": TITLE,
            }]});
            let made = visitor.post(SETUP, &account).await?;
            if made.status != 201 {
                return Err(Failure::new("the owner to be made: status 201", made.summary()));
            }
        }
        None => return Err(Failure::new("whether the blog is set up", asked.summary())),
    }
    log_in(ctx).await
}

/// Returns the owner with a new session.
pub(super) async fn log_in(ctx: &Ctx) -> Result<Visitor, Failure> {
    let owner = credentials(ctx)?;
    let (visitor, answer) = try_password(ctx, owner.password.expose()).await?;
    if answer.status != 201 {
        return Err(Failure::new("the owner's login to succeed: status 201", answer.summary()));
    }
    Ok(visitor)
}

/// Returns what Ghost says of the blog: its title, its address, the version.
pub(super) async fn site(ctx: &Ctx) -> Result<Value, Failure> {
    let answer = ctx.visitor()?.when_ready(PATIENCE, |v| v.request(Method::GET, SITE)).await?;
    if answer.status != 200 {
        return Err(Failure::new("what Ghost says of the blog: status 200", answer.summary()));
    }
    Ok(answer.json()?["site"].clone())
}

/// The blog is called what its owner called it.
pub(super) async fn title_is_kept(ctx: Ctx) -> Check {
    let site = site(&ctx).await?;
    ensure_eq!(site["title"].as_str(), Some(TITLE), "the title that the owner gave the blog");
    Ok(())
}

/// Tries a password for the owner; returns who tried, and what Ghost said.
pub(super) async fn try_password(
    ctx: &Ctx,
    password: &str,
) -> Result<(Visitor, recipe_tests::Answer), Failure> {
    let owner = credentials(ctx)?;
    let visitor = ctx.visitor()?.with_origin();
    let login = json!({"username": owner.email, "password": password});
    let ask = |v: &Visitor| v.request(Method::POST, SESSION).json(&login);
    let answer = visitor.when_ready(PATIENCE, ask).await?;
    Ok((visitor, answer))
}
