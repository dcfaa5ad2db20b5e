//! What Gitea asks of its database. Main type: [`Unanswered`].

use sha2::{Digest as _, Sha256};

use super::Gitea;
pub(super) use crate::app::db::quoted;
use crate::app::db::{Login, NoRows, rows, rows_in_file};
use crate::app::programs::Machine;
use crate::world::Inside;

/// What the settings call a database that is a file.
pub(super) const SQLITE: &str = "sqlite3";

/// How MySQL is told that a table numbers its rows.
const NUMBERED: &str = "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY";

/// Why the database does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unanswered(pub(super) String);

impl Gitea {
    /// Asks the database; returns the rows of the last statement.
    pub(super) fn ask(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Vec<Vec<String>>, Unanswered> {
        let of = |name: &str| Self::setting(inside, "database", name).unwrap_or_default();
        if of("DB_TYPE") == SQLITE {
            let file = of("PATH");
            if let Some((folder, _)) = file.rsplit_once('/') {
                inside.make_folder(folder);
            }
            // There a backslash is a sign like others, and stands for itself.
            let sql =
                sql.replace("\\\\", "\\").replace(NUMBERED, "INTEGER PRIMARY KEY AUTOINCREMENT");
            return rows_in_file(inside, &file, &sql).map_err(Unanswered);
        }
        let (at, user, database) = (of("HOST"), of("USER"), of("NAME"));
        let (host, port) = at.split_once(':').unwrap_or((&at, "3306"));
        let login = Login {
            host: host.to_owned(),
            port: port.parse().unwrap_or(3306),
            user: user.clone(),
            password: Some(of("PASSWD")),
            database: Some(database),
        };
        rows(&mut Machine { image: self, inside }, &login, sql).map_err(|why| {
            Unanswered(match why {
                NoRows::UnknownHost => format!("lookup {host}: no such host"),
                NoRows::Nobody => format!("dial tcp {at}: connection refused"),
                NoRows::Denied => format!("Error 1045 (28000): Access denied for user '{user}'"),
                NoRows::Failed(said) => said,
            })
        })
    }

    /// Asks the database for one row.
    pub(super) fn row(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Option<Vec<String>>, Unanswered> {
        Ok(self.ask(inside, sql)?.into_iter().next())
    }

    /// Asks the database for one value.
    pub(super) fn first(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Option<String>, Unanswered> {
        Ok(self.row(inside, sql)?.and_then(|row| row.into_iter().next()))
    }

    /// Inserts a row into a table that numbers its rows; returns the number.
    pub(super) fn insert(
        &self,
        inside: &mut Inside<'_>,
        table: &str,
        columns: &[(&str, String)],
    ) -> Result<String, Unanswered> {
        let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let values: Vec<&str> = columns.iter().map(|(_, value)| value.as_str()).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let sql = format!(
            "INSERT INTO {table} ({names}) VALUES ({values}); SELECT id FROM {table} ORDER BY id DESC LIMIT 1"
        );
        Ok(self.first(inside, &sql)?.unwrap_or_default())
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

/// Writes a truth value as MySQL reads it.
pub(super) fn flag(value: bool) -> String {
    u8::from(value).to_string()
}
