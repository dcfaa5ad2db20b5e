//! SQL in the app's databases, by the client that the database's own container has. Main type: [`Sql`].

use std::time::Duration;

use harness_backup::client::{Client, Dialect, query};

use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// How long a database that does not take connections is waited for: it may be starting again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The table of marker rows. Its name is no app's.
const TABLE: &str = "ccci_marker";

/// A database of the app: which product, in which service.
///
/// ```no_run
/// # use recipe_tests::{Check, Ctx, Sql};
/// # async fn check(ctx: Ctx) -> Check {
/// let db = Sql::mysql("db");
/// let rows = ctx.sql(&db, "SELECT title, slug FROM posts ORDER BY id").await?;
/// let first = rows.first().map(|row| row[0].as_str());
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sql {
    dialect: Dialect,
    service: String,
    database: String,
}

impl Sql {
    /// Returns the database of a service with PostgreSQL: the one that the image's variables name, as its superuser.
    pub fn postgres(service: &str) -> Self {
        Self::of(Dialect::Postgres, service, "")
    }

    /// Returns the database of a service with MySQL or MariaDB: the one that the image's variables name, as root where
    /// the container has root's password, else as the app's user.
    pub fn mysql(service: &str) -> Self {
        Self::of(Dialect::MySql, service, "")
    }

    /// Returns the SQLite database in a file of a service, whose image must have `sqlite3`.
    pub fn sqlite(service: &str, file: &str) -> Self {
        Self::of(Dialect::Sqlite, service, file)
    }

    fn of(dialect: Dialect, service: &str, database: &str) -> Self {
        Self { dialect, service: service.to_owned(), database: database.to_owned() }
    }

    /// Returns another database of the same server.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        name.clone_into(&mut self.database);
        self
    }

    /// Writes a text as the database reads it, with its quotes.
    pub fn text(&self, value: &str) -> String {
        self.dialect.text(value)
    }

    #[cfg(test)]
    fn argv<'a>(&'a self, statement: &'a str) -> Vec<&'a str> {
        self.dialect.argv(statement, &self.database)
    }
}

impl Ctx {
    /// Runs a statement in a database and returns the rows that it finds; `NULL` is the text `NULL`. A server that
    /// takes no connections is waited for, half a minute at most: nothing was run then.
    ///
    /// # Errors
    /// The statement failed, with what the database said, or there is no such service, container or client.
    pub async fn sql(&self, on: &Sql, statement: &str) -> Result<Vec<Vec<String>>, Failure> {
        let service = self.service(&on.service)?;
        let client = Client { dialect: on.dialect, service: &service, database: &on.database };
        // What was interrupted may have been done, and is not done again.
        Ok(query(self.access(), client, statement, PATIENCE, false).await?)
    }

    /// Plants a row of our own, over one of the same name: what the database must not lose. Only for seeds.
    ///
    /// # Errors
    /// As [`Ctx::sql`].
    pub async fn plant_row(&self, on: &Sql, name: &str, value: &str) -> Check {
        let (name, value) = (on.text(name), on.text(value));
        let statement = format!(
            "CREATE TABLE IF NOT EXISTS {TABLE} (name varchar(64) PRIMARY KEY, value varchar(255)); \
             DELETE FROM {TABLE} WHERE name = {name}; \
             INSERT INTO {TABLE} (name, value) VALUES ({name}, {value})"
        );
        self.sql(on, &statement).await.map(drop)
    }

    /// Returns what a row that was planted holds; none when it is not there.
    ///
    /// # Errors
    /// As [`Ctx::sql`]: also when the whole table is gone.
    pub async fn planted_row(&self, on: &Sql, name: &str) -> Result<Option<String>, Failure> {
        let statement = format!("SELECT value FROM {TABLE} WHERE name = {}", on.text(name));
        let rows = self.sql(on, &statement).await?;
        Ok(rows.into_iter().next().and_then(|row| row.into_iter().next()))
    }
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
