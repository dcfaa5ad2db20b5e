//! Logins over Keycloak's own pages, as people make them.

use recipe_tests::sso::claims::{Expected, Subject, check_claims};
use recipe_tests::sso::{Attempt, Clock as _, LoginFailure, Party, Random, Refusal, verify};
use recipe_tests::{Check, Ctx, Failure, Secret, ensure, ensure_eq};
use url::Url;

use super::grants::is_refused;
use super::scene::{Scene, callback};
use super::server::keycloak;

/// Makes an attempt up, of texts that are the same in the same run.
fn attempt(ctx: &Ctx) -> Attempt {
    let ctx = ctx.clone();
    Attempt::new(&mut Random::from_fn(move |bytes| {
        let text = ctx.unique("attempt").into_bytes();
        bytes.iter_mut().zip(text.iter().rev().cycle()).for_each(|(byte, from)| *byte = *from);
    }))
}

/// Returns what a login to the scene's client takes.
async fn begin(ctx: &Ctx, scene: &Scene, back: &str) -> Result<(Party, Attempt, Url), Failure> {
    let (party, attempt) = (scene.party(ctx).await?, attempt(ctx));
    let url = party.authorize_url(&attempt, back, "openid");
    Ok((party, attempt, url))
}

/// A person logs in by the form, and the client exchanges the code, once, with the proof that it asked for it.
pub(super) async fn person_logs_in(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let back = callback(&ctx);
    let (party, attempt, url) = begin(&ctx, &scene, &back).await?;
    let issuer = scene.realm(&keycloak(&ctx).await?).issuer();
    let login = scene.login(&ctx).await?;
    let code = login.for_code(&url, &back, &attempt, &issuer).await?.code;
    let tokens = party.exchange(&code, &back, &attempt).await?;
    let Some(id) = &tokens.id else { return Err(Failure::new("an id token", "none")) };
    let claims = verify(id, &party.keys().await?)?;
    let nonce = Some(attempt.nonce.expose());
    let mut expected = Expected::id(issuer.as_str(), &scene.client, nonce);
    expected.subject = Subject::This(&scene.person);
    let wrong = check_claims(&claims, &expected, ctx.clock().now());
    ensure!(wrong.is_empty(), expected: "claims that are right", seen: format!("{wrong:?}"));
    let again = party.exchange(&code, &back, &attempt).await;
    is_refused(&again, &Refusal::CodeSpent)
}

/// The form comes again with another password, says who is disabled, and leads nowhere that the client does not name.
pub(super) async fn pages_refuse_by_name(ctx: Ctx) -> Check {
    let scene: Scene = ctx.fact("keycloak.custom.scene")?;
    let back = callback(&ctx);
    let keycloak = keycloak(&ctx).await?;
    let issuer = scene.realm(&keycloak).issuer();
    let realm = scene.realm(&keycloak);
    let user = ctx.credentials("custom")?.user;
    let disabled = ctx.credentials("disabled")?;
    let tries = [
        ("another password", user.as_str(), Secret::new(ctx.unique("wrong")), back.clone()),
        ("a disabled account", &disabled.user, disabled.password, back.clone()),
        ("a redirect elsewhere", &user, Secret::new("unused"), format!("{back}-not")),
    ];
    for (what, user, password, to) in tries {
        let (_, attempt, url) = begin(&ctx, &scene, &to).await?;
        let login = realm.login(user, &password)?;
        let seen = match login.for_code(&url, &back, &attempt, &issuer).await {
            Ok(_) => "a code".to_owned(),
            Err(error) if is_meant(what, &error.why) => continue,
            Err(error) => error.to_string(),
        };
        return Err(Failure::new(format!("Keycloak's pages to refuse {what}"), seen));
    }
    Ok(())
}

fn is_meant(what: &str, why: &LoginFailure) -> bool {
    match what {
        "another password" => matches!(why, LoginFailure::WrongPassword { .. }),
        "a disabled account" => matches!(why, LoginFailure::AccountDisabled { .. }),
        _ => matches!(why, LoginFailure::RedirectRefused { .. }),
    }
}

/// The front page leads to the administrator's console, which is a page.
pub(super) async fn console_is_served(ctx: Ctx) -> Check {
    let front = ctx.get("/").await?;
    let to = front.header("location").unwrap_or_default();
    let own = format!("https://{}/admin/", ctx.domain());
    ensure!(
        front.status == 302 && to == own,
        expected: format!("the front page to lead to {own}"),
        seen: format!("status {}, to `{to}`", front.status),
    );
    let console = ctx.get("/admin/master/console/").await?;
    ensure_eq!(console.status, 200, "the status of the console");
    ensure_eq!(console.media_type().unwrap_or_default(), "text/html", "its media type");
    Ok(())
}
