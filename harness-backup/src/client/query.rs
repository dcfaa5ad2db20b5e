//! Asking a database, and again while it takes no connections. Main items: [`Client`], [`query`].

use std::time::Duration;

use harness_core::name::ServiceName;
use harness_core::wait::{Hint, Pace, Readiness, until};

use super::sql::Dialect;
use super::why::{Trouble, trouble};
use crate::reach::{Executed, Reach, ReachError};

/// A database: which one, where, and which SQL it speaks.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// The SQL.
    pub dialect: Dialect,
    /// The service in whose container the client runs.
    pub service: &'a ServiceName,
    /// The database's name, or of SQLite its file; empty stands for the one that the image's variables name.
    pub database: &'a str,
}

/// Runs a statement and returns the rows that it finds; `NULL` is the text `NULL`. A server that takes no connections
/// is waited for: nothing was run then. What a server was interrupted in is asked again only where `again` says so.
///
/// # Errors
/// The statement failed, with what the database said, or there is no container or client.
pub async fn query(
    reach: &impl Reach,
    client: Client<'_>,
    statement: &str,
    patience: Duration,
    again: bool,
) -> Result<Vec<Vec<String>>, ReachError> {
    let argv = client.dialect.argv(statement, client.database);
    let passes = |error: &ReachError| match trouble(error) {
        Trouble::NotYet => true,
        Trouble::Interrupted => again,
        Trouble::NoClient | Trouble::Absent | Trouble::Refused => false,
    };
    let ended = settled(patience, passes, async || reach.exec(client.service, &argv).await).await;
    match ended {
        Ok(Executed { stdout, .. }) => Ok(client.dialect.rows(&stdout)),
        Err(ReachError::Command { service, reason, .. }) => {
            Err(ReachError::Command { service, command: shortened(statement), reason })
        }
        Err(error) => Err(error),
    }
}

/// Tries until it succeeds or fails for good; at the limit the last failure is the result.
pub(crate) async fn settled<T>(
    limit: Duration,
    passes: impl Fn(&ReachError) -> bool,
    mut attempt: impl AsyncFnMut() -> Result<T, ReachError>,
) -> Result<T, ReachError> {
    let mut last = None;
    let look = async || match attempt().await {
        Err(error) if passes(&error) => {
            let text = error.to_string();
            last = Some(error);
            Readiness::NotYet(text)
        }
        ended => Readiness::Ready(ended),
    };
    match until(Pace::within(limit), &Hint::default(), look, |_| {}).await {
        Ok(ended) => ended,
        Err(error) => Err(last.unwrap_or_else(|| ReachError::Engine {
            cause: harness_core::cause::CauseClass::Host,
            reason: error.to_string(),
        })),
    }
}

/// Returns a statement in one line, for an error.
fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(120).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_statement_in_one_short_line() {
        assert_eq!(shortened("SELECT 1\n  FROM a"), "SELECT 1 FROM a");
        assert_eq!(shortened(&"x".repeat(200)).chars().count(), 121);
    }
}
