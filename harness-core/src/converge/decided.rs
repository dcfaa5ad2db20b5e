//! A decision as it is recorded. Main type: [`Decided`].

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::wait::Readiness;

/// What was decided about an app that is to converge.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decided {
    /// It has converged.
    Ready,
    /// It may still converge; the text says what is missing.
    NotYet(String),
    /// It cannot converge any more.
    Hopeless(Cause),
}

impl From<&Readiness<()>> for Decided {
    fn from(readiness: &Readiness<()>) -> Self {
        match readiness {
            Readiness::Ready(()) => Self::Ready,
            Readiness::NotYet(status) => Self::NotYet(status.clone()),
            Readiness::Hopeless(cause) => Self::Hopeless(cause.clone()),
        }
    }
}

impl fmt::Display for Decided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready => f.write_str("ready"),
            Self::NotYet(status) => write!(f, "not yet: {status}"),
            Self::Hopeless(cause) => write!(f, "hopeless: {cause}"),
        }
    }
}
