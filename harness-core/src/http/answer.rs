//! What came back, or why nothing did.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::client::MAX_BODY;

/// An HTTP answer, whole.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The body, at most 4 MiB of it.
    pub body: Vec<u8>,
    /// The certificate that the other side showed, in DER, if the request was HTTPS.
    #[serde(skip)]
    pub certificate: Option<Vec<u8>>,
}

impl Answer {
    /// Returns whether the body is as long as one that was cut off: nothing can be said of its end.
    pub const fn is_cut(&self) -> bool {
        self.body.len() >= MAX_BODY
    }

    /// Returns the first header of this name (lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Returns the media type without its parameters, in lower case.
    pub fn media_type(&self) -> Option<String> {
        let value = self.header("content-type")?;
        Some(value.split(';').next().unwrap_or(value).trim().to_ascii_lowercase())
    }

    /// Returns the body as text, lossily.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Reads the body as JSON, whatever its media type says.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn json(&self) -> Result<serde_json::Value, NotJson> {
        serde_json::from_slice(&self.body)
            .map_err(|source| NotJson { seen: self.summary(), source: Arc::new(source) })
    }

    /// Returns the status and the beginning of the body, as evidence in one line.
    pub fn summary(&self) -> String {
        let text = self.text();
        let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().take(120).collect();
        let more = if line.chars().count() > 120 { "…" } else { "" };
        format!("status {}, {} bytes: {short}{more}", self.status, self.body.len())
    }
}

/// An answer's body is no JSON.
#[derive(Clone, Debug, Error)]
#[error("expected JSON, seen {seen}")]
pub struct NotJson {
    /// The answer in one line.
    pub seen: String,
    /// What is wrong with it.
    pub source: Arc<serde_json::Error>,
}

/// Why there is no answer: never a status.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HttpError {
    /// No connection: refused, reset, no route.
    #[error("no connection to {url}: {reason}")]
    Connect {
        /// What was asked for.
        url: String,
        /// What the system said.
        reason: String,
    },
    /// The other side's certificate is not trusted for this name, or TLS failed otherwise.
    #[error("TLS to {url} failed: {reason}")]
    Tls {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// No answer in time.
    #[error("no answer from {url} within {limit:?}")]
    TimedOut {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// The answer broke off or was no HTTP.
    #[error("a broken answer from {url}: {reason}")]
    Broken {
        /// What was asked for.
        url: String,
        /// What went wrong.
        reason: String,
    },
}
