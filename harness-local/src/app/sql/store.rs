//! What a database server keeps. Main type: [`Server`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A value as text; none is `NULL`.
pub(in crate::app) type Cell = Option<String>;

/// A database server's whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app) struct Server {
    pub(in crate::app) databases: BTreeMap<String, Database>,
    /// Passwords by user.
    pub(in crate::app) users: BTreeMap<String, String>,
}

/// A database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::app) struct Database {
    pub(in crate::app) tables: BTreeMap<String, Table>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::app) struct Table {
    pub(in crate::app) columns: Vec<Column>,
    /// The primary key, then every other set of columns that must be unique.
    pub(in crate::app) primary: Vec<String>,
    pub(in crate::app) unique: Vec<Vec<String>>,
    /// The last number that was given out.
    pub(in crate::app) counted: i64,
    pub(in crate::app) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::app) struct Column {
    pub(in crate::app) name: String,
    /// Its type as it was written.
    pub(in crate::app) kind: String,
    pub(in crate::app) required: bool,
    /// Whether it numbers its rows.
    pub(in crate::app) counts: bool,
    /// The expression that stands for a value that was not given.
    pub(in crate::app) default: Option<String>,
}

impl Table {
    /// Returns where a column stands.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.name.clone()).collect()
    }

    /// Returns the sets of columns that must be unique, the primary key first.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Vec<String>> {
        std::iter::once(&self.primary).chain(&self.unique).filter(|key| !key.is_empty())
    }

    /// Returns the row that holds the same values in a key as a new one.
    pub(super) fn twin(&self, row: &[Cell], besides: Option<usize>) -> Option<(usize, &[String])> {
        self.keys().find_map(|key| {
            let at: Vec<usize> = key.iter().filter_map(|name| self.position(name)).collect();
            if at.iter().any(|i| row[*i].is_none()) {
                return None;
            }
            let same = |other: &Vec<Cell>| at.iter().all(|i| other[*i] == row[*i]);
            let found =
                self.rows.iter().enumerate().position(|(i, r)| Some(i) != besides && same(r));
            found.map(|i| (i, key.as_slice()))
        })
    }
}
