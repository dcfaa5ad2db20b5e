//! Who works with Gitea: an administrator from the command line, and people that the administrator makes.

use recipe_tests::{Check, Credentials, Ctx, Failure, Method, Secret, Visitor, ensure, ensure_eq};
use serde_json::json;

use super::server::{PATIENCE, taken};

/// Who administers, who owns repositories, and who looks at those of others.
pub(super) const ADMIN: &str = "admin";
pub(super) const WRITER: &str = "writer";
pub(super) const READER: &str = "reader";

/// Makes everyone who is not there yet. Only for seeds.
pub(super) async fn set_up(ctx: &Ctx) -> Check {
    set_up_with(ctx, &[WRITER, READER]).await
}

/// Makes an administrator, and somebody for each role, unless they are there.
pub(super) async fn set_up_with(ctx: &Ctx, roles: &[&str]) -> Check {
    if !is_there(ctx, ADMIN).await? {
        make_administrator(ctx).await?;
    }
    for role in roles {
        if !is_there(ctx, role).await? {
            make_person(ctx, role).await?;
        }
    }
    Ok(())
}

async fn is_there(ctx: &Ctx, role: &str) -> Result<bool, Failure> {
    let path = format!("/api/v1/users/{}", ctx.credentials(role)?.user);
    let answer = ctx.visitor()?.when_ready(PATIENCE, |v| v.request(Method::GET, &path)).await?;
    match answer.status {
        200 => Ok(true),
        404 => Ok(false),
        _ => Err(Failure::new("whether there is an account: status 200 or 404", answer.summary())),
    }
}

/// Nobody may register: the first account comes from Gitea's own program.
async fn make_administrator(ctx: &Ctx) -> Check {
    let Credentials { user, email, password } = ctx.credentials(ADMIN)?;
    let create = ["gitea", "admin", "user", "create", "--admin", "--must-change-password=false"];
    let who = ["--username", &user, "--email", &email, "--password", password.expose()];
    let printed = ctx.exec("app", &[&create[..], &who[..]].concat()).await?.stdout;
    ensure!(
        printed.contains("successfully created"),
        expected: "the program to say that the administrator was made",
        seen: printed,
    );
    Ok(())
}

async fn make_person(ctx: &Ctx, role: &str) -> Check {
    let Credentials { user, email, password } = ctx.credentials(role)?;
    let wanted = json!({"username": user, "email": email, "password": password.expose(),
        "must_change_password": false});
    let answer = visitor(ctx, ADMIN)?.post("/api/v1/admin/users", &wanted).await?;
    let made = taken(&answer, 201, "a new account")?;
    ensure_eq!(made["login"].as_str(), Some(user.as_str()), "the name of the new account");
    Ok(())
}

/// Returns somebody who shows the password with every request.
pub(super) fn visitor(ctx: &Ctx, role: &str) -> Result<Visitor, Failure> {
    let Credentials { user, password, .. } = ctx.credentials(role)?;
    Ok(ctx.visitor()?.with_basic(&user, &password))
}

/// Returns somebody who shows a token with every request.
pub(super) fn by_token(ctx: &Ctx, token: &Secret) -> Result<Visitor, Failure> {
    Ok(ctx.visitor()?.with_header("authorization", &format!("token {}", token.expose())))
}

/// Makes a token of somebody. Only for seeds.
pub(super) async fn make_token(ctx: &Ctx, role: &str, scopes: &[&str]) -> Result<Secret, Failure> {
    let path = format!("/api/v1/users/{}/tokens", ctx.credentials(role)?.user);
    let wanted = json!({"name": ctx.unique("token"), "scopes": scopes});
    let made = taken(&visitor(ctx, role)?.post(&path, &wanted).await?, 201, "a new token")?;
    let token = made["sha1"].as_str().filter(|token| !token.is_empty());
    ctx.secret(token.ok_or_else(|| Failure::new("a token", "none"))?)
}

/// Gives somebody another password. Only for seeds.
pub(super) async fn set_password(ctx: &Ctx, role: &str, password: &Secret) -> Check {
    let user = ctx.credentials(role)?.user;
    let change = json!({"login_name": user, "source_id": 0, "password": password.expose(),
        "must_change_password": false});
    let admin = visitor(ctx, ADMIN)?;
    let request = admin.request(Method::PATCH, &format!("/api/v1/admin/users/{user}"));
    taken(&admin.send(request.json(&change)).await?, 200, "another password").map(drop)
}

/// The API says that this visitor is who has this role.
pub(super) async fn is_them(ctx: &Ctx, visitor: &Visitor, role: &str) -> Check {
    let said = taken(&visitor.get("/api/v1/user").await?, 200, "who asks")?;
    let account = ctx.credentials(role)?;
    ensure_eq!(said["login"].as_str(), Some(account.user.as_str()), "who asks");
    ensure_eq!(said["email"].as_str(), Some(account.email.as_str()), "the address of who asks");
    Ok(())
}
