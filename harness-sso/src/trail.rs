//! The way that a login took, without anything that opens something. Main type: [`Hop`].

use std::fmt;

use harness_core::http::Method;
use url::Url;

use crate::shown::shown;

/// One request of a login, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The method.
    pub method: Method,
    /// The address, with what is worth something hidden.
    pub url: String,
    /// The status.
    pub status: u16,
}

impl Hop {
    pub(crate) fn new(method: &Method, url: &Url, status: u16) -> Self {
        Self { method: method.clone(), url: shown(url), status }
    }
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.method, self.url, self.status)
    }
}
