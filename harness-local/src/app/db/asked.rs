//! How a stand-in of an app asks MySQL or MariaDB. Main items: [`Login`], [`rows`].

use super::super::programs::Machine;
use super::super::sql::{Done, Flavor, pieces};
use super::client::{Ask, Reply, Silence, Want, connect};

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

/// Writes a text as MySQL reads it.
pub(in crate::app) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
