//! People who are not let in.

use recipe_tests::sso::{LoginError, LoginFailure};
use recipe_tests::{Check, Ctx, Failure, Secret, ensure, ensure_eq, skip};
use url::Url;

use super::PROVIDER;
use super::visits::{ME, SIGN_IN, person, switched_off};

/// Who has not signed in is sent to the provider, as this app and back to it, with what makes the login this one alone.
/// It is read and not followed.
pub(super) async fn are_sent_to_the_provider(ctx: Ctx) -> Check {
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let provider = ctx.dependency(PROVIDER)?;
    let answer = ctx.visitor()?.get(SIGN_IN).await?;
    ensure_eq!(answer.status, 302, "the status of the page where people sign in");
    let to = answer.header("location").unwrap_or_default();
    let url = Url::parse(to).map_err(|e| Failure::new("an address to go to", e.to_string()))?;
    let realm: String = provider.fact("realm")?;
    let place = (url.scheme(), url.host_str().unwrap_or_default(), url.path());
    let wanted = format!("/realms/{realm}/protocol/openid-connect/auth");
    ensure_eq!(
        place,
        ("https", provider.domain().as_str(), wanted.as_str()),
        "where people sign in"
    );
    let of = |name: &str| {
        let found = url.query_pairs().find(|(key, _)| key == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let id: String = provider.fact("client_id")?;
    let back = format!("https://{}/callback", ctx.domain());
    ensure_eq!((of("client_id"), of("redirect_uri")), (id, back), "who asks, and where to go back");
    ensure_eq!(of("response_type"), "code", "what is asked for");
    ensure!(
        of("state").len() >= 16 && of("nonce").len() >= 16,
        expected: "a state and a nonce".to_owned(),
        seen: format!("{} and {} characters", of("state").len(), of("nonce").len()),
    );
    Ok(())
}

/// Who is refused at the provider is nobody to the page.
async fn is_refused(
    ctx: &Ctx,
    user: &str,
    password: &Secret,
    is_right: impl Fn(&LoginFailure) -> bool,
) -> Check {
    let visitor = ctx.visitor()?;
    let login = ctx.dependency(PROVIDER)?.login(user, password)?;
    let seen = match login.to_app(visitor.client(), SIGN_IN).await {
        Ok(landing) => format!("a login, to {}", landing.url),
        Err(LoginError { why, .. }) if is_right(&why) => String::new(),
        Err(error) => error.to_string(),
    };
    ensure!(seen.is_empty(), expected: "to be refused at the provider, by name", seen: seen);
    ensure_eq!(visitor.get(ME).await?.status, 302, "the status of one's own page, to a stranger");
    Ok(())
}

pub(super) async fn wrong_password(ctx: Ctx) -> Check {
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let (user, _) = person(&ctx, &ctx.dependency(PROVIDER)?)?;
    let wrong = ctx.secret(ctx.unique("Wrong"))?;
    is_refused(&ctx, &user, &wrong, |why| matches!(why, LoginFailure::WrongPassword { .. })).await
}

pub(super) async fn disabled_person(ctx: Ctx) -> Check {
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let provider = ctx.dependency(PROVIDER)?;
    let user: String = provider.fact("disabled_user")?;
    let password = ctx.secret(provider.fact::<String>("disabled_password")?)?;
    let is_right = |why: &LoginFailure| matches!(why, LoginFailure::AccountDisabled { .. });
    is_refused(&ctx, &user, &password, is_right).await
}

/// A way back that no login led to lets nobody in, whatever code it brings.
pub(super) async fn forged_way_back(ctx: Ctx) -> Check {
    if let Some(why) = switched_off(&ctx).await? {
        return skip(why);
    }
    let visitor = ctx.visitor()?;
    let forged = format!("/callback?state={}&code={}", ctx.unique("state"), ctx.unique("code"));
    let answer = visitor.get(&forged).await?;
    ensure!(answer.status != 200, expected: "to be refused", seen: answer.summary());
    ensure_eq!(visitor.get(ME).await?.status, 302, "the status of one's own page, to a stranger");
    Ok(())
}
