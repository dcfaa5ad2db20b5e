//! SQL in the app's databases, by the client that the database's own container has. Main type: [`Sql`].
//!
//! The statement is handed over as one argument, so no shell reads it. The password is read in the container, from the
//! variable or the file that the image itself uses, and never leaves it.

use std::time::Duration;

use harness_backup::{Executed, Reach as _, ReachError};
use harness_core::wait::{Hint, Pace, Readiness, until};

use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// How long a database that does not take connections is waited for: it may be starting again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The table of marker rows. Its name is no app's.
const TABLE: &str = "ccci_marker";

/// Between the columns and between the rows of what `psql` and `sqlite3` print: signs that no value has.
const UNIT: char = '\u{1f}';
const RECORD: char = '\u{1e}';

/// Reads who it is from the image's variables; root if there is a password for it. `mariadb` is what newer images of
/// MariaDB call the client. Arguments: the statement, the database.
const MYSQL: &str = r#"
set -eu
user=root
password="${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-}}"
file="${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}"
if [ -z "${password}${file}" ]; then
  user="${MARIADB_USER:-${MYSQL_USER:-root}}"
  password="${MARIADB_PASSWORD:-${MYSQL_PASSWORD:-}}"
  file="${MARIADB_PASSWORD_FILE:-${MYSQL_PASSWORD_FILE:-}}"
fi
if [ -n "${file}" ]; then password="$(cat "${file}")"; fi
client=mysql
if command -v mariadb > /dev/null; then client=mariadb; fi
export MYSQL_PWD="${password}"
database="${2:-${MARIADB_DATABASE:-${MYSQL_DATABASE:-}}}"
exec "${client}" --user="${user}" --batch --skip-column-names --database="${database}" --execute="$1"
"#;

/// The same for PostgreSQL, as its superuser. Arguments: the statement, the database, the signs between columns and rows.
const POSTGRES: &str = r#"
set -eu
user="${POSTGRES_USER:-postgres}"
password="${POSTGRES_PASSWORD:-}"
if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then password="$(cat "${POSTGRES_PASSWORD_FILE}")"; fi
export PGPASSWORD="${password}"
database="${2:-${POSTGRES_DB:-${user}}}"
exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 --pset=null=NULL --field-separator="$3" --record-separator="$4" --username="${user}" --dbname="${database}" --command="$1"
"#;

/// A file that is not there would be made, and a marker in it would prove nothing. Arguments: the statement, the file.
const SQLITE: &str = r#"
set -eu
if [ ! -f "$2" ]; then echo "there is no database $2" >&2; exit 1; fi
exec sqlite3 -batch -bail -ascii -nullvalue NULL -cmd ".timeout 10000" "$2" "$1"
"#;

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
    product: Product,
    service: String,
    database: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Product {
    Postgres,
    MySql,
    Sqlite,
}

impl Sql {
    /// Returns the database of a service with PostgreSQL: the one that the image's variables name, as its superuser.
    pub fn postgres(service: &str) -> Self {
        Self::of(Product::Postgres, service, "")
    }

    /// Returns the database of a service with MySQL or MariaDB: the one that the image's variables name, as root where
    /// the container has root's password, else as the app's user.
    pub fn mysql(service: &str) -> Self {
        Self::of(Product::MySql, service, "")
    }

    /// Returns the SQLite database in a file of a service, whose image must have `sqlite3`.
    pub fn sqlite(service: &str, file: &str) -> Self {
        Self::of(Product::Sqlite, service, file)
    }

    fn of(product: Product, service: &str, database: &str) -> Self {
        Self { product, service: service.to_owned(), database: database.to_owned() }
    }

    /// Returns another database of the same server.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        name.clone_into(&mut self.database);
        self
    }

    /// Writes a text as the database reads it, with its quotes.
    pub fn text(&self, value: &str) -> String {
        let quoted = value.replace('\'', "''");
        match self.product {
            Product::MySql => format!("'{}'", quoted.replace('\\', "\\\\")),
            Product::Postgres | Product::Sqlite => format!("'{quoted}'"),
        }
    }

    fn argv<'a>(&'a self, statement: &'a str) -> Vec<&'a str> {
        let script = match self.product {
            Product::Postgres => POSTGRES,
            Product::MySql => MYSQL,
            Product::Sqlite => SQLITE,
        };
        let mut argv = vec!["sh", "-c", script, "sql", statement, &self.database];
        if self.product == Product::Postgres {
            argv.extend(["\u{1f}", "\u{1e}"]);
        }
        argv
    }

    fn rows(&self, printed: &str) -> Vec<Vec<String>> {
        match self.product {
            Product::MySql => tabbed(printed),
            // The last row ends with a line's end only, and there is none without rows.
            Product::Postgres if printed.is_empty() => Vec::new(),
            Product::Postgres => separated(printed.strip_suffix('\n').unwrap_or(printed)),
            Product::Sqlite if printed.is_empty() => Vec::new(),
            Product::Sqlite => separated(printed.strip_suffix(RECORD).unwrap_or(printed)),
        }
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
        let argv = on.argv(statement);
        let mut last = None;
        let look = async || match self.access().exec(&service, &argv).await {
            Err(error) if error.may_pass() || takes_no_connections(&error) => {
                let text = error.to_string();
                last = Some(error);
                Readiness::NotYet(text)
            }
            ended => Readiness::Ready(ended),
        };
        let ended = match until(Pace::within(PATIENCE), &Hint::default(), look, |_| {}).await {
            Ok(ended) => ended,
            Err(error) => match last {
                Some(error) => Err(error),
                None => return Err(error.into()),
            },
        };
        match ended {
            Ok(Executed { stdout, .. }) => Ok(on.rows(&stdout)),
            Err(ReachError::Command { service, reason, .. }) => {
                Err(ReachError::Command { service, command: shortened(statement), reason }.into())
            }
            Err(error) => Err(error.into()),
        }
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

/// Returns whether the server could not be spoken to at all: the statement was not run, and may be a moment later.
fn takes_no_connections(error: &ReachError) -> bool {
    let ReachError::Command { reason, .. } = error else { return false };
    [
        "ERROR 2002 ",
        "ERROR 2003 ",
        "Is the server running",
        "the database system is starting up",
        "the database system is shutting down",
        "the database system is in recovery mode",
    ]
    .iter()
    .any(|said| reason.contains(said))
}

/// Reads what `mysql` prints with `--batch`: tabs between columns, and what would break a line escaped.
fn tabbed(printed: &str) -> Vec<Vec<String>> {
    printed.lines().map(|line| line.split('\t').map(unescaped).collect()).collect()
}

fn unescaped(cell: &str) -> String {
    let mut text = String::new();
    let mut chars = cell.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some('0') => text.push('\0'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            other => text.push(other),
        }
    }
    text
}

fn separated(printed: &str) -> Vec<Vec<String>> {
    let cells = |row: &str| row.split(UNIT).map(str::to_owned).collect();
    printed.split(RECORD).map(cells).collect()
}

/// Returns a statement in one line, for an error.
fn shortened(statement: &str) -> String {
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(120).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
#[path = "sql_tests.rs"]
mod tests;
