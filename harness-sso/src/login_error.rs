//! Why a login came to nothing. Main types: [`LoginError`], [`LoginFailure`].

use std::fmt;

use harness_core::http::HttpError;
use thiserror::Error;

use crate::trail::Hop;

/// A login came to nothing.
#[derive(Debug)]
pub struct LoginError {
    /// Why.
    pub why: LoginFailure,
    /// The way to there.
    pub trail: Vec<Hop>,
}

/// Why a login came to nothing.
#[derive(Debug, Error)]
pub enum LoginFailure {
    /// There was no answer.
    #[error("no answer from {url}")]
    NoAnswer {
        /// Who was asked, and for what.
        url: String,
        /// What happened.
        source: HttpError,
    },
    /// The provider's page shows its form again: user or password are wrong.
    #[error("the provider refuses the user or the password: {said}")]
    WrongPassword {
        /// What the page says.
        said: String,
    },
    /// The account may not log in.
    #[error("the provider says that the account is disabled: {said}")]
    AccountDisabled {
        /// What the page says.
        said: String,
    },
    /// The provider wants something of the person first: a part of the profile, a new password.
    #[error("the account is not fully set up: the provider asks for more: {said}")]
    AccountUnfinished {
        /// What the page says.
        said: String,
    },
    /// The provider does not lead back to where the app wants to.
    #[error("the provider refuses the app's redirect URI: {said}")]
    RedirectRefused {
        /// What the page says.
        said: String,
    },
    /// The provider does not know the app.
    #[error("the provider does not know the app's client: {said}")]
    UnknownClient {
        /// What the page says.
        said: String,
    },
    /// The provider asks whether the app may know who logs in, and nobody said so.
    #[error("the provider asks for consent: {said}")]
    ConsentNeeded {
        /// What the page says.
        said: String,
    },
    /// The provider led back to the app with an error.
    #[error("the provider sends the app an error: {error}: {description}")]
    ProviderError {
        /// The error's word.
        error: String,
        /// What is said to it.
        description: String,
    },
    /// The provider shows a page that is no part of a login.
    #[error("the provider shows something else: status {status}: {said}")]
    ProviderPage {
        /// The status.
        status: u16,
        /// What the page says.
        said: String,
    },
    /// The way leads to a host that was not declared. Nothing was sent there.
    #[error("the login leads to `{host}`, which is neither the app nor the provider")]
    OtherHost {
        /// Scheme, host and port.
        host: String,
    },
    /// The way leads round in circles.
    #[error("the login does not end: {hops} requests, and no page of the app")]
    Loop {
        /// How many requests were made.
        hops: usize,
    },
    /// The app showed a page without sending anyone to the provider.
    #[error("the app sends nobody to the provider: status {status}: {said}")]
    NeverAsked {
        /// The status.
        status: u16,
        /// What the page says.
        said: String,
    },
    /// The app fails, after the provider let the person in or before.
    #[error("the app fails at {url}: status {status}: {said}")]
    AppError {
        /// Where.
        url: String,
        /// The status.
        status: u16,
        /// What the page says.
        said: String,
    },
    /// What came is no step of a login.
    #[error("expected {expected} at {url}, seen {seen}")]
    Broken {
        /// Where.
        url: String,
        /// What should have come.
        expected: &'static str,
        /// What came.
        seen: String,
    },
    /// What came back is not of this attempt.
    #[error("expected the `{parameter}` of this attempt to come back, seen {seen}")]
    OtherAttempt {
        /// Which parameter.
        parameter: &'static str,
        /// What came back.
        seen: String,
    },
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.why)?;
        let way: Vec<String> = self.trail.iter().map(Hop::to_string).collect();
        if way.is_empty() { Ok(()) } else { write!(f, " (the way there: {})", way.join(", ")) }
    }
}

impl std::error::Error for LoginError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.why)
    }
}
