//! What a recipe is asked for that needs a Keycloak and nothing else of it: in each tier, that people log in there. Main
//! items: [`suite`], [`describe`].

use std::time::Duration;

use harness_core::name::RecipeName;
use harness_core::run_file::SuiteDescription;
use recipe_tests::sso::claims::{Expected, check_claims};
use recipe_tests::sso::{Clock as _, GrantError, Issuer, Party, Refusal, discover, verify};
use recipe_tests::{Check, Ctx, Failure, Provider, Secret, Suite, Tier};

/// The recipe that people log in by.
pub(crate) const PROVIDER: &str = "keycloak";

/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(30);

/// Who is in a realm that was left: what the fake leaves is called so, and has no name, so that its password opens nothing
/// but says that it is there.
const LEFT_OVER: &str = "left-over";

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

/// Returns the app as a client of its realm.
async fn party(ctx: &Ctx, provider: &Provider) -> Result<Party, Failure> {
    let realm: String = provider.fact("realm")?;
    let issuer = Issuer::of_realm(provider.client(), &realm);
    let secret = ctx.secret(provider.fact::<String>("client_secret")?)?;
    Ok(Party {
        client: provider.client().clone(),
        discovery: discover(provider.client(), &issuer, REQUEST).await?,
        id: provider.fact("client_id")?,
        secret: Some(secret),
        limit: REQUEST,
    })
}

/// The person of this run gets a token that the realm signed, for now.
async fn person_logs_in(ctx: Ctx) -> Check {
    let provider = ctx.dependency(PROVIDER)?;
    let party = party(&ctx, &provider).await?;
    let (issuer, user): (String, String) = (provider.fact("issuer")?, provider.fact("user")?);
    let password = ctx.secret(provider.fact::<String>("password")?)?;
    let tokens = party.password_grant(&user, &password, "openid").await?;
    let claims = verify(&tokens.access, &party.keys().await?)?;
    let expected = Expected::access(&issuer, &party.id);
    let wrong = check_claims(&claims, &expected, ctx.clock().now());
    match wrong.first() {
        None => Ok(()),
        Some(wrong) => Err(Failure::new("a token for now", wrong.to_string())),
    }
}

/// Who is in a realm that a killed run left is not in this one, by whatever password.
async fn nobody_else_is_there(ctx: Ctx) -> Check {
    let provider = ctx.dependency(PROVIDER)?;
    let party = party(&ctx, &provider).await?;
    match party.password_grant(LEFT_OVER, &Secret::new(LEFT_OVER), "openid").await {
        Err(GrantError::Refused(Refusal::WrongPassword)) => Ok(()),
        Err(GrantError::Refused(other)) => {
            Err(Failure::new(format!("nobody called {LEFT_OVER} in the realm"), other.to_string()))
        }
        Err(error) => Err(error.into()),
        Ok(_) => Err(Failure::new(format!("nobody called {LEFT_OVER}"), "a token for them")),
    }
}
