//! What a recipe is asked for that needs a Keycloak and nothing else of it: in each tier, that people log in there. Main
//! items: [`suite`], [`describe`].

use std::sync::Arc;
use std::time::Duration;

use harness_core::name::RecipeName;
use harness_core::run_file::SuiteDescription;
use recipe_tests::sso::claims::{Expected, check_claims};
use recipe_tests::sso::{ClientMade, Keycloak, Realm, RealmName, verify};
use recipe_tests::{CauseClass, Check, Ctx, Failure, Method, Secret, Suite, Tier};

/// The recipe that people log in by.
pub(crate) const PROVIDER: &str = "keycloak";

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(30);

const LOGS_IN: &str = "person_logs_in";
const OWN_REALM: &str = "nobody_else_is_there";

/// Returns the checks.
pub(crate) fn suite() -> Suite {
    let of_tier = |suite: Suite, tier| {
        suite
            .check(tier, OWN_REALM, nobody_else_is_there)
            .needs(PROVIDER)
            .check(tier, LOGS_IN, person_logs_in)
            .needs(PROVIDER)
    };
    Tier::USUAL.into_iter().fold(Suite::new(), of_tier)
}

/// Adds the checks to what is said of a recipe's suite.
pub(crate) fn describe(suite: &mut SuiteDescription, provider: &RecipeName) {
    for tier in Tier::USUAL {
        for check in [OWN_REALM, LOGS_IN] {
            let check = format!("{tier}::{check}");
            suite.needs.insert(check.clone(), vec![provider.clone()]);
            suite.own_checks.push(check.clone());
            suite.checks.push(check);
        }
    }
}

/// Returns the realm as its administrator has it.
fn realm(ctx: &Ctx) -> Result<Realm, Failure> {
    let provider = ctx.dependency(PROVIDER)?;
    let name = RealmName::try_from(provider.fact::<String>("realm")?);
    let name = name.map_err(|e| Failure::error(CauseClass::Suite, e.to_string()))?;
    let (admin, password): (String, String) =
        (provider.fact("admin")?, provider.fact("admin_password")?);
    let (client, password) = (provider.client().clone(), ctx.secret(password)?);
    let keycloak = Keycloak::new(client, admin, password, Arc::new(ctx.clock()), REQUEST);
    Ok(keycloak.realm(name))
}

/// The person of this run gets a token that the realm signed, for now.
async fn person_logs_in(ctx: Ctx) -> Check {
    let (provider, realm) = (ctx.dependency(PROVIDER)?, realm(&ctx)?);
    let (id, user): (String, String) = (provider.fact("client_id")?, provider.fact("user")?);
    let of = |key: &str| -> Result<Secret, Failure> { ctx.secret(provider.fact::<String>(key)?) };
    let (secret, password) = (of("client_secret")?, of("password")?);
    let made = ClientMade { id, secret: Some(secret), undo: realm.undo() };
    let party = realm.party(&made).await?;
    let tokens = party.password_grant(&user, &password, "openid").await?;
    let claims = verify(&tokens.access, &party.keys().await?)?;
    let issuer = realm.issuer();
    let expected = Expected::access(issuer.as_str(), &party.id);
    let wrong = check_claims(&claims, &expected, realm.keycloak().now());
    match wrong.first() {
        None => Ok(()),
        Some(wrong) => Err(Failure::new("a token for now", wrong.to_string())),
    }
}

/// Whoever is in the realm is of this run.
async fn nobody_else_is_there(ctx: Ctx) -> Check {
    let realm = realm(&ctx)?;
    let user: String = ctx.dependency(PROVIDER)?.fact("user")?;
    let answer = realm.call("list the users", Method::GET, "/users", None).await?;
    let listed = answer.json()?;
    let names = listed.as_array().into_iter().flatten().filter_map(|one| one["username"].as_str());
    let names: Vec<&str> = names.collect();
    if names == [user.as_str()] {
        return Ok(());
    }
    Err(Failure::new(format!("{user} alone in the realm"), format!("{names:?}")))
}
