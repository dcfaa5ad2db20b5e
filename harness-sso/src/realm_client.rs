//! Clients in a realm. Main items: [`Realm::party`], and [`Realm`] as an [`IdentityProvider`].

use harness_core::http::Method;
use harness_core::secret::Secret;
use serde_json::{Value, json};
use url::Url;

use crate::admin::{AdminError, done, given, made};
use crate::discovery::{DiscoverError, discover};
use crate::encoded::encoded;
use crate::party::Party;
use crate::provider::{
    ClientKind, ClientMade, ClientWanted, IdentityProvider, MakeError, TakeBack,
};
use crate::realm::Realm;
use crate::undo::{Remember, Undo};

impl TakeBack for Realm {
    fn address(&self) -> String {
        self.keycloak().address()
    }

    async fn take_back(&self, undo: &Undo) -> Result<(), AdminError> {
        self.keycloak().take_back(undo).await
    }
}

impl IdentityProvider for Realm {
    /// Makes a client by which people may log in, for whose tokens it is the audience, and which may ask for tokens
    /// by a password too; a confidential one also for tokens of its own.
    async fn make_client(
        &self,
        wanted: &ClientWanted,
        undos: &mut dyn Remember,
    ) -> Result<ClientMade, MakeError> {
        let undo = Undo::DeleteClient {
            provider: self.address(),
            realm: Some(self.name().clone()),
            client: wanted.name.clone(),
        };
        undos.remember(&undo)?;
        let act = format!("make the client {}", wanted.name);
        let answer = self.call(&act, Method::POST, "/clients", Some(&client_of(wanted))).await?;
        let uuid = made(&act, &answer)?;
        let secret = match wanted.kind {
            ClientKind::Public => None,
            ClientKind::Confidential => Some(self.client_secret(&wanted.name, &uuid).await?),
        };
        Ok(ClientMade { id: wanted.name.clone(), secret, undo })
    }
}

impl Realm {
    /// Returns the party that a client is, with the realm's discovery document, which is checked.
    ///
    /// # Errors
    /// There is no such document, or it is wrong.
    pub async fn party(&self, client: &ClientMade) -> Result<Party, DiscoverError> {
        let (way, limit) = (self.keycloak().client(), self.keycloak().limit());
        let discovery = discover(way, &self.issuer(), limit).await?;
        let (id, secret) = (client.id.clone(), client.secret.clone());
        Ok(Party { client: way.clone(), discovery, id, secret, limit })
    }

    /// Looks a client up by its id; returns the one that the API knows it by.
    ///
    /// # Errors
    /// The Keycloak does not say.
    pub async fn find_client(&self, client: &str) -> Result<Option<String>, AdminError> {
        let act = format!("look for the client {client}");
        let path = format!("/clients?{}", encoded([("clientId", client)]));
        let found = given(&act, &self.call(&act, Method::GET, &path, None).await?)?;
        Ok(found[0]["id"].as_str().map(str::to_owned))
    }

    /// Deletes a client by its id. None to delete is fine, also where the realm is gone.
    ///
    /// # Errors
    /// The Keycloak did not.
    pub async fn delete_client(&self, client: &str) -> Result<(), AdminError> {
        let uuid = match self.find_client(client).await {
            Ok(Some(uuid)) => uuid,
            Ok(None) | Err(AdminError::Missing { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let act = format!("delete the client {client}");
        let answer = self.call(&act, Method::DELETE, &format!("/clients/{uuid}"), None).await?;
        done(&act, &answer, &[204, 404])
    }

    async fn client_secret(&self, client: &str, uuid: &str) -> Result<Secret, AdminError> {
        let act = format!("read the secret of the client {client}");
        let path = format!("/clients/{uuid}/client-secret");
        let found = given(&act, &self.call(&act, Method::GET, &path, None).await?)?;
        let secret = found["value"].as_str().filter(|value| !value.is_empty());
        secret.map(Secret::new).ok_or_else(|| AdminError::Unexpected {
            act,
            expected: "a secret".to_owned(),
            seen: "none".to_owned(),
        })
    }
}

/// Returns a client as the API wants it. By itself a client is not in the audience of its own tokens: introspection
/// says of a live one that it is dead (26.7.3), so a mapper adds it.
fn client_of(wanted: &ClientWanted) -> Value {
    let is_confidential = wanted.kind == ClientKind::Confidential;
    json!({
        "clientId": wanted.name, "enabled": true, "protocol": "openid-connect",
        "publicClient": !is_confidential, "standardFlowEnabled": true,
        "directAccessGrantsEnabled": true, "serviceAccountsEnabled": is_confidential,
        "redirectUris": wanted.redirect_uris, "webOrigins": origins(&wanted.redirect_uris),
        "attributes": {"post.logout.redirect.uris": "+"},
        "protocolMappers": [{
            "name": "own-audience", "protocol": "openid-connect",
            "protocolMapper": "oidc-audience-mapper",
            "config": {
                "included.client.audience": wanted.name,
                "access.token.claim": "true", "id.token.claim": "false",
            },
        }],
    })
}

/// Returns the origins of addresses, from which a program in a browser may ask for tokens.
fn origins(addresses: &[String]) -> Vec<String> {
    let origin = |address: &String| Some(Url::parse(address).ok()?.origin().ascii_serialization());
    let mut origins: Vec<String> = addresses.iter().filter_map(origin).collect();
    origins.sort();
    origins.dedup();
    origins
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origins_of_a_client_are_those_of_its_redirects() {
        let addresses =
            ["https://app.test/a", "https://app.test/b", "http://localhost:8080/c", "/d"];
        let found = origins(&addresses.map(str::to_owned));
        assert_eq!(found, ["http://localhost:8080", "https://app.test"]);
    }

    #[test]
    fn a_public_client_has_no_account_of_its_own() {
        let mut wanted = ClientWanted {
            name: "app".to_owned(),
            redirect_uris: Vec::new(),
            kind: ClientKind::Public,
        };
        let client = client_of(&wanted);
        assert_eq!(
            (&client["publicClient"], &client["serviceAccountsEnabled"]),
            (&json!(true), &json!(false))
        );
        wanted.kind = ClientKind::Confidential;
        let client = client_of(&wanted);
        assert_eq!(
            (&client["publicClient"], &client["serviceAccountsEnabled"]),
            (&json!(false), &json!(true))
        );
        assert_eq!(client["protocolMappers"][0]["config"]["included.client.audience"], "app");
    }
}
