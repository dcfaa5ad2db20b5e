//! Who is refused, and by which meaning: statuses differ between versions.

use recipe_tests::sso::{AskError, JwtError, Refusal, parse_refusal, verify};
use recipe_tests::{Check, Ctx, Failure, Method, Secret, ensure, ensure_eq};

use super::grants::{is_refused, keys_of};
use super::scene::Scene;
use super::server::{is_missing, is_there};

pub(super) async fn wrong_passwords_are_refused(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let party = scene.party(&ctx).await?;
    let wrong = Secret::new(ctx.unique("wrong"));
    let user = ctx.credentials("custom")?.user;
    for user in [user, ctx.unique("nobody")] {
        let given = party.password_grant(&user, &wrong, "openid").await;
        is_refused(&given, &Refusal::WrongPassword)?;
    }
    let admin = ctx.visitor()?;
    let form = format!(
        "grant_type=password&client_id=admin-cli&username=admin&password={}",
        wrong.expose()
    );
    let path = "/realms/master/protocol/openid-connect/token";
    let request = admin.request(Method::POST, path);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(form);
    let answer = admin.send(request).await?;
    let refusal = parse_refusal(answer.status, &answer.body);
    ensure!(
        [400, 401].contains(&answer.status) && refusal == Refusal::WrongPassword,
        expected: "no token for the administrator with another password",
        seen: format!("status {}: {refusal}", answer.status),
    );
    Ok(())
}

pub(super) async fn disabled_person_is_refused(ctx: Ctx) -> Check {
    let account = ctx.credentials("disabled")?;
    let party = ctx.fact::<Scene>("keycloak.custom.scene")?.party(&ctx).await?;
    let given = party.password_grant(&account.user, &account.password, "openid").await;
    is_refused(&given, &Refusal::AccountDisabled)
}

/// An account that lacks a name is made without complaint, and lets nobody in.
pub(super) async fn unfinished_person_is_refused(ctx: Ctx) -> Check {
    let account = ctx.credentials("unfinished")?;
    let party = ctx.fact::<Scene>("keycloak.custom.scene")?.party(&ctx).await?;
    let given = party.password_grant(&account.user, &account.password, "openid").await;
    is_refused(&given, &Refusal::AccountUnfinished)
}

pub(super) async fn wrong_secret_is_refused(ctx: Ctx) -> Check {
    let mut party = ctx.fact::<Scene>("keycloak.custom.scene")?.party(&ctx).await?;
    party.secret = Some(Secret::new(ctx.unique("wrong")));
    is_refused(&party.client_credentials().await, &Refusal::WrongSecret)
}

pub(super) async fn admin_api_needs_an_administrator(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let person = scene.log_in(&ctx).await?.access;
    let stranger = ctx.visitor()?;
    let made_up = ctx.visitor()?.with_bearer(&ctx.unique("made-up"));
    let somebody = ctx.visitor()?.with_bearer(person.expose());
    for (who, visitor) in
        [("nobody", stranger), ("a made-up token", made_up), ("a person", somebody)]
    {
        for path in ["/admin/realms", &format!("/admin/realms/{}/users", scene.name())] {
            let answer = visitor.get(path).await?;
            ensure!(
                [401, 403].contains(&answer.status),
                expected: format!("{path} to be refused to {who} with status 401 or 403"),
                seen: answer.summary(),
            );
        }
    }
    Ok(())
}

/// A token of one realm is none in another: neither by its keys, nor where it is shown.
pub(super) async fn realms_do_not_believe_each_other(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let other: Scene = ctx.fact("keycloak.custom.other")?;
    let token = scene.log_in(&ctx).await?.access;
    match verify(&token, &keys_of(&ctx, &other).await?) {
        Err(JwtError::UnknownKey { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(_) => {
            return Err(Failure::new("another realm to have keys of its own", "the same keys"));
        }
    }
    match other.party(&ctx).await?.user_info(&token).await {
        Err(AskError::Unauthorized { .. }) => Ok(()),
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::new("another realm not to know whose token it is", "a user")),
    }
}

pub(super) async fn missing_realm_is_keycloaks_404(ctx: Ctx) -> Check {
    is_missing(&ctx, &ctx.unique("missing")).await?;
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    is_there(&ctx, scene.name()).await?;
    let path = format!("/realms/{}/{}", scene.name(), ctx.unique("nothing"));
    ensure_eq!(ctx.get(&path).await?.status, 404, "the status of what no realm has");
    Ok(())
}
