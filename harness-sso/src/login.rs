//! A login as a person makes it, without a browser: redirects are followed by hand over the hosts that were declared,
//! the provider's form is read, filled in and sent. What needs JavaScript is not for here. Main type: [`Login`].

use std::fmt;
use std::time::Duration;

use harness_core::http::{Answer, Client, ClientError, Method};
use harness_core::secret::Secret;
use url::Url;

use crate::attempt::Attempt;
use crate::discovery::Issuer;
use crate::encoded::with_form;
use crate::login_error::{LoginError, LoginFailure};
use crate::login_step::{Consent, Filled, Known, next};
use crate::page::Page;
use crate::realm::Realm;
use crate::shown::shown;
use crate::trail::Hop;

/// More requests than any login needs.
const MOST: usize = 30;

/// Somebody who logs in at a provider.
#[derive(Clone, Debug)]
pub struct Login {
    /// The way to the provider. What it remembers is the person's session there: who logs in by a client that somebody
    /// has logged in by is that one still, and is asked for no password ([`Client::stranger`] is for another one).
    pub provider: Client,
    /// The name to log in with.
    pub user: String,
    /// The password.
    pub password: Secret,
    /// Whether the app may know who logs in, if the provider asks.
    pub consent: Consent,
    /// How long each request may take.
    pub limit: Duration,
}

/// Where a login ended: on a page of the app.
#[derive(Clone)]
pub struct Landing {
    /// The page.
    pub answer: Answer,
    /// Its address.
    pub url: Url,
    /// The way there.
    pub trail: Vec<Hop>,
}

/// The page may hold a session, and its address a code.
impl fmt::Debug for Landing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (url, status) = (shown(&self.url), self.answer.status);
        write!(f, "Landing({url}, status {status}, after {:?})", self.trail)
    }
}

/// Where a login leads back to, before anybody has gone there.
#[derive(Clone, Debug)]
pub struct Callback {
    /// The code, which gives tokens once.
    pub code: Secret,
    /// The way there.
    pub trail: Vec<Hop>,
}

/// A request that is made next.
#[derive(Clone, Debug)]
struct Step {
    method: Method,
    url: Url,
    fields: Vec<(String, Secret)>,
}

impl Step {
    const fn get(url: Url) -> Self {
        Self { method: Method::GET, url, fields: Vec::new() }
    }
}

/// How a walk ended.
enum Ended {
    /// On a page of the app.
    OnPage(Answer, Url),
    /// At the address that it was to end at.
    At(Url),
}

impl Realm {
    /// Returns a login of somebody whom the provider has never seen, without consent to whatever it asks.
    ///
    /// # Errors
    /// The way to the provider cannot be set up anew.
    pub fn login(&self, user: &str, password: &Secret) -> Result<Login, ClientError> {
        Ok(Login {
            provider: self.keycloak().client().stranger()?,
            user: user.to_owned(),
            password: password.clone(),
            consent: Consent::Withheld,
            limit: self.keycloak().limit(),
        })
    }
}

impl Login {
    /// Logs in to an app, beginning at one of its paths: one that leads to the provider. The app's client keeps the
    /// session that the app gives.
    ///
    /// # Errors
    /// The login came to nothing; also when the app shows a page without having sent anyone to the provider.
    pub async fn to_app(&self, app: &Client, path: &str) -> Result<Landing, LoginError> {
        let mut walk = Walk { login: self, app: Some(app), end: None, trail: Vec::new() };
        let ended = match Url::parse(&format!("{}{path}", app.base())) {
            Ok(url) => walk.go(url).await,
            Err(error) => Err(LoginFailure::Broken {
                url: app.base(),
                expected: "a path of the app",
                seen: error.to_string(),
            }),
        };
        walk.ended(ended, |ended, trail| match ended {
            Ended::OnPage(answer, url) => Ok(Landing { answer, url, trail }),
            Ended::At(url) => Err((broken(&url, "a page", "an address".to_owned()), trail)),
        })
    }

    /// Logs in, beginning at the provider, and returns the address to which it leads back, with its parameters: the code
    /// and the state, or an error. Nobody goes there, and nothing of it is judged: for who plays the app's part wrongly.
    ///
    /// # Errors
    /// The login came to nothing at the provider.
    pub async fn way_back(&self, authorize: &Url, redirect_uri: &str) -> Result<Url, LoginError> {
        let end = Some(redirect_uri);
        let mut walk = Walk { login: self, app: None, end, trail: Vec::new() };
        let ended = walk.go(authorize.clone()).await;
        walk.ended(ended, |ended, trail| match ended {
            Ended::At(url) => Ok(url),
            Ended::OnPage(_, url) => {
                Err((broken(&url, "the way back to the app", "a page".to_owned()), trail))
            }
        })
    }

    /// Logs in for an attempt of a client, beginning at the provider, and returns the code that the client is to
    /// exchange. Nobody goes to the redirect URI: there need not be an app.
    ///
    /// # Errors
    /// The login came to nothing, or what came back is not of this attempt.
    pub async fn for_code(
        &self,
        authorize: &Url,
        redirect_uri: &str,
        attempt: &Attempt,
        issuer: &Issuer,
    ) -> Result<Callback, LoginError> {
        let end = Some(redirect_uri);
        let mut walk = Walk { login: self, app: None, end, trail: Vec::new() };
        let ended = walk.go(authorize.clone()).await;
        walk.ended(ended, |ended, trail| match ended {
            Ended::At(url) => match code_of(&url, attempt, issuer) {
                Ok(code) => Ok(Callback { code, trail }),
                Err(why) => Err((why, trail)),
            },
            Ended::OnPage(_, url) => {
                Err((broken(&url, "the way back to the app", "a page".to_owned()), trail))
            }
        })
    }
}

/// A login under way.
struct Walk<'a> {
    login: &'a Login,
    app: Option<&'a Client>,
    end: Option<&'a str>,
    trail: Vec<Hop>,
}

impl Walk<'_> {
    fn ended<V>(
        self,
        ended: Result<Ended, LoginFailure>,
        read: impl FnOnce(Ended, Vec<Hop>) -> Result<V, (LoginFailure, Vec<Hop>)>,
    ) -> Result<V, LoginError> {
        let read = match ended {
            Ok(ended) => read(ended, self.trail),
            Err(why) => Err((why, self.trail)),
        };
        read.map_err(|(why, trail)| LoginError { why, trail })
    }

    async fn go(&mut self, start: Url) -> Result<Ended, LoginFailure> {
        let mut step = Step::get(start);
        let (mut was_sent, mut was_there) = (false, false);
        while self.trail.len() < MOST {
            let (client, is_provider) = self.way_to(&step.url)?;
            was_there |= is_provider;
            let answer = self.send(&client, &step).await?;
            if let Some(to) = redirect(&step, &answer)? {
                if self.end.is_some_and(|end| is_at(&to.url, end)) {
                    return Ok(Ended::At(to.url));
                }
                if is_provider && let Some(error) = error_of(&to.url) {
                    return Err(error);
                }
                step = to;
            } else if is_provider {
                let filled = self.fill(&step.url, &answer, was_sent)?;
                was_sent |= filled.has_password;
                step = Step { method: Method::POST, url: filled.to, fields: filled.fields };
            } else {
                return landed(step.url, answer, was_there);
            }
        }
        Err(LoginFailure::Loop { hops: self.trail.len() })
    }

    /// Returns the client for an address, and whether that is the provider's.
    fn way_to(&self, url: &Url) -> Result<(Client, bool), LoginFailure> {
        let provider = &self.login.provider;
        if provider.path_of(url).is_some() {
            return Ok((provider.from_root(), true));
        }
        match self.app.filter(|app| app.path_of(url).is_some()) {
            Some(app) => Ok((app.from_root(), false)),
            None => Err(LoginFailure::OtherHost { host: url.origin().ascii_serialization() }),
        }
    }

    async fn send(&mut self, client: &Client, step: &Step) -> Result<Answer, LoginFailure> {
        let path = client.path_of(&step.url).unwrap_or_default();
        let mut request = client.request(step.method.clone(), &path);
        request = request.header("accept", "text/html,application/xhtml+xml");
        request = request.header("accept-language", "en");
        if step.method == Method::POST {
            let fields = step.fields.iter().map(|(n, v)| (n.as_str(), v.expose()));
            request = with_form(request, fields).header("origin", client.site());
        }
        let answer = client.send(request, self.login.limit).await;
        let answer =
            answer.map_err(|source| LoginFailure::NoAnswer { url: shown(&step.url), source })?;
        self.trail.push(Hop::new(&step.method, &step.url, answer.status));
        Ok(answer)
    }

    fn fill(&self, url: &Url, answer: &Answer, was_sent: bool) -> Result<Filled, LoginFailure> {
        let login = self.login;
        let known = Known {
            url,
            status: answer.status,
            was_sent,
            consent: login.consent,
            user: &login.user,
            password: &login.password,
        };
        next(&Page::read(&answer.text()), known)
    }
}

fn landed(url: Url, answer: Answer, was_there: bool) -> Result<Ended, LoginFailure> {
    let status = answer.status;
    let said = Page::read(&answer.text()).about();
    if status >= 400 {
        return Err(LoginFailure::AppError { url: shown(&url), status, said });
    }
    if !was_there {
        return Err(LoginFailure::NeverAsked { status, said });
    }
    Ok(Ended::OnPage(answer, url))
}

/// Returns where an answer leads, if it does. A form that was posted is posted again only on the same host, and only
/// where the status says so: no password is handed on.
fn redirect(step: &Step, answer: &Answer) -> Result<Option<Step>, LoginFailure> {
    if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let location = answer.header("location").unwrap_or_default();
    if location.is_empty() {
        return Err(broken(&step.url, "a `location`", "none".to_owned()));
    }
    let url = step.url.join(location);
    let url =
        url.map_err(|e| broken(&step.url, "a `location` that is an address", e.to_string()))?;
    if step.method == Method::GET || !matches!(answer.status, 307 | 308) {
        return Ok(Some(Step::get(url)));
    }
    if url.origin() != step.url.origin() {
        let seen = format!("status {}, to {}", answer.status, shown(&url));
        return Err(broken(&step.url, "a redirect that hands no form on", seen));
    }
    Ok(Some(Step { url, ..step.clone() }))
}

/// Returns whether an address is the redirect URI, with whatever parameters.
fn is_at(url: &Url, redirect_uri: &str) -> bool {
    let mut bare = url.clone();
    bare.set_fragment(None);
    let text = bare.as_str();
    text == redirect_uri
        || text.strip_prefix(redirect_uri).is_some_and(|rest| rest.starts_with(['?', '&']))
}

fn error_of(url: &Url) -> Option<LoginFailure> {
    let of = |wanted: &str| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let error = of("error")?;
    Some(LoginFailure::ProviderError {
        error,
        description: of("error_description").unwrap_or_default(),
    })
}

/// Reads the code out of the address that a login led back to.
fn code_of(url: &Url, attempt: &Attempt, issuer: &Issuer) -> Result<Secret, LoginFailure> {
    if let Some(error) = error_of(url) {
        return Err(error);
    }
    let of = |wanted: &str| {
        let found = url.query_pairs().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.into_owned())
    };
    let other =
        |parameter, seen: &str| LoginFailure::OtherAttempt { parameter, seen: seen.to_owned() };
    match of("state") {
        Some(state) if state == attempt.state.expose() => {}
        Some(_) => return Err(other("state", "another one")),
        None => return Err(other("state", "none")),
    }
    // RFC 9207: whose the code is. Not every provider says so.
    if let Some(seen) = of("iss").filter(|iss| iss != issuer.as_str()) {
        return Err(other("iss", &format!("`{seen}` in place of `{issuer}`")));
    }
    let code = of("code").filter(|code| !code.is_empty());
    code.map(Secret::new).ok_or_else(|| other("code", "none"))
}

fn broken(url: &Url, expected: &'static str, seen: String) -> LoginFailure {
    LoginFailure::Broken { url: shown(url), expected, seen }
}

#[cfg(test)]
#[path = "login_tests.rs"]
mod tests;
