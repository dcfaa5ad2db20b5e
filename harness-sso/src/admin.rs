//! Administration of a Keycloak over its API. Main type: [`Keycloak`].

use std::sync::Arc;
use std::time::Duration;

use harness_core::cause::{Cause, CauseClass};
use harness_core::chain::Chain;
use harness_core::http::{Answer, Client, HttpError, Method};
use harness_core::secret::Secret;
use harness_core::wait::{Hint, Pace, Readiness, WaitError, until};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use thiserror::Error;
use tokio::sync::Mutex;

use crate::clock::Clock;
use crate::encoded::with_form;
use crate::jwt::claimed;
use crate::party::{GrantError, granted};
use crate::refusal::Refusal;
use crate::seen::seen;

/// An admin token is used no more so long before it ends: a request may be under way when it does. They live 60 s.
const SPARE: Duration = Duration::from_secs(10);

/// A Keycloak and its administrator. Cheap to clone; clones share a token.
#[derive(Clone, Debug)]
pub struct Keycloak {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    client: Client,
    user: String,
    password: Secret,
    clock: Arc<dyn Clock>,
    limit: Duration,
    held: Mutex<Option<Held>>,
}

/// An admin token, and until when it is used.
#[derive(Clone, Debug)]
struct Held {
    token: Secret,
    until: Timestamp,
}

/// Something was not done at a provider.
#[derive(Debug, Error)]
pub enum AdminError {
    /// There was no answer.
    #[error("failed to {act}")]
    Http {
        /// What was attempted.
        act: String,
        /// What happened.
        source: HttpError,
    },
    /// Who asks has no token: the provider says why.
    #[error("failed to {act}: the administrator was not let in: {refusal}")]
    NotLetIn {
        /// What was attempted.
        act: String,
        /// Why.
        refusal: Refusal,
    },
    /// There is no such thing, and there should be.
    #[error("failed to {act}: there is no such thing: {seen}")]
    Missing {
        /// What was attempted.
        act: String,
        /// What was said.
        seen: String,
    },
    /// There is such a thing already.
    #[error("failed to {act}: there is one already: {seen}")]
    AlreadyThere {
        /// What was attempted.
        act: String,
        /// What was said.
        seen: String,
    },
    /// The answer is something else.
    #[error("failed to {act}: expected {expected}, seen {seen}")]
    Unexpected {
        /// What was attempted.
        act: String,
        /// What should have come.
        expected: String,
        /// What came.
        seen: String,
    },
}

impl Keycloak {
    /// Returns the Keycloak at a client's address, with the administrator of its realm `master`. The clock says when
    /// admin tokens end; the limit is for each request: making a realm takes up to 5 s on a Keycloak that has just
    /// started.
    pub fn new(
        client: Client,
        user: impl Into<String>,
        password: Secret,
        clock: Arc<dyn Clock>,
        limit: Duration,
    ) -> Self {
        let (user, held) = (user.into(), Mutex::new(None));
        Self { inner: Arc::new(Inner { client, user, password, clock, limit, held }) }
    }

    /// Returns the way to it.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// Returns its clock's time.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Returns how long each request may take.
    pub fn limit(&self) -> Duration {
        self.inner.limit
    }

    /// Waits until it serves and lets its administrator in: its front page does so before its API does.
    ///
    /// # Errors
    /// It did not within the limit; or it refuses the administrator's password, which waiting does not help.
    pub async fn ready(&self, limit: Duration) -> Result<(), WaitError> {
        let look = async || match self.fetch_token("log the administrator in").await {
            Ok(held) => {
                *self.inner.held.lock().await = Some(held);
                Readiness::Ready(())
            }
            Err(error) if is_final(&error) => {
                Readiness::Hopeless(Cause::new(CauseClass::Harness, error.to_string()))
            }
            Err(error) => Readiness::NotYet(Chain(&error).to_string()),
        };
        until(Pace::within(limit), &Hint::default(), look, |_| {}).await
    }

    /// Asks the API for something of one's own, as the administrator; the path is below `/admin/realms`. Any answer
    /// but 401 is one.
    ///
    /// # Errors
    /// There was no answer, or the administrator is not let in.
    pub async fn call(
        &self,
        act: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, AdminError> {
        let answer = self.try_call(act, method.clone(), path, body).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        // The token ended earlier than it said, or its session did: nothing was done, so it may be asked again.
        self.forget_token().await;
        let answer = self.try_call(act, method, path, body).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let expected = "the administrator's token to open the API".to_owned();
        Err(AdminError::Unexpected { act: act.to_owned(), expected, seen: seen(&answer) })
    }

    async fn try_call(
        &self,
        act: &str,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, AdminError> {
        let token = self.token(act).await?;
        let request = self.inner.client.request(method, &format!("/admin/realms{path}"));
        let request = request.header("authorization", format!("Bearer {}", token.expose()));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = self.inner.client.send(request, self.inner.limit).await;
        answer.map_err(|source| AdminError::Http { act: act.to_owned(), source })
    }

    /// Makes the next request fetch a new token.
    pub(crate) async fn forget_token(&self) {
        *self.inner.held.lock().await = None;
    }

    /// Returns the administrator's token, for questions outside of `/admin/realms`; the text says what for, as it fits
    /// after "failed to".
    ///
    /// # Errors
    /// The administrator is not let in.
    pub async fn token(&self, act: &str) -> Result<Secret, AdminError> {
        let mut held = self.inner.held.lock().await;
        if let Some(held) = held.as_ref().filter(|held| self.now() < held.until) {
            return Ok(held.token.clone());
        }
        let fetched = self.fetch_token(act).await?;
        let token = fetched.token.clone();
        *held = Some(fetched);
        Ok(token)
    }

    /// Returns how far its clock is ahead of ours, negative when it is behind, to the second: a token that it gives now
    /// says when it was issued.
    ///
    /// # Errors
    /// The administrator is not let in, or what comes does not say.
    pub async fn clock_ahead(&self) -> Result<SignedDuration, AdminError> {
        let act = "read the clock".to_owned();
        let asked = self.now();
        let held = self.fetch_token(&act).await?;
        let issued = claimed(&held.token).ok().and_then(|claims| {
            let seconds = claims.get("iat").and_then(Value::as_i64)?;
            Timestamp::from_second(seconds).ok()
        });
        let expected = "a token that says when it was issued".to_owned();
        let seen = "one that does not".to_owned();
        let issued = issued.ok_or(AdminError::Unexpected { act, expected, seen })?;
        Ok(apart(issued, asked, self.now()))
    }

    async fn fetch_token(&self, act: &str) -> Result<Held, AdminError> {
        let asked = self.now();
        let path = "/realms/master/protocol/openid-connect/token";
        let request = self.inner.client.request(Method::POST, path);
        let fields = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", &self.inner.user),
            ("password", self.inner.password.expose()),
        ];
        let answer = self.inner.client.send(with_form(request, fields), self.inner.limit).await;
        let act = act.to_owned();
        let answer = match answer {
            Ok(answer) => granted(&answer),
            Err(source) => return Err(AdminError::Http { act, source }),
        };
        match answer {
            Ok(tokens) => Ok(Held { token: tokens.access, until: asked + useful(tokens.lives) }),
            Err(GrantError::Http(source)) => Err(AdminError::Http { act, source }),
            // What is not there yet, or is somebody else's page, says nothing of the administrator.
            Err(GrantError::Refused(Refusal::Other { status, error, description })) => {
                let seen = format!("status {status}: {error}: {description}");
                let expected = "the administrator's token".to_owned();
                Err(AdminError::Unexpected { act, expected, seen })
            }
            Err(GrantError::Refused(refusal)) => Err(AdminError::NotLetIn { act, refusal }),
            Err(GrantError::Unreadable { seen }) => {
                let expected = "the administrator's token".to_owned();
                Err(AdminError::Unexpected { act, expected, seen })
            }
        }
    }
}

/// Returns whether the administrator will be refused however long one waits.
fn is_final(error: &AdminError) -> bool {
    let AdminError::NotLetIn { refusal, .. } = error else { return false };
    match refusal {
        Refusal::WrongPassword | Refusal::AccountDisabled | Refusal::AccountUnfinished => true,
        Refusal::WrongSecret
        | Refusal::UnknownClient
        | Refusal::NotAllowed
        | Refusal::UnknownScope
        | Refusal::SessionEnded
        | Refusal::CodeSpent
        | Refusal::OtherRedirect
        | Refusal::WrongVerifier
        | Refusal::BadRequest
        | Refusal::NoRealm
        | Refusal::Other { .. } => false,
    }
}

/// Returns how far a time, of which only the seconds are known, is outside of a span.
fn apart(time: Timestamp, from: Timestamp, to: Timestamp) -> SignedDuration {
    let (time, from, to) = (time.as_second(), from.as_second(), to.as_second());
    SignedDuration::from_secs(if time < from { time - from } else { (time - to).max(0) })
}

/// Returns how long a token that lives so long is used.
fn useful(lives: Duration) -> Duration {
    lives.saturating_sub(SPARE.min(lives / 2))
}

/// Decides what an answer to a change means: one of `good` is success.
pub(crate) fn done(act: &str, answer: &Answer, good: &[u16]) -> Result<(), AdminError> {
    let (act, seen) = (act.to_owned(), seen(answer));
    match answer.status {
        status if good.contains(&status) => Ok(()),
        404 => Err(AdminError::Missing { act, seen }),
        409 => Err(AdminError::AlreadyThere { act, seen }),
        _ => Err(AdminError::Unexpected { act, expected: format!("status {good:?}"), seen }),
    }
}

/// Reads an answer to a question.
pub(crate) fn given(act: &str, answer: &Answer) -> Result<Value, AdminError> {
    done(act, answer, &[200])?;
    serde_json::from_slice(&answer.body).map_err(|_| AdminError::Unexpected {
        act: act.to_owned(),
        expected: "JSON".to_owned(),
        seen: seen(answer),
    })
}

/// Returns the id of what was made: the last part of where it is now.
pub(crate) fn made(act: &str, answer: &Answer) -> Result<String, AdminError> {
    done(act, answer, &[201])?;
    let location = answer.header("location").unwrap_or_default();
    let id = location.rsplit('/').next().unwrap_or_default();
    if id.is_empty() {
        return Err(AdminError::Unexpected {
            act: act.to_owned(),
            expected: "a `location` that ends in an id".to_owned(),
            seen: seen(answer),
        });
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_used_until_shortly_before_it_ends() {
        let seconds = Duration::from_secs;
        assert_eq!(useful(seconds(60)), seconds(50));
        assert_eq!(useful(seconds(300)), seconds(290));
        assert_eq!(useful(seconds(8)), seconds(4));
        assert_eq!(useful(seconds(0)), seconds(0));
    }

    #[test]
    fn a_clock_is_off_by_what_lies_outside_of_the_time_that_asking_took() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let off = |time| apart(at(time), at(100), at(105)).as_secs();
        assert_eq!([40, 99, 100, 103, 105, 106, 400].map(off), [-60, -1, 0, 0, 0, 1, 295]);
    }

    fn answer(status: u16, body: &str, location: Option<&str>) -> Answer {
        let headers = location.map(|value| ("location".to_owned(), value.to_owned()));
        let headers = headers.into_iter().collect();
        Answer { status, headers, body: body.as_bytes().to_vec(), certificate: None }
    }

    #[test]
    fn answers_are_told_apart_by_meaning() {
        assert!(done("act", &answer(204, "", None), &[201, 204]).is_ok());
        let missing = done("act", &answer(404, r#"{"error":"Realm not found."}"#, None), &[204]);
        assert!(matches!(missing, Err(AdminError::Missing { .. })));
        let there = answer(409, r#"{"errorMessage":"Realm R already exists"}"#, None);
        let error = done("make it", &there, &[201]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "failed to make it: there is one already: status 409: Realm R already exists"
        );
        assert!(matches!(
            done("act", &answer(500, "", None), &[204]),
            Err(AdminError::Unexpected { .. })
        ));
    }

    #[test]
    fn what_was_made_has_an_id() {
        let at = answer(201, "", Some("https://kc/admin/realms/r/clients/1-2"));
        assert_eq!(made("act", &at).unwrap(), "1-2");
        for at in [None, Some("https://kc/"), Some("")] {
            assert!(made("act", &answer(201, "", at)).is_err());
        }
    }
}
