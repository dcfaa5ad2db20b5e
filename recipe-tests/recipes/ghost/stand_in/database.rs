//! What Ghost asks of its database.

use sha2::{Digest as _, Sha256};

use super::Ghost;
pub(super) use crate::app::db::quoted;
use crate::app::db::{Login, NoRows, rows};
use crate::app::programs::Machine;
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
        let login = Login {
            host: of("host").unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: of("port").and_then(|p| p.parse().ok()).unwrap_or(3306),
            user: of("user").unwrap_or_else(|| "root".to_owned()),
            password: of("password"),
            database: of("database"),
        };
        rows(&mut Machine { image: self, inside }, &login, sql).map_err(|why| {
            let Login { host, port, user, .. } = &login;
            Unanswered(match why {
                NoRows::UnknownHost => format!("getaddrinfo ENOTFOUND {host}"),
                NoRows::Nobody => format!("connect ECONNREFUSED {host}:{port}"),
                NoRows::Denied => {
                    format!("ER_ACCESS_DENIED_ERROR: Access denied for user '{user}'")
                }
                NoRows::Failed(said) => said,
            })
        })
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
