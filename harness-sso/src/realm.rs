//! A realm that is made for an app, from its beginning to its end. Main type: [`Realm`].

use harness_core::http::Method;
use harness_core::name::Domain;
use serde_json::{Value, json};

use crate::admin::{AdminError, Keycloak, done, given};
use crate::discovery::Issuer;
use crate::provider::{MakeError, TakeBack};
use crate::realm_name::RealmName;
use crate::reap::{SeenRealm, realms_to_reap};
use crate::undo::{Remember, Undo};

/// The attribute in which a realm says what app it was made for.
pub(crate) const MADE_FOR: &str = "ccci.made-for";

/// A realm that was made for an app.
#[derive(Clone, Debug)]
pub struct Realm {
    keycloak: Keycloak,
    name: RealmName,
}

impl Keycloak {
    /// Makes the realm of an app, once what takes it back is registered.
    ///
    /// # Errors
    /// The undo could not be registered, and nothing was made; or the Keycloak did not make it, also because it is
    /// there already.
    pub async fn create_realm(
        &self,
        app: &Domain,
        undos: &mut dyn Remember,
    ) -> Result<Realm, MakeError> {
        let realm = self.realm(RealmName::for_app(app));
        let act = format!("make the realm {}", realm.name);
        undos.remember(&realm.undo())?;
        let wanted = json!({
            "realm": realm.name, "enabled": true, "sslRequired": "external",
            "attributes": { MADE_FOR: app },
        });
        let answer = self.call(&act, Method::POST, "", Some(&wanted)).await?;
        done(&act, &answer, &[201])?;
        // A token from before the realm knows nothing of it.
        self.forget_token().await;
        Ok(realm)
    }

    /// Makes the realm of an app anew, once what takes it back is registered. One run at a time has an app: a realm that
    /// says itself that it was made for this one was left by a run that was killed, and goes first with all that is in
    /// it. One that says so of no app, or of another, stays.
    ///
    /// # Errors
    /// The undo could not be registered, and nothing was made; or the Keycloak did not make it, also because there is
    /// one of this name that is not the app's.
    pub async fn renew_realm(
        &self,
        app: &Domain,
        undos: &mut dyn Remember,
    ) -> Result<Realm, MakeError> {
        let made = self.create_realm(app, undos).await;
        let Err(MakeError::Failed(AdminError::AlreadyThere { .. })) = &made else { return made };
        let name = RealmName::for_app(app);
        let is_left = |seen: &SeenRealm| {
            seen.name == name.as_str() && seen.made_for.as_deref() == Some(app.as_str())
        };
        if !self.realms().await?.iter().any(is_left) {
            return made;
        }
        self.delete_realm(&name).await?;
        self.create_realm(app, undos).await
    }

    /// Returns the handle of a realm, which may not be there.
    pub fn realm(&self, name: RealmName) -> Realm {
        Realm { keycloak: self.clone(), name }
    }

    /// Deletes a realm with all that is in it. None to delete is fine. `master` has no [`RealmName`].
    ///
    /// # Errors
    /// The Keycloak did not.
    pub async fn delete_realm(&self, name: &RealmName) -> Result<(), AdminError> {
        let act = format!("delete the realm {name}");
        let answer = self.call(&act, Method::DELETE, &format!("/{name}"), None).await?;
        done(&act, &answer, &[204, 404])
    }

    /// Lists all realms.
    ///
    /// # Errors
    /// The Keycloak did not.
    pub async fn realms(&self) -> Result<Vec<SeenRealm>, AdminError> {
        let act = "list the realms";
        let answer = self.call(act, Method::GET, "", None).await?;
        let listed = given(act, &answer)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let seen = |realm: &Value| {
            let made_for = realm.get("attributes").and_then(|a| a.get(MADE_FOR)).and_then(text);
            Some(SeenRealm { name: text(realm.get("realm")?)?, made_for })
        };
        Ok(listed.as_array().into_iter().flatten().filter_map(seen).collect())
    }

    /// Deletes the realms of apps that live no more; returns those that it deleted, and what went wrong with others.
    ///
    /// # Errors
    /// The realms could not be listed.
    pub async fn reap(
        &self,
        live: &[Domain],
    ) -> Result<(Vec<RealmName>, Vec<AdminError>), AdminError> {
        let (mut reaped, mut failed) = (Vec::new(), Vec::new());
        for name in realms_to_reap(&self.realms().await?, live) {
            match self.delete_realm(&name).await {
                Ok(()) => reaped.push(name),
                Err(error) => failed.push(error),
            }
        }
        Ok((reaped, failed))
    }
}

impl TakeBack for Keycloak {
    fn address(&self) -> String {
        self.client().base()
    }

    async fn take_back(&self, undo: &Undo) -> Result<(), AdminError> {
        match undo {
            Undo::DeleteRealm { realm, .. } => self.delete_realm(realm).await,
            Undo::DeleteClient { realm: Some(realm), client, .. } => {
                self.realm(realm.clone()).delete_client(client).await
            }
            // A client without a realm is none of a Keycloak's.
            Undo::DeleteClient { realm: None, .. } => Ok(()),
        }
    }
}

impl Realm {
    /// Returns the name.
    pub const fn name(&self) -> &RealmName {
        &self.name
    }

    /// Returns the Keycloak that it is in.
    pub const fn keycloak(&self) -> &Keycloak {
        &self.keycloak
    }

    /// Returns who signs its tokens.
    pub fn issuer(&self) -> Issuer {
        Issuer::of_realm(self.keycloak.client(), self.name.as_str())
    }

    /// Returns what takes it back.
    pub fn undo(&self) -> Undo {
        let provider = self.keycloak.client().base();
        Undo::DeleteRealm { provider, realm: self.name.clone() }
    }

    /// Returns whether it is there.
    ///
    /// # Errors
    /// The Keycloak does not say.
    pub async fn exists(&self) -> Result<bool, AdminError> {
        let act = format!("look for the realm {}", self.name);
        match given(&act, &self.call(&act, Method::GET, "", None).await?) {
            Ok(_) => Ok(true),
            Err(AdminError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Makes the Keycloak look into its database again. It serves realms from memory: one that was changed or made
    /// after a backup is as it was before the restore until then (observed with 26.7.3; one that was deleted is back
    /// at once).
    ///
    /// # Errors
    /// The Keycloak did not.
    pub async fn clear_cache(&self) -> Result<(), AdminError> {
        for what in ["realm", "user"] {
            let act = format!("clear the {what} cache of the realm {}", self.name);
            let path = format!("/clear-{what}-cache");
            done(&act, &self.call(&act, Method::POST, &path, None).await?, &[204])?;
        }
        Ok(())
    }

    /// Deletes it with all that is in it. None to delete is fine.
    ///
    /// # Errors
    /// The Keycloak did not.
    pub async fn delete(&self) -> Result<(), AdminError> {
        self.keycloak.delete_realm(&self.name).await
    }

    /// Asks for something in the realm, as the administrator; the path is below `/admin/realms/<realm>`.
    ///
    /// # Errors
    /// There was no answer, or the administrator is not let in.
    pub async fn call(
        &self,
        act: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<harness_core::http::Answer, AdminError> {
        self.keycloak.call(act, method, &format!("/{}{path}", self.name), body).await
    }
}
