//! What a database says to what it cannot do. Main type: [`SqlError`].

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::session::Flavor;

/// A statement could not be done. The words are not of any one database: see [`SqlError::said`].
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub(in crate::app) enum SqlError {
    #[error("there is no table {table}")]
    NoTable { database: String, table: String },
    #[error("there is a table {0} already")]
    TableExists(String),
    #[error("there is no column {0}")]
    NoColumn(String),
    #[error("there is no database {0}")]
    NoDatabase(String),
    #[error("there is a database {0} already")]
    DatabaseExists(String),
    #[error("no database is chosen")]
    NoneChosen,
    #[error("{value} is there already in {key}")]
    Duplicate { table: String, key: String, value: String },
    #[error("{column} needs a value")]
    Required { table: String, column: String },
    #[error("columns and values differ in number")]
    Count,
    #[error("there is no user {0}")]
    NoUser(String),
    #[error("there is a user {0} already")]
    UserExists(String),
    #[error("syntax error: {0}")]
    Syntax(String),
    #[error("{0} is not played by a stand-in")]
    NotPlayed(String),
    #[error("the transaction is aborted")]
    Aborted,
}

/// Refuses something by its name.
pub(in crate::app) fn not_played(what: impl Into<String>) -> SqlError {
    SqlError::NotPlayed(what.into())
}

impl SqlError {
    /// Returns the message in a database's own words, without what its client puts before it.
    pub(in crate::app) fn said(&self, flavor: Flavor) -> String {
        match flavor {
            Flavor::Postgres => self.postgres(),
            Flavor::MySql => self.mysql(),
            Flavor::Sqlite => self.sqlite(),
        }
    }

    fn postgres(&self) -> String {
        match self {
            Self::NoTable { table, .. } => format!("relation \"{table}\" does not exist"),
            Self::TableExists(table) => format!("relation \"{table}\" already exists"),
            Self::NoColumn(column) => format!("column \"{column}\" does not exist"),
            Self::NoDatabase(name) => format!("database \"{name}\" does not exist"),
            Self::DatabaseExists(name) => format!("database \"{name}\" already exists"),
            Self::NoneChosen => "no database is chosen".to_owned(),
            Self::Duplicate { table, .. } => {
                format!("duplicate key value violates unique constraint \"{table}_key\"")
            }
            Self::Required { table, column } => format!(
                "null value in column \"{column}\" of relation \"{table}\" violates not-null constraint"
            ),
            Self::Count => "INSERT has more expressions than target columns".to_owned(),
            Self::NoUser(name) => format!("role \"{name}\" does not exist"),
            Self::UserExists(name) => format!("role \"{name}\" already exists"),
            Self::Aborted => "current transaction is aborted, commands ignored until end of \
                              transaction block"
                .to_owned(),
            Self::Syntax(_) | Self::NotPlayed(_) => self.to_string(),
        }
    }

    fn mysql(&self) -> String {
        match self {
            Self::NoTable { database, table } => {
                format!("1146 (42S02)|Table '{database}.{table}' doesn't exist")
            }
            Self::TableExists(table) => format!("1050 (42S01)|Table '{table}' already exists"),
            Self::NoColumn(column) => {
                format!("1054 (42S22)|Unknown column '{column}' in 'field list'")
            }
            Self::NoDatabase(name) => format!("1049 (42000)|Unknown database '{name}'"),
            Self::DatabaseExists(name) => {
                format!("1007 (HY000)|Can't create database '{name}'; database exists")
            }
            Self::NoneChosen => "1046 (3D000)|No database selected".to_owned(),
            Self::Duplicate { key, value, .. } => {
                format!("1062 (23000)|Duplicate entry '{value}' for key '{key}'")
            }
            Self::Required { column, .. } => {
                format!("1048 (23000)|Column '{column}' cannot be null")
            }
            Self::Count => {
                "1136 (21S01)|Column count doesn't match value count at row 1".to_owned()
            }
            Self::NoUser(name) => {
                format!("1396 (HY000)|Operation ALTER USER failed for '{name}'@'%'")
            }
            Self::UserExists(name) => {
                format!("1396 (HY000)|Operation CREATE USER failed for '{name}'@'%'")
            }
            Self::Syntax(text) => {
                format!("1064 (42000)|You have an error in your SQL syntax; {text}")
            }
            Self::NotPlayed(_) | Self::Aborted => format!("1235 (42000)|{self}"),
        }
    }

    fn sqlite(&self) -> String {
        match self {
            Self::NoTable { table, .. } => format!("no such table: {table}"),
            Self::TableExists(table) => format!("table {table} already exists"),
            Self::NoColumn(column) => format!("no such column: {column}"),
            Self::Duplicate { table, key, .. } => {
                format!("UNIQUE constraint failed: {table}.{key}")
            }
            Self::Required { table, column } => {
                format!("NOT NULL constraint failed: {table}.{column}")
            }
            Self::Count => "table and values differ in the number of columns".to_owned(),
            Self::Syntax(text) => format!("near \"{text}\": syntax error"),
            Self::NoDatabase(_)
            | Self::DatabaseExists(_)
            | Self::NoneChosen
            | Self::NoUser(_)
            | Self::UserExists(_)
            | Self::NotPlayed(_)
            | Self::Aborted => self.to_string(),
        }
    }
}
