//! What a visitor and a person see in a browser.

use recipe_tests::sso::login_fields::GITEA;
use recipe_tests::{Check, Ctx, ensure, ensure_eq, skip};

use super::people::WRITER;
use super::repositories::Repository;

/// A repository's page shows what its README says, as a heading and not only as text.
pub(super) async fn repository_is_shown(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let public: Repository = ctx.fact("gitea.custom.public")?;
    let page = ctx.page().await?;
    page.goto(&public.path()).await?;
    ensure_eq!(page.text(".markup h1").await?, public.name, "the heading that a reader sees");
    let title = page.title().await?;
    ensure!(title.contains(&public.name), expected: "its name on the tab", seen: title);
    Ok(())
}

/// A person signs in on Gitea's own page, and is the one who is signed in then.
pub(super) async fn person_signs_in(ctx: Ctx) -> Check {
    if let Some(why) = ctx.without_page() {
        return skip(why);
    }
    let account = ctx.credentials(WRITER)?;
    let page = ctx.page().await?;
    page.goto("/user/login").await?;
    page.fill(GITEA.user, &account.user).await?;
    page.fill(GITEA.password, account.password.expose()).await?;
    page.click(GITEA.submit).await?;
    page.wait_until("return !location.pathname.startsWith('/user/login')").await?;
    page.goto("/user/settings").await?;
    let name = page.eval_json("return document.querySelector('#username')?.value ?? null").await?;
    ensure_eq!(name.as_str(), Some(account.user.as_str()), "who is signed in");
    Ok(())
}
