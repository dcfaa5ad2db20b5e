//! What an app gets of the Gitea that people log in to it by: an OAuth2 application, an administrator and a person.

use std::time::Duration;

use recipe_tests::sso::{ClientWanted, Gitea, IdentityProvider as _};
use recipe_tests::{CauseClass, Check, Ctx, Failure};

use super::people::{self, ADMIN};

/// The keys under which it is provided. `server` is the Gitea's address.
pub(super) const KEYS: &[&str] = &[
    "server",
    "client_id",
    "client_secret",
    "user",
    "email",
    "password",
    "admin",
    "admin_password",
];

/// The person's role in the run's accounts.
const PERSON: &str = "person";

/// How long one request may take: a secret is hashed slowly on purpose.
const REQUEST: Duration = Duration::from_secs(30);

/// Makes the people and an application of the administrator, called after the app, that may lead back to the app's own
/// paths alone. Nothing has to take it back: it goes with its Gitea.
pub(super) async fn for_app(ctx: Ctx) -> Check {
    let Some(consumer) = ctx.consumer() else {
        return Err(Failure::error(CauseClass::Harness, "there is no app to provide for"));
    };
    people::set_up_with(&ctx, &[PERSON]).await?;
    let (admin, person) = (ctx.credentials(ADMIN)?, ctx.credentials(PERSON)?);
    let client = ctx.visitor()?.client().clone();
    let gitea = Gitea::with_password(client, &admin.user, &admin.password, REQUEST);
    let back = |path: &String| format!("https://{}{path}", consumer.app.domain);
    let redirects: Vec<String> = consumer.redirects.iter().map(back).collect();
    let redirects: Vec<&str> = redirects.iter().map(String::as_str).collect();
    let wanted = ClientWanted::for_app(&consumer.app.domain, &redirects);
    let made = gitea.make_client(&wanted, &mut Vec::new()).await?;
    let Some(secret) = made.secret else { return Err(Failure::new("a client secret", "none")) };
    let secret = ctx.secret(secret.expose())?;
    for (key, value) in KEYS.iter().zip([
        format!("https://{}", ctx.domain()).as_str(),
        &made.id,
        secret.expose(),
        &person.user,
        &person.email,
        person.password.expose(),
        &admin.user,
        admin.password.expose(),
    ]) {
        ctx.keep(key, &value)?;
    }
    Ok(())
}
