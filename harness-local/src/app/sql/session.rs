//! Doing statements one after the other. Main type: [`Session`].

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "the parser knows far more statements than are played"
)]

use serde::{Deserialize, Serialize};
use sqlparser::ast::{ObjectName, ObjectNamePart, Statement, Use};
use sqlparser::dialect::{Dialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;

use super::error::{SqlError, not_played};
use super::split::Piece;
use super::store::{Cell, Database, Server, Table};

/// Which database is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) enum Flavor {
    Postgres,
    MySql,
    Sqlite,
}

/// What a statement did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app) enum Done {
    /// It found rows.
    Rows { columns: Vec<String>, rows: Vec<Vec<Cell>> },
    /// It changed so many rows; PostgreSQL's word for it.
    Changed { word: String, count: usize },
    /// It did something else; PostgreSQL's word for it.
    Other { word: String },
}

/// What became of a statement.
pub(in crate::app) type Outcome = Result<Done, SqlError>;

/// A client's session.
#[derive(Debug)]
pub(in crate::app) struct Session<'a> {
    pub(in crate::app) flavor: Flavor,
    pub(in crate::app) server: &'a mut Server,
    pub(in crate::app) database: Option<String>,
    pub(in crate::app) user: String,
    /// The server's version as its own functions say it.
    pub(in crate::app) version: String,
    /// The time as the database writes it.
    pub(in crate::app) now: String,
    /// What was there when the transaction began, and whether it can still end well.
    pub(in crate::app) began: Option<(Server, bool)>,
}

/// Statements that prepare a session or say who may do what, which nothing here depends on.
const ACCEPTED: [&str; 22] = [
    "SET ",
    "LOCK TABLES",
    "UNLOCK TABLES",
    "GRANT ",
    "REVOKE ",
    "FLUSH ",
    "ANALYZE",
    "VACUUM",
    "PRAGMA ",
    "COMMENT ON",
    "CREATE EXTENSION",
    "DROP EXTENSION",
    "ALTER DATABASE",
    "ALTER SCHEMA",
    "ALTER DEFAULT PRIVILEGES",
    "CREATE SCHEMA",
    "CREATE INDEX",
    "DROP INDEX",
    "CHECKPOINT",
    "SELECT PG_CATALOG.SET_CONFIG",
    "SELECT PG_CATALOG.SETVAL",
    "REINDEX",
];

impl Session<'_> {
    /// Does a statement.
    pub(in crate::app) fn run(&mut self, piece: &Piece) -> Outcome {
        let done = self.attempt(piece);
        if done.is_err()
            && self.flavor == Flavor::Postgres
            && let Some((_, fine)) = &mut self.began
        {
            *fine = false;
        }
        done
    }

    fn attempt(&mut self, piece: &Piece) -> Outcome {
        let upper = piece.text.to_ascii_uppercase();
        let words: Vec<&str> = upper.split_whitespace().collect();
        if let Some(done) = self.transaction(&words) {
            return done;
        }
        if matches!(self.began, Some((_, false))) {
            return Err(SqlError::Aborted);
        }
        if let Some(lines) = &piece.data {
            return self.copy(&piece.text, lines);
        }
        if let Some(done) = self.account(&piece.text) {
            return done;
        }
        let plain = words.join(" ");
        if ACCEPTED.iter().any(|start| plain.starts_with(start)) || changes_no_data(&plain) {
            return Ok(Done::Other { word: tag_of(&words) });
        }
        let dialect: &dyn Dialect = match self.flavor {
            Flavor::Postgres => &PostgreSqlDialect {},
            Flavor::MySql => &MySqlDialect {},
            Flavor::Sqlite => &SQLiteDialect {},
        };
        let read = Parser::parse_sql(dialect, &piece.text);
        let statements = read.map_err(|e| unreadable(&e.to_string(), &words))?;
        let mut last = Ok(Done::Other { word: String::new() });
        for statement in &statements {
            last = Ok(self.statement(statement, &words)?);
        }
        last
    }

    fn statement(&mut self, statement: &Statement, words: &[&str]) -> Outcome {
        match statement {
            Statement::Query(query) => self.query(query),
            Statement::Insert(insert) => self.insert(insert),
            Statement::Update(update) => self.update(update),
            Statement::Delete(delete) => self.delete(delete),
            Statement::CreateTable(table) => self.create_table(table),
            Statement::Truncate(truncate) => self.truncate(truncate),
            Statement::Drop { object_type, if_exists, names, .. } => {
                self.drop_objects(*object_type, *if_exists, names)
            }
            Statement::AlterTable(alter) => self.alter_table(alter),
            Statement::Use(Use::Object(name) | Use::Database(name)) => {
                self.choose(&name.to_string())
            }
            Statement::ShowDatabases { .. }
            | Statement::ShowTables { .. }
            | Statement::ShowColumns { .. }
            | Statement::ShowCreate { .. }
            | Statement::ShowVariables { .. }
            | Statement::ShowVariable { .. }
            | Statement::ExplainTable { .. }
            | Statement::ShowProcessList { .. } => self.show(statement),
            _ => Err(not_played(words.iter().take(2).copied().collect::<Vec<_>>().join(" "))),
        }
    }

    fn transaction(&mut self, words: &[&str]) -> Option<Outcome> {
        let word = match words {
            ["BEGIN", ..] | ["START", "TRANSACTION", ..] => {
                if self.began.is_none() {
                    self.began = Some((self.server.clone(), true));
                }
                "BEGIN"
            }
            ["COMMIT" | "END", ..] => match self.began.take() {
                Some((before, false)) => {
                    *self.server = before;
                    "ROLLBACK"
                }
                Some((_, true)) | None => "COMMIT",
            },
            ["ROLLBACK"] | ["ROLLBACK", "TRANSACTION" | "WORK"] => {
                if let Some((before, _)) = self.began.take() {
                    *self.server = before;
                }
                "ROLLBACK"
            }
            _ => return None,
        };
        Some(Ok(Done::Other { word: word.to_owned() }))
    }

    /// Ends the session: what was not committed is lost.
    pub(in crate::app) fn end(&mut self) {
        if let Some((before, _)) = self.began.take() {
            *self.server = before;
        }
    }

    /// Chooses another database.
    pub(in crate::app) fn choose(&mut self, name: &str) -> Outcome {
        let name = name.trim_matches(['`', '"']).to_owned();
        if !self.server.databases.contains_key(&name) {
            return Err(SqlError::NoDatabase(name));
        }
        self.database = Some(name);
        Ok(Done::Other { word: "USE".to_owned() })
    }

    /// Returns the database and the name that a table's name says.
    pub(super) fn place(&self, name: &ObjectName) -> Result<(String, String), SqlError> {
        let parts: Vec<String> = name.0.iter().map(|p| self.part(p)).collect();
        let (table, before) = parts.split_last().ok_or(SqlError::NoneChosen)?;
        let schema = before.last().filter(|s| match self.flavor {
            Flavor::Postgres | Flavor::Sqlite => !["public", "main"].contains(&s.as_str()),
            Flavor::MySql => true,
        });
        match (schema, &self.database) {
            (Some(schema), _) if self.flavor == Flavor::MySql => {
                Ok((schema.clone(), table.clone()))
            }
            (Some(schema), Some(database)) => Ok((database.clone(), format!("{schema}.{table}"))),
            (_, Some(database)) => Ok((database.clone(), table.clone())),
            (_, None) => Err(SqlError::NoneChosen),
        }
    }

    fn part(&self, part: &ObjectNamePart) -> String {
        match part {
            ObjectNamePart::Identifier(ident) => self.name(ident),
            ObjectNamePart::Function(function) => function.to_string(),
        }
    }

    /// Returns a name as the database keeps it.
    pub(super) fn name(&self, ident: &sqlparser::ast::Ident) -> String {
        match (self.flavor, ident.quote_style) {
            (Flavor::Postgres, None) => ident.value.to_lowercase(),
            (Flavor::Postgres | Flavor::MySql | Flavor::Sqlite, _) => ident.value.clone(),
        }
    }

    pub(super) fn chosen(&mut self, database: &str) -> Result<&mut Database, SqlError> {
        let found = self.server.databases.get_mut(database);
        found.ok_or_else(|| SqlError::NoDatabase(database.to_owned()))
    }

    pub(super) fn table(&mut self, name: &ObjectName) -> Result<&mut Table, SqlError> {
        let (database, table) = self.place(name)?;
        let found = self.chosen(&database)?.tables.get_mut(&table);
        found.ok_or(SqlError::NoTable { database, table })
    }
}

/// Tells what is no SQL from what is SQL beyond what the parser knows.
fn unreadable(problem: &str, words: &[&str]) -> SqlError {
    const VERBS: [&str; 12] = [
        "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "SHOW", "DO", "CALL",
        "WITH", "REPLACE",
    ];
    let first = words.first().copied().unwrap_or_default();
    let plain = problem.trim_start_matches("sql parser error: ");
    if VERBS.contains(&first) && ["CREATE", "ALTER", "DROP", "DO", "CALL"].contains(&first) {
        return not_played(format!(
            "{} ({plain})",
            words.iter().take(3).copied().collect::<Vec<_>>().join(" ")
        ));
    }
    SqlError::Syntax(plain.to_owned())
}

/// Returns whether a change of a table leaves its data as it is.
fn changes_no_data(plain: &str) -> bool {
    plain.starts_with("ALTER TABLE ")
        && [" OWNER TO ", " DISABLE KEYS", " ENABLE KEYS", " REPLICA IDENTITY", " ADD CONSTRAINT "]
            .iter()
            .any(|what| plain.contains(what))
        && !plain.contains(" PRIMARY KEY ")
        && !plain.contains(" UNIQUE ")
        || plain.starts_with("ALTER SEQUENCE ")
        || plain.starts_with("CREATE SEQUENCE ")
}

/// Returns the words by which PostgreSQL says that something is done.
pub(super) fn tag_of(words: &[&str]) -> String {
    let two = ["CREATE", "DROP", "ALTER"].contains(words.first().unwrap_or(&""));
    words.iter().take(if two { 2 } else { 1 }).copied().collect::<Vec<_>>().join(" ")
}
