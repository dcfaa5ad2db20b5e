//! What an app that depends on Keycloak gets of it: a realm of its own with a client, a person, and one who is not let
//! in.

use recipe_tests::sso::claims::LEEWAY;
use recipe_tests::sso::{ClientWanted, IdentityProvider as _, Keycloak, Person, Realm, RealmName};
use recipe_tests::{CauseClass, Check, Consumer, Credentials, Ctx, Failure, ensure};

use super::server::keycloak;

/// The keys under which it is provided.
pub(super) const KEYS: &[&str] = &[
    "issuer",
    "realm",
    "client_id",
    "client_secret",
    "user",
    "email",
    "password",
    "disabled_user",
    "disabled_password",
];

/// The person's role in the run's accounts.
const PERSON: &str = "person";

/// The role of somebody whom the realm lets in nowhere.
const DISABLED: &str = "disabled";

/// Makes the realm, called after the app, with a client that may lead back to the app's own paths alone. The
/// administrator's password stays here: it would open the realms of other apps too. Where Keycloak goes with the run,
/// so does the realm; where it is kept warm, [`take_back`] removes it.
pub(super) async fn for_app(ctx: Ctx) -> Check {
    let consumer = consumer(&ctx)?;
    let keycloak = keycloak(&ctx).await?;
    clocks_agree(&keycloak).await?;
    let realm = keycloak.renew_realm(&consumer.app.domain, &mut Vec::new()).await?;
    let back = |path: &String| format!("https://{}{path}", consumer.app.domain);
    let redirects: Vec<String> = consumer.redirects.iter().map(back).collect();
    let redirects: Vec<&str> = redirects.iter().map(String::as_str).collect();
    let wanted = ClientWanted::for_app(&consumer.app.domain, &redirects);
    let made = realm.make_client(&wanted, &mut Vec::new()).await?;
    let Some(secret) = made.secret else { return Err(Failure::new("a client secret", "none")) };
    let (account, _) = person(&ctx, &realm, PERSON).await?;
    let (disabled, id) = person(&ctx, &realm, DISABLED).await?;
    realm.set_enabled(&id, false).await?;
    let secret = ctx.secret(secret.expose())?;
    for (key, value) in KEYS.iter().zip([
        realm.issuer().as_str(),
        realm.name().as_str(),
        &made.id,
        secret.expose(),
        &account.user,
        &account.email,
        account.password.expose(),
        &disabled.user,
        disabled.password.expose(),
    ]) {
        ctx.keep(key, &value)?;
    }
    Ok(())
}

/// The administrator is let in, and Keycloak says which realms there are.
pub(super) async fn works(ctx: Ctx) -> Check {
    keycloak(&ctx).await?.realms().await?;
    Ok(())
}

/// Deletes the app's realm with all that is in it, and sees that it is gone.
pub(super) async fn take_back(ctx: Ctx) -> Check {
    let name = RealmName::for_app(&consumer(&ctx)?.app.domain);
    let keycloak = keycloak(&ctx).await?;
    keycloak.delete_realm(&name).await?;
    let left = keycloak.realms().await?.into_iter().any(|realm| realm.name == name.as_str());
    ensure!(!left, expected: format!("no realm {name} any more"), seen: "it is there".to_owned());
    Ok(())
}

fn consumer(ctx: &Ctx) -> Result<&Consumer, Failure> {
    let none = || Failure::error(CauseClass::Harness, "there is no app to provide for");
    ctx.consumer().ok_or_else(none)
}

/// Makes somebody in the realm, by a role in the run's accounts.
async fn person(ctx: &Ctx, realm: &Realm, role: &str) -> Result<(Credentials, String), Failure> {
    let account = ctx.credentials(role)?;
    let mut person = Person::new(account.user.clone(), account.password.clone());
    person.email.clone_from(&account.email);
    let id = realm.create_person(&person).await?;
    Ok((account, id))
}

/// Its clock and the app's agree, as far as apps take tokens for valid: what it signs is of no use to anybody otherwise,
/// and that is no fault of the app that is given it.
async fn clocks_agree(keycloak: &Keycloak) -> Check {
    let ahead = keycloak.clock_ahead().await?;
    if ahead.unsigned_abs() <= LEEWAY {
        return Ok(());
    }
    let (by, way) = (ahead.unsigned_abs(), if ahead.is_negative() { "behind" } else { "ahead" });
    let text =
        format!("expected its clock to be within {LEEWAY:?} of the app's, seen {by:?} {way}");
    Err(Failure::error(CauseClass::Host, text))
}
