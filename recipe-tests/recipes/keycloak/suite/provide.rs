//! What an app that depends on Keycloak gets of it: a realm of its own with a client and a person.

use recipe_tests::sso::{ClientWanted, IdentityProvider as _, Person};
use recipe_tests::{CauseClass, Check, Ctx, Failure};

use super::server::{administrator, keycloak};

/// The keys under which it is provided.
pub(super) const KEYS: &[&str] = &[
    "issuer",
    "realm",
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

/// Makes the realm, called after the app, with a client that may lead back to the app's own paths alone. Nothing has to
/// take it back: it goes with its Keycloak.
pub(super) async fn for_app(ctx: Ctx) -> Check {
    let Some(consumer) = ctx.consumer() else {
        return Err(Failure::error(CauseClass::Harness, "there is no app to provide for"));
    };
    let keycloak = keycloak(&ctx).await?;
    let realm = keycloak.create_realm(&consumer.app.domain, &mut Vec::new()).await?;
    let back = |path: &String| format!("https://{}{path}", consumer.app.domain);
    let redirects: Vec<String> = consumer.redirects.iter().map(back).collect();
    let redirects: Vec<&str> = redirects.iter().map(String::as_str).collect();
    let wanted = ClientWanted::for_app(&consumer.app.domain, &redirects);
    let made = realm.make_client(&wanted, &mut Vec::new()).await?;
    let Some(secret) = made.secret else { return Err(Failure::new("a client secret", "none")) };
    let account = ctx.credentials(PERSON)?;
    let mut person = Person::new(account.user.clone(), account.password.clone());
    person.email.clone_from(&account.email);
    realm.create_person(&person).await?;
    let secret = ctx.secret(secret.expose())?;
    let (admin, password) = administrator(&ctx).await?;
    for (key, value) in KEYS.iter().zip([
        realm.issuer().as_str(),
        realm.name().as_str(),
        &made.id,
        secret.expose(),
        &account.user,
        &account.email,
        account.password.expose(),
        admin,
        password.expose(),
    ]) {
        ctx.keep(key, &value)?;
    }
    Ok(())
}
