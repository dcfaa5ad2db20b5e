//! What Ghost asks of its database.

use sha2::{Digest as _, Sha256};

use super::Ghost;
use crate::app::db::{Ask, Reply, Silence, Want, connect};
use crate::app::programs::Machine;
use crate::app::sql::{Done, Flavor, pieces};
use crate::world::Inside;

/// Why the database does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered(pub(super) String);

impl Ghost {
    /// Asks the database; returns the rows of the last statement.
    pub(super) fn ask(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Vec<Vec<String>>, Unanswered> {
        let of = |name: &str| Self::setting(inside, &format!("database__connection__{name}"));
        let host = of("host").unwrap_or_else(|| "127.0.0.1".to_owned());
        let port = of("port").and_then(|p| p.parse().ok()).unwrap_or(3306);
        let (user, password) = (of("user").unwrap_or_else(|| "root".to_owned()), of("password"));
        let want = Want::Run { pieces: pieces(sql, '\\'), stops: true, atomic: false };
        let ask = Ask::new(user.clone(), password, false, of("database"), want);
        let mut machine = Machine { image: self, inside };
        match connect(&mut machine, Some(&host), port, &ask) {
            Err(Silence::UnknownHost) => Err(Unanswered(format!("getaddrinfo ENOTFOUND {host}"))),
            Err(Silence::Nobody) => Err(Unanswered(format!("connect ECONNREFUSED {host}:{port}"))),
            Ok(Reply::Ran { outcomes, .. }) => {
                if let Some(error) = outcomes.iter().find_map(|o| o.as_ref().err()) {
                    return Err(Unanswered(error.said(Flavor::MySql)));
                }
                Ok(match outcomes.into_iter().next_back() {
                    Some(Ok(Done::Rows { rows, .. })) => {
                        let text = |row: Vec<Option<String>>| {
                            row.into_iter().map(Option::unwrap_or_default)
                        };
                        rows.into_iter().map(|row| text(row).collect()).collect()
                    }
                    Some(_) | None => Vec::new(),
                })
            }
            Ok(Reply::Refused(_) | Reply::Read { .. }) => {
                Err(Unanswered(format!("ER_ACCESS_DENIED_ERROR: Access denied for user '{user}'")))
            }
        }
    }

    /// Asks the database for one value.
    pub(super) fn first(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Option<String>, Unanswered> {
        Ok(self.ask(inside, sql)?.into_iter().next().and_then(|row| row.into_iter().next()))
    }

    /// Returns a text that is made from others and from what there is already: as good as random, and the same in the
    /// same run.
    pub(super) fn token(
        &self,
        inside: &mut Inside<'_>,
        table: &str,
        of: &str,
    ) -> Result<String, Unanswered> {
        let count = self.first(inside, &format!("SELECT COUNT(*) FROM {table}"))?;
        Ok(digest(&format!("{table} {of} {} {count:?}", inside.now)))
    }
}

/// Returns 64 hexadecimal digits that stand for a text.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes a text as MySQL reads it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
