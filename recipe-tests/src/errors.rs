//! What `?` makes of the errors that a seed or check meets: each with the cause that it points to.

use harness_backup::{MarkerError, ReachError};
use harness_core::cause::CauseClass;
use harness_core::chain::Chain;
use harness_core::http::{ClientError, HttpError, NotJson};
use harness_core::wait::WaitError;
use harness_sso::{
    AdminError, AskError, DiscoverError, GrantError, JwtError, LoginError, LoginFailure, MakeError,
};

use crate::check::Failure;
use crate::page::PageError;
use crate::stream::ConnectError;

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        let cause = match error {
            // Requests go to the router: that nothing listens there is not the app's doing.
            HttpError::Connect { .. } => CauseClass::Host,
            HttpError::Tls { .. } => CauseClass::Recipe,
            HttpError::TimedOut { .. } | HttpError::Broken { .. } => CauseClass::App,
        };
        Self::error(cause, error.to_string())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::error(CauseClass::Host, Chain(&error).to_string())
    }
}

impl From<NotJson> for Failure {
    fn from(error: NotJson) -> Self {
        Self::error(CauseClass::App, Chain(&error).to_string())
    }
}

impl From<ReachError> for Failure {
    fn from(error: ReachError) -> Self {
        let cause = match error {
            ReachError::Engine { cause, .. } => cause,
            ReachError::NotRunning { .. }
            | ReachError::NoFile { .. }
            | ReachError::Refused { .. }
            | ReachError::Command { .. } => CauseClass::App,
        };
        Self::error(cause, error.to_string())
    }
}

impl From<MarkerError> for Failure {
    fn from(error: MarkerError) -> Self {
        Self::error(error.class(), Chain(&error).to_string())
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let cause = match error {
            ConnectError::Refused { .. } | ConnectError::TimedOut { .. } => CauseClass::App,
            ConnectError::Tls { .. } => CauseClass::Recipe,
            ConnectError::Unable(_) => CauseClass::Harness,
        };
        Self::error(cause, error.to_string())
    }
}

impl From<PageError> for Failure {
    fn from(error: PageError) -> Self {
        Self::error(error.cause(), error.to_string())
    }
}

/// What a provider of identities does not do, or does wrong, is the app's doing where the app is the provider.
impl From<AdminError> for Failure {
    fn from(error: AdminError) -> Self {
        let text = Chain(&error).to_string();
        match error {
            AdminError::Http { source, .. } => Self::error(Self::from(source).cause, text),
            AdminError::NotLetIn { .. }
            | AdminError::Missing { .. }
            | AdminError::AlreadyThere { .. }
            | AdminError::Unexpected { .. } => Self::error(CauseClass::App, text),
        }
    }
}

impl From<MakeError> for Failure {
    fn from(error: MakeError) -> Self {
        match error {
            MakeError::NotRemembered(error) => Self::error(CauseClass::Harness, error.to_string()),
            MakeError::Failed(error) => error.into(),
        }
    }
}

impl From<DiscoverError> for Failure {
    fn from(error: DiscoverError) -> Self {
        let text = Chain(&error).to_string();
        match error {
            DiscoverError::Http { source, .. } => Self::error(Self::from(source).cause, text),
            DiscoverError::Unreadable { .. } | DiscoverError::Wrong { .. } => {
                Self::error(CauseClass::App, text)
            }
        }
    }
}

impl From<GrantError> for Failure {
    fn from(error: GrantError) -> Self {
        match error {
            GrantError::Http(error) => error.into(),
            GrantError::Refused(_) | GrantError::Unreadable { .. } => {
                Self::error(CauseClass::App, error.to_string())
            }
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        let text = Chain(&error).to_string();
        match error {
            AskError::Http { source, .. } => Self::error(Self::from(source).cause, text),
            AskError::Unauthorized { .. }
            | AskError::Nowhere { .. }
            | AskError::Unreadable { .. } => Self::error(CauseClass::App, text),
        }
    }
}

impl From<JwtError> for Failure {
    fn from(error: JwtError) -> Self {
        Self::error(CauseClass::App, error.to_string())
    }
}

impl From<LoginError> for Failure {
    fn from(error: LoginError) -> Self {
        let text = Chain(&error).to_string();
        match error.why {
            LoginFailure::NoAnswer { source, .. } => Self::error(Self::from(source).cause, text),
            LoginFailure::WrongPassword { .. }
            | LoginFailure::AccountDisabled { .. }
            | LoginFailure::AccountUnfinished { .. }
            | LoginFailure::RedirectRefused { .. }
            | LoginFailure::UnknownClient { .. }
            | LoginFailure::ConsentNeeded { .. }
            | LoginFailure::ProviderError { .. }
            | LoginFailure::ProviderPage { .. }
            | LoginFailure::OtherHost { .. }
            | LoginFailure::Loop { .. }
            | LoginFailure::NeverAsked { .. }
            | LoginFailure::AppError { .. }
            | LoginFailure::Broken { .. }
            | LoginFailure::OtherAttempt { .. } => Self::error(CauseClass::App, text),
        }
    }
}

impl From<WaitError> for Failure {
    fn from(error: WaitError) -> Self {
        let cause = match &error {
            WaitError::TimedOut { .. } => CauseClass::App,
            WaitError::Hopeless(cause) => cause.class,
        };
        Self::error(cause, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_router_that_is_gone_is_the_hosts_fault_and_silence_the_apps() {
        let url = "https://a.test".to_owned();
        let gone = HttpError::Connect { url: url.clone(), reason: "refused".to_owned() };
        let silent = HttpError::TimedOut { url, limit: std::time::Duration::from_secs(1) };
        assert_eq!(Failure::from(gone).cause, CauseClass::Host);
        assert_eq!(Failure::from(silent).cause, CauseClass::App);
    }

    #[test]
    fn a_provider_that_cannot_be_reached_is_the_hosts_fault_and_what_it_says_the_apps() {
        let (url, reason) = ("https://kc.test".to_owned(), "refused".to_owned());
        let gone = || HttpError::Connect { url: url.clone(), reason: reason.clone() };
        let act = "make a realm".to_owned();
        let http = AdminError::Http { act: act.clone(), source: gone() };
        assert_eq!(Failure::from(MakeError::Failed(http)).cause, CauseClass::Host);
        let missing = AdminError::Missing { act, seen: "status 404".to_owned() };
        assert_eq!(Failure::from(missing).cause, CauseClass::App);
        let why = LoginFailure::NoAnswer { url: url.clone(), source: gone() };
        let failure = Failure::from(LoginError { why, trail: Vec::new() });
        assert_eq!(failure.cause, CauseClass::Host);
        assert!(failure.to_string().contains("no answer from https://kc.test: no connection"));
        let why = LoginFailure::Loop { hops: 30 };
        assert_eq!(Failure::from(LoginError { why, trail: Vec::new() }).cause, CauseClass::App);
    }

    #[test]
    fn an_engine_that_is_gone_keeps_its_cause() {
        let reason = "connection refused".to_owned();
        let error = ReachError::Engine { cause: CauseClass::Host, reason };
        assert_eq!(Failure::from(error).cause, CauseClass::Host);
    }
}
