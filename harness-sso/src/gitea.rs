//! A Gitea as the identity provider of other apps: OAuth2 applications. Main type: [`Gitea`].

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use harness_core::http::{Answer, Client, Method};
use harness_core::secret::Secret;
use serde_json::{Value, json};

use crate::admin::{AdminError, done, given};
use crate::provider::{
    ClientKind, ClientMade, ClientWanted, IdentityProvider, MakeError, TakeBack,
};
use crate::seen::seen;
use crate::undo::{Remember, Undo};

/// The applications of the user who asks.
const APPLICATIONS: &str = "/api/v1/user/applications/oauth2";

/// How many applications one page of the list holds: a Gitea gives no more than 50 unless it is told to.
const PAGE: usize = 50;

/// A Gitea and one of its users, whose applications are made. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gitea {
    client: Client,
    authorization: Secret,
    limit: Duration,
}

impl Gitea {
    /// Returns the Gitea at a client's address, for the user of an access token, which must be allowed
    /// `write:application` (and `write:user` with some versions).
    pub fn with_token(client: Client, token: &Secret, limit: Duration) -> Self {
        let authorization = Secret::new(format!("token {}", token.expose()));
        Self { client, authorization, limit }
    }

    /// Returns the Gitea at a client's address, for a user with a password.
    pub fn with_password(client: Client, user: &str, password: &Secret, limit: Duration) -> Self {
        let pair = BASE64_STANDARD.encode(format!("{user}:{}", password.expose()));
        Self { client, authorization: Secret::new(format!("Basic {pair}")), limit }
    }

    async fn call(
        &self,
        act: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, AdminError> {
        let request = self.client.request(method, path);
        let request = request.header("authorization", self.authorization.expose());
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = self.client.send(request, self.limit).await;
        answer.map_err(|source| AdminError::Http { act: act.to_owned(), source })
    }

    /// Returns the numbers of all applications of a name: a Gitea lets several have the same.
    async fn named(&self, name: &str) -> Result<Vec<u64>, AdminError> {
        let act = format!("look for the application {name}");
        let mut found = Vec::new();
        for page in 1.. {
            let path = format!("{APPLICATIONS}?page={page}&limit={PAGE}");
            let listed = given(&act, &self.call(&act, Method::GET, &path, None).await?)?;
            let listed = listed.as_array().map(Vec::as_slice).unwrap_or_default();
            let of_it = listed.iter().filter(|one| one["name"] == name);
            found.extend(of_it.filter_map(|one| one["id"].as_u64()));
            if listed.len() < PAGE {
                break;
            }
        }
        Ok(found)
    }
}

impl TakeBack for Gitea {
    fn address(&self) -> String {
        self.client.base()
    }

    async fn take_back(&self, undo: &Undo) -> Result<(), AdminError> {
        let Undo::DeleteClient { realm: None, client, .. } = undo else { return Ok(()) };
        let act = format!("delete the application {client}");
        for id in self.named(client).await? {
            let path = format!("{APPLICATIONS}/{id}");
            done(&act, &self.call(&act, Method::DELETE, &path, None).await?, &[204, 404])?;
        }
        Ok(())
    }
}

impl IdentityProvider for Gitea {
    /// Makes an OAuth2 application of the user.
    async fn make_client(
        &self,
        wanted: &ClientWanted,
        undos: &mut dyn Remember,
    ) -> Result<ClientMade, MakeError> {
        let (provider, name) = (self.address(), wanted.name.clone());
        let undo = Undo::DeleteClient { provider, realm: None, client: name };
        undos.remember(&undo)?;
        let act = format!("make the application {}", wanted.name);
        let is_confidential = wanted.kind == ClientKind::Confidential;
        let body = json!({
            "name": wanted.name, "redirect_uris": wanted.redirect_uris,
            "confidential_client": is_confidential,
        });
        let answer = self.call(&act, Method::POST, APPLICATIONS, Some(&body)).await?;
        done(&act, &answer, &[201])?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |name: &str| value[name].as_str().filter(|text| !text.is_empty());
        let secret = text("client_secret").map(Secret::new).filter(|_| is_confidential);
        match text("client_id") {
            Some(id) if secret.is_some() == is_confidential => {
                Ok(ClientMade { id: id.to_owned(), secret, undo })
            }
            _ => {
                let expected = "a client's id and secret".to_owned();
                Err(AdminError::Unexpected { act, expected, seen: seen(&answer) }.into())
            }
        }
    }
}

#[cfg(test)]
#[path = "gitea_tests.rs"]
mod tests;
