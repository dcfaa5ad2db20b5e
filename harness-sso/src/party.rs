//! A client of a provider: who asks for tokens, and for whom. It may ask for what is wrong, too: that is what a test
//! does. Main type: [`Party`].

use std::time::Duration;

use harness_core::http::{Answer, Client, HttpError, Method};
use harness_core::secret::Secret;
use serde_json::Value;
use thiserror::Error;
use url::Url;

use crate::attempt::Attempt;
use crate::discovery::Discovery;
use crate::encoded::with_form;
use crate::keys::KeySet;
use crate::refusal::{Refusal, parse_refusal};
use crate::seen::seen;
use crate::tokens::{Tokens, parse_tokens};

/// A client of a provider (a relying party), as the provider knows it.
#[derive(Clone, Debug)]
pub struct Party {
    /// The way to the provider.
    pub client: Client,
    /// Where everything is there.
    pub discovery: Discovery,
    /// The client's id.
    pub id: String,
    /// The client's secret; none of a public client.
    pub secret: Option<Secret>,
    /// How long each request may take.
    pub limit: Duration,
}

/// A grant was not given.
#[derive(Debug, Error)]
pub enum GrantError {
    /// There was no answer.
    #[error("no token: the provider gave no answer")]
    Http(#[from] HttpError),
    /// The provider says no.
    #[error("no token: {0}")]
    Refused(Refusal),
    /// The answer is no token and no refusal.
    #[error("expected a token, seen {seen}")]
    Unreadable {
        /// What came.
        seen: String,
    },
}

/// A question that a provider answers about a token, or to anyone, was not answered.
#[derive(Debug, Error)]
pub enum AskError {
    /// There was no answer.
    #[error("{what} could not be asked for")]
    Http {
        /// What was asked for.
        what: &'static str,
        /// What happened.
        source: HttpError,
    },
    /// The token opens nothing: it has ended, its session has, or it is none.
    #[error("{what} is not for this token: status 401")]
    Unauthorized {
        /// What was asked for.
        what: &'static str,
    },
    /// The provider has no such endpoint.
    #[error("the provider's discovery document names no {what}")]
    Nowhere {
        /// What was asked for.
        what: &'static str,
    },
    /// The answer is something else.
    #[error("expected {what}, seen {seen}")]
    Unreadable {
        /// What was asked for.
        what: &'static str,
        /// What came.
        seen: String,
    },
}

impl Party {
    /// Asks for tokens by a user's name and password. With `openid` among the scopes there is an id token too.
    ///
    /// # Errors
    /// They were not given.
    pub async fn password_grant(
        &self,
        user: &str,
        password: &Secret,
        scope: &str,
    ) -> Result<Tokens, GrantError> {
        let fields = [("username", user), ("password", password.expose()), ("scope", scope)];
        self.grant("password", &fields).await
    }

    /// Asks for a token of the client itself.
    ///
    /// # Errors
    /// It was not given.
    pub async fn client_credentials(&self) -> Result<Tokens, GrantError> {
        self.grant("client_credentials", &[]).await
    }

    /// Asks for new tokens of the same session.
    ///
    /// # Errors
    /// They were not given.
    pub async fn refresh(&self, token: &Secret) -> Result<Tokens, GrantError> {
        self.grant("refresh_token", &[("refresh_token", token.expose())]).await
    }

    /// Brings the code of a login and asks for its tokens.
    ///
    /// # Errors
    /// They were not given.
    pub async fn exchange(
        &self,
        code: &Secret,
        redirect_uri: &str,
        attempt: &Attempt,
    ) -> Result<Tokens, GrantError> {
        let fields = [
            ("code", code.expose()),
            ("redirect_uri", redirect_uri),
            ("code_verifier", attempt.verifier.expose()),
        ];
        self.grant("authorization_code", &fields).await
    }

    /// Returns where a person logs in to this client, for an attempt.
    pub fn authorize_url(&self, attempt: &Attempt, redirect_uri: &str, scope: &str) -> Url {
        let mut url = self.discovery.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", scope)
            .append_pair("state", attempt.state.expose())
            .append_pair("nonce", attempt.nonce.expose())
            .append_pair("code_challenge", &attempt.challenge())
            .append_pair("code_challenge_method", "S256");
        url
    }

    /// Asks whose an access token is. It must have been given for the scope `openid`.
    ///
    /// # Errors
    /// The token opens nothing, or there was no such answer.
    pub async fn user_info(&self, access: &Secret) -> Result<Value, AskError> {
        let what = "the user's information";
        let url = self.discovery.userinfo_endpoint.as_ref();
        let path = path(url.ok_or(AskError::Nowhere { what })?);
        let request = self.client.from_root().request(Method::GET, &path);
        let request = request.header("authorization", format!("Bearer {}", access.expose()));
        let answer = self.client.send(request, self.limit).await;
        let answer = answer.map_err(|source| AskError::Http { what, source })?;
        match answer.status {
            200 => json(what, &answer),
            401 => Err(AskError::Unauthorized { what }),
            _ => Err(AskError::Unreadable { what, seen: seen(&answer) }),
        }
    }

    /// Ends a session by its refresh token.
    ///
    /// # Errors
    /// The provider did not.
    pub async fn log_out(&self, refresh: &Secret) -> Result<(), AskError> {
        let what = "the end of the session";
        let url = self.discovery.end_session_endpoint.as_ref();
        let path = path(url.ok_or(AskError::Nowhere { what })?);
        let request = self.client.from_root().request(Method::POST, &path);
        let fields = [("refresh_token", refresh.expose())];
        let request = with_form(request, self.own_fields().into_iter().chain(fields));
        let answer = self.client.send(request, self.limit).await;
        let answer = answer.map_err(|source| AskError::Http { what, source })?;
        match answer.status {
            200 | 204 => Ok(()),
            _ => Err(AskError::Unreadable { what, seen: seen(&answer) }),
        }
    }

    /// Reads the keys that the provider publishes.
    ///
    /// # Errors
    /// There is no such answer.
    pub async fn keys(&self) -> Result<KeySet, AskError> {
        let what = "the provider's keys";
        let path = path(&self.discovery.jwks_uri);
        let answer = self.client.from_root().get(&path, self.limit).await;
        let answer = answer.map_err(|source| AskError::Http { what, source })?;
        let unreadable = |seen: String| AskError::Unreadable { what, seen };
        if answer.status != 200 {
            return Err(unreadable(seen(&answer)));
        }
        KeySet::parse(&answer.body).map_err(|error| unreadable(error.seen))
    }

    async fn grant(&self, kind: &str, fields: &[(&str, &str)]) -> Result<Tokens, GrantError> {
        let path = path(&self.discovery.token_endpoint);
        let request = self.client.from_root().request(Method::POST, &path);
        let own = self.own_fields();
        let fields = [("grant_type", kind)].into_iter().chain(own).chain(fields.iter().copied());
        let answer = self.client.send(with_form(request, fields), self.limit).await?;
        granted(&answer)
    }

    fn own_fields(&self) -> Vec<(&str, &str)> {
        let secret = self.secret.as_ref().map(|secret| ("client_secret", secret.expose()));
        [("client_id", self.id.as_str())].into_iter().chain(secret).collect()
    }
}

/// Reads what a token endpoint answered.
pub(crate) fn granted(answer: &Answer) -> Result<Tokens, GrantError> {
    match answer.status {
        200 => {
            parse_tokens(&answer.body).ok_or_else(|| GrantError::Unreadable { seen: seen(answer) })
        }
        400..500 => Err(GrantError::Refused(parse_refusal(answer.status, &answer.body))),
        _ => Err(GrantError::Unreadable { seen: seen(answer) }),
    }
}

fn json(what: &'static str, answer: &Answer) -> Result<Value, AskError> {
    serde_json::from_slice(&answer.body)
        .map_err(|_| AskError::Unreadable { what, seen: seen(answer) })
}

fn path(url: &Url) -> String {
    let path = url.path();
    url.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}"))
}
