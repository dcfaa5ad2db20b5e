//! A login in a browser.

use recipe_tests::sso::login_fields::KEYCLOAK;
use recipe_tests::{Check, Ctx, ensure, skip};

use super::scene::{Scene, callback};

/// A person fills in Keycloak's form, and is led back with a code.
pub(super) async fn person_logs_in(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let account = ctx.credentials("custom")?;
    let query = format!(
        "response_type=code&client_id={}&redirect_uri={}&scope=openid&state={}",
        scene.client,
        callback(&ctx),
        ctx.unique("state"),
    );
    let at = format!("/realms/{}/protocol/openid-connect", scene.name());
    let page = ctx.page().await?;
    page.goto(&format!("{at}/auth?{query}")).await?;
    page.fill(KEYCLOAK.user, &account.user).await?;
    page.fill(KEYCLOAK.password, account.password.expose()).await?;
    page.click(KEYCLOAK.submit).await?;
    page.wait_until("return location.pathname === '/realms/master'").await?;
    let has_code =
        page.eval_json("return new URLSearchParams(location.search).has('code')").await?;
    ensure!(has_code == true, expected: "a code in the address", seen: "none");
    Ok(())
}
