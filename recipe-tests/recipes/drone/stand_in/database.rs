//! The SQLite file: its tables, and how they are asked. Main type: [`Broken`].

use super::Drone;
use super::settings::Settings;
use crate::app::db::rows_in_file;
use crate::world::Inside;

/// The database cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Broken(pub(super) String);

/// So many changes the tables have behind them in 1.9 and in 1.10.
const OF_1_9: usize = 33;
const OF_1_10: usize = 36;

/// What the changes are called from then on, as far as they are not numbered here.
const NEWER: [&str; 3] = [
    "alter-table-repos-add-column-throttle",
    "alter-table-builds-add-column-debug",
    "alter-table-stages-add-column-limit-repos",
];

/// The tables that it makes, as far as they are played; names and columns are Drone's own.
const TABLES: &str = "CREATE TABLE IF NOT EXISTS migrations (name TEXT);
    CREATE TABLE IF NOT EXISTS users (user_id INTEGER PRIMARY KEY AUTOINCREMENT, user_login TEXT, user_email TEXT, user_admin BOOLEAN, user_machine BOOLEAN, user_active BOOLEAN, user_avatar TEXT, user_syncing BOOLEAN, user_synced INTEGER, user_created INTEGER, user_updated INTEGER, user_last_login INTEGER, user_oauth_token TEXT, user_oauth_refresh TEXT, user_oauth_expiry INTEGER, user_hash TEXT)";

impl Drone {
    /// Asks the database; returns the rows of all statements.
    pub(super) fn ask(
        &self,
        inside: &mut Inside<'_>,
        sql: &str,
    ) -> Result<Vec<Vec<String>>, Broken> {
        rows_in_file(inside, &Settings::read(inside).database, sql).map_err(Broken)
    }

    /// Makes the tables, or brings them up to date. A newer Drone's are taken as they are.
    pub(super) fn migrate(&self, inside: &mut Inside<'_>) -> Result<(), Broken> {
        self.ask(inside, TABLES)?;
        let done = self.ask(inside, "SELECT name FROM migrations")?;
        for number in done.len()..self.changes() {
            let name = match number.checked_sub(OF_1_9) {
                Some(newer) => NEWER.get(newer).copied().unwrap_or_default().to_owned(),
                None => format!("change-{number}"),
            };
            self.ask(inside, &format!("INSERT INTO migrations VALUES ({})", quoted(&name)))?;
        }
        Ok(())
    }

    /// Returns how many changes the tables of this version have behind them.
    fn changes(&self) -> usize {
        let mut numbers = self.version.split('.').map(|n| n.parse::<u64>().unwrap_or(0));
        let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if version >= (1, 10) { OF_1_10 } else { OF_1_9 }
    }
}

/// Writes a text as SQLite reads it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
