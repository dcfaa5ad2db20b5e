//! A realm with a client and a person, as seeds make them and checks find them again. Main type: [`Scene`].

use harness_core::name::Domain;
use recipe_tests::sso::{
    ClientWanted, IdentityProvider as _, Keycloak, Login, Party, Person, Realm, RealmName, Tokens,
    discover,
};
use recipe_tests::{CauseClass, Ctx, Failure};
use serde::{Deserialize, Serialize};

use super::server::{REQUEST, keycloak};

/// The role that each person has.
pub(super) const ROLE: &str = "editor";

/// A realm with a client and a person.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Scene {
    realm: RealmName,
    pub(super) client: String,
    secret: String,
    /// The person's id in Keycloak.
    pub(super) person: String,
    /// The person's role in the run's accounts.
    word: String,
}

/// Where logins lead back to: a page that Keycloak itself has, since there is no other app.
pub(super) fn callback(ctx: &Ctx) -> String {
    format!("https://{}/realms/master", ctx.domain())
}

impl Scene {
    /// Makes a realm with a client and a person, called after a word, and proves that the person can log in. Only for
    /// seeds. Nothing has to take it back: it goes with its Keycloak.
    pub(super) async fn plant(ctx: &Ctx, word: &str) -> Result<Self, Failure> {
        let keycloak = keycloak(ctx).await?;
        let app = Domain::try_from(format!("{word}.{}", ctx.domain()));
        let app = app.map_err(|e| Failure::error(CauseClass::Suite, e.to_string()))?;
        let realm = keycloak.create_realm(&app, &mut Vec::new()).await?;
        let wanted = ClientWanted::for_app(&app, &[&callback(ctx)]);
        let made = realm.make_client(&wanted, &mut Vec::new()).await?;
        let secret = made.secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
        ctx.secret(secret.clone())?;
        let account = ctx.credentials(word)?;
        let mut person = Person::new(account.user, account.password);
        person.email = account.email;
        (person.groups, person.roles) = (vec!["staff".to_owned()], vec![ROLE.to_owned()]);
        let person = realm.create_person(&person).await?;
        let (realm, word) = (realm.name().clone(), word.to_owned());
        let scene = Self { realm, client: made.id, secret, person, word };
        scene.log_in(ctx).await?;
        Ok(scene)
    }

    /// Returns the realm's name.
    pub(super) fn name(&self) -> &str {
        self.realm.as_str()
    }

    /// Returns the person's role in the run's accounts.
    pub(super) fn account(&self) -> &str {
        &self.word
    }

    /// Returns the realm.
    pub(super) fn realm(&self, keycloak: &Keycloak) -> Realm {
        keycloak.realm(self.realm.clone())
    }

    /// Returns the client as it asks for tokens, with the realm's discovery document, which is checked.
    pub(super) async fn party(&self, ctx: &Ctx) -> Result<Party, Failure> {
        // What is not ready yet is waited for.
        let keycloak = keycloak(ctx).await?;
        let (client, issuer) = (keycloak.client().clone(), self.realm(&keycloak).issuer());
        let discovery = discover(&client, &issuer, REQUEST).await?;
        let secret = Some(ctx.secret(self.secret.clone())?);
        Ok(Party { client, discovery, id: self.client.clone(), secret, limit: REQUEST })
    }

    /// Asks for the person's tokens by the password.
    pub(super) async fn log_in(&self, ctx: &Ctx) -> Result<Tokens, Failure> {
        let account = ctx.credentials(&self.word)?;
        let party = self.party(ctx).await?;
        Ok(party.password_grant(&account.user, &account.password, "openid").await?)
    }

    /// Returns a login of the person over the pages.
    pub(super) async fn login(&self, ctx: &Ctx) -> Result<Login, Failure> {
        let account = ctx.credentials(&self.word)?;
        let realm = self.realm(&keycloak(ctx).await?);
        Ok(realm.login(&account.user, &account.password)?)
    }
}
