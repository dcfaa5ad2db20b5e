//! How a stand-in of an app asks its database: MySQL or MariaDB, or a file of SQLite's. Main items: [`Login`], [`rows`],
//! [`rows_in_file`].

use super::super::generic::Generic;
use super::super::programs::{Machine, run_program};
use super::super::sql::{Done, Flavor, pieces};
use super::client::{Ask, Reply, Silence, Want, connect};
use crate::world::{Inside, Io, Ran};

/// As whom an app asks, and where.
#[derive(Clone, Debug)]
pub(in crate::app) struct Login {
    pub(in crate::app) host: String,
    pub(in crate::app) port: u16,
    pub(in crate::app) user: String,
    pub(in crate::app) password: Option<String>,
    pub(in crate::app) database: Option<String>,
}

/// Why there are no rows: each app has its own words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) enum NoRows {
    /// There is no service of the name.
    UnknownHost,
    /// Nothing listens there.
    Nobody,
    /// The app may not come in.
    Denied,
    /// A statement failed, with what the server says.
    Failed(String),
}

/// Asks the database; returns the rows of the last statement.
pub(in crate::app) fn rows(
    machine: &mut Machine<'_, '_>,
    login: &Login,
    sql: &str,
) -> Result<Vec<Vec<String>>, NoRows> {
    let want = Want::Run { pieces: pieces(sql, '\\'), stops: true, atomic: false };
    let Login { host, port, user, password, database } = login.clone();
    let ask = Ask::new(user, password, false, database, want);
    let outcomes = match connect(machine, Some(&host), port, &ask) {
        Err(Silence::UnknownHost) => return Err(NoRows::UnknownHost),
        Err(Silence::Nobody) => return Err(NoRows::Nobody),
        Ok(Reply::Refused(_) | Reply::Read { .. }) => return Err(NoRows::Denied),
        Ok(Reply::Ran { outcomes, .. }) => outcomes,
    };
    if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
        return Err(NoRows::Failed(error.said(Flavor::MySql)));
    }
    let Some(Ok(Done::Rows { rows, .. })) = outcomes.into_iter().next_back() else {
        return Ok(Vec::new());
    };
    let text = |row: Vec<Option<String>>| row.into_iter().map(Option::unwrap_or_default).collect();
    Ok(rows.into_iter().map(text).collect())
}

/// Asks a file of SQLite's, by the library that is in the app: its image need not have a client. Returns the rows of all
/// statements.
pub(in crate::app) fn rows_in_file(
    inside: &mut Inside<'_>,
    file: &str,
    sql: &str,
) -> Result<Vec<Vec<String>>, String> {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let argv = ["sqlite3", "-bail", "-ascii", file, sql].map(str::to_owned);
    let mut io = Io { stdin: &[], out: &mut out, err: &mut err };
    match run_program(&Generic, inside, &argv, &mut io) {
        Ran::Ended(0) => {}
        Ran::Ended(_) | Ran::Serves { .. } | Ran::Idles | Ran::Waits { .. } => {
            return Err(String::from_utf8_lossy(&err).trim().to_owned());
        }
    }
    let text = String::from_utf8_lossy(&out).into_owned();
    let rows = text.split('\u{1e}').filter(|row| !row.is_empty());
    Ok(rows.map(|row| row.split('\u{1f}').map(str::to_owned).collect()).collect())
}

/// Writes a text as MySQL reads it.
pub(in crate::app) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
