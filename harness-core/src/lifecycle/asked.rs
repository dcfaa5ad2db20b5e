//! What asking an app whether it serves came to. Main type: [`Asked`].

use std::time::Duration;

use crate::cause::{Cause, CauseClass};
use crate::http::{Answer, HttpError, RouterPage, router_page};

/// How long one request for the health path may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What an answer says of the app.
pub(super) enum Asked {
    /// It serves.
    Serves,
    /// It may serve later; whose fault it would be if it stayed like that.
    NotYet(Cause),
    /// It will not.
    Hopeless(Cause),
}

impl Asked {
    /// Returns the same with the name of what was asked in the evidence.
    pub(super) fn of(self, name: &str) -> Self {
        let named = |cause: Cause| Cause::new(cause.class, format!("{name}: {}", cause.evidence));
        match self {
            Self::Serves => Self::Serves,
            Self::NotYet(cause) => Self::NotYet(named(cause)),
            Self::Hopeless(cause) => Self::Hopeless(named(cause)),
        }
    }
}

/// Judges an answer, and says whose fault it would be if it stayed like that.
pub(super) fn judged_answer(answer: Result<&Answer, &HttpError>, ok: &[u16]) -> Asked {
    let not_yet = |class, text: String| Asked::NotYet(Cause::new(class, text));
    match answer {
        Err(error @ (HttpError::Connect { .. } | HttpError::Tls { .. })) => {
            not_yet(CauseClass::Host, error.to_string())
        }
        Err(error @ (HttpError::TimedOut { .. } | HttpError::Broken { .. })) => {
            not_yet(CauseClass::App, error.to_string())
        }
        Ok(answer) => match router_page(answer) {
            Some(RouterPage::UnknownHost) => not_yet(
                CauseClass::Recipe,
                "the router knows no app by this host (its own 404 page)".to_owned(),
            ),
            Some(RouterPage::NoBackend) => not_yet(
                CauseClass::Recipe,
                format!("the router reaches nothing on the app's port: {}", answer.summary()),
            ),
            None if ok.contains(&answer.status) => Asked::Serves,
            None => not_yet(
                CauseClass::App,
                format!("expected one of {ok:?}, seen {}", answer.summary()),
            ),
        },
    }
}
