//! People who are let in.

use recipe_tests::sso::login_fields::KEYCLOAK;
use recipe_tests::{Check, Ctx, Failure, Provider, Secret, Visitor, ensure_eq, skip};

use super::PROVIDER;

/// Where people sign in, and where the page says who somebody is.
pub(super) const SIGN_IN: &str = "/sign-in";
pub(super) const ME: &str = "/me";

/// Returns why nobody can sign in, where the recipe was told so.
pub(super) async fn switched_off(ctx: &Ctx) -> Result<Option<&'static str>, Failure> {
    let refused = ctx.visitor()?.get(SIGN_IN).await?.status == 403;
    Ok(refused.then_some("nobody signs in here: OIDC_ENABLED is not `true`"))
}

/// Returns the person that the provider made for this app: the name and the password.
pub(super) fn person(ctx: &Ctx, provider: &Provider) -> Result<(String, Secret), Failure> {
    Ok((provider.fact("user")?, ctx.secret(provider.fact::<String>("password")?)?))
}

/// Returns whom the page says a visitor to be.
pub(super) async fn who(visitor: &Visitor) -> Result<String, Failure> {
    let answer = visitor.get(ME).await?;
    ensure_eq!(answer.status, 200, "the status of one's own page");
    let text = answer.text();
    let (_, rest) = text.split_once("<strong id=\"who\">").unwrap_or_default();
    Ok(rest.split_once("</strong>").unwrap_or_default().0.to_owned())
}

async fn sign_in(ctx: &Ctx) -> Result<String, Failure> {
    let provider = ctx.dependency(PROVIDER)?;
    let (user, password) = person(ctx, &provider)?;
    let visitor = ctx.visitor()?;
    provider.login(&user, &password)?.to_app(visitor.client(), SIGN_IN).await?;
    who(&visitor).await
}

/// Signs the person in before the upgrade: one who could not then proves nothing afterwards.
pub(super) async fn plant(ctx: Ctx) -> Check {
    ctx.keep("oidc-page.known", &sign_in(&ctx).await?)
}

/// The person is who the page says, by the name that the provider has, before the upgrade and after it.
pub(super) async fn person_signs_in(ctx: Ctx) -> Check {
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let (user, _) = person(&ctx, &ctx.dependency(PROVIDER)?)?;
    if ctx.has_fact("oidc-page.known") {
        ensure_eq!(
            ctx.fact::<String>("oidc-page.known")?,
            user,
            "who signed in before the upgrade"
        );
    }
    ensure_eq!(sign_in(&ctx).await?, user, "who has signed in");
    Ok(())
}

/// A person clicks through both pages.
pub(super) async fn person_signs_in_in_a_browser(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let (user, password) = person(&ctx, &ctx.dependency(PROVIDER)?)?;
    let page = ctx.page().await?;
    page.goto("/").await?;
    page.click("a[href='/sign-in']").await?;
    page.fill(KEYCLOAK.user, &user).await?;
    page.fill(KEYCLOAK.password, password.expose()).await?;
    page.click(KEYCLOAK.submit).await?;
    page.wait_until(&format!("return location.host === '{}'", ctx.domain())).await?;
    let name = page.eval_json("return document.querySelector('#who').textContent").await?;
    ensure_eq!(name.as_str(), Some(user.as_str()), "who is signed in");
    Ok(ctx.keep_picture(&page, "signed_in").await?)
}
