//! What Keycloak keeps: rows of the database, some of which it remembers, and what is in memory alone. Main type:
//! [`Kept`].

use harness_sso::fake::{By, Kind, Row, Rows, Unavailable};

use super::database::{Settings, TABLES, ask, changes_of, quoted};
use super::{Keycloak, memory};
use crate::world::Inside;

/// What Keycloak keeps, in the middle of a request.
pub(super) struct Kept<'a, 'b> {
    keycloak: &'a Keycloak,
    inside: &'a mut Inside<'b>,
    settings: Settings,
}

/// Where rows of a kind are.
enum Place {
    /// In a table; what was found there once is remembered, so that what the database has by now is not seen.
    Remembered(&'static str),
    /// In a table.
    Table(&'static str),
    /// In memory.
    Memory,
}

const fn place_of(kind: Kind) -> Place {
    match kind {
        Kind::Realm => Place::Remembered("REALM"),
        Kind::Client => Place::Remembered("CLIENT"),
        Kind::User => Place::Remembered("USER_ENTITY"),
        Kind::Group => Place::Remembered("KEYCLOAK_GROUP"),
        Kind::Role => Place::Remembered("KEYCLOAK_ROLE"),
        Kind::Session => Place::Table("OFFLINE_USER_SESSION"),
        Kind::Login | Kind::Code => Place::Memory,
    }
}

impl<'a, 'b> Kept<'a, 'b> {
    /// Returns what it keeps.
    pub(super) const fn of(
        keycloak: &'a Keycloak,
        inside: &'a mut Inside<'b>,
        settings: Settings,
    ) -> Self {
        Self { keycloak, inside, settings }
    }

    fn ask(&mut self, sql: &str) -> Result<Vec<Vec<String>>, Unavailable> {
        ask(self.keycloak, self.inside, &self.settings, sql)
    }

    /// Returns how many changes the tables have behind them; none where there are none yet.
    pub(super) fn changes(&mut self) -> Result<usize, Unavailable> {
        let made = "CREATE TABLE IF NOT EXISTS DATABASECHANGELOG (ID varchar(255) NOT NULL PRIMARY KEY, DESCRIPTION varchar(255)); SELECT ID FROM DATABASECHANGELOG";
        Ok(self.ask(made)?.len())
    }

    /// Makes the tables, or brings them up to date. A newer version's are left as they are.
    pub(super) fn migrate(&mut self, version: &str) -> Result<(), Unavailable> {
        let (done, wanted) = (self.changes()?, changes_of(version));
        if done == 0 {
            self.ask(TABLES)?;
        }
        let rows: Vec<String> =
            (done..wanted).map(|number| format!("('{number}', '{version}')")).collect();
        if !rows.is_empty() {
            let sql = "INSERT INTO DATABASECHANGELOG (ID, DESCRIPTION) VALUES";
            self.ask(&format!("{sql} {}", rows.join(",")))?;
        }
        Ok(())
    }

    fn select(&mut self, table: &str, condition: &str) -> Result<Vec<Row>, Unavailable> {
        let found =
            self.ask(&format!("SELECT ID, REALM_ID, NAME, DATA FROM {table} {condition}"))?;
        let row = |cells: Vec<String>| {
            let [id, realm, name, data] = <[String; 4]>::try_from(cells).ok()?;
            Some(Row { id, realm, name, data: serde_json::from_str(&data).ok()? })
        };
        Ok(found.into_iter().filter_map(row).collect())
    }

    fn remember(&mut self, kind: Kind, row: &Row) {
        let mut rows = memory::rows(self.inside, kind);
        match rows.iter_mut().find(|known| known.id == row.id) {
            Some(known) => *known = row.clone(),
            None => rows.push(row.clone()),
        }
        memory::set_rows(self.inside, kind, &rows);
    }
}

fn is_it(kind: Kind, row: &Row, by: By<'_>) -> bool {
    match by {
        By::Id(id) => row.id == id,
        By::Name(realm, name) => (kind == Kind::Realm || row.realm == realm) && row.name == name,
    }
}

impl Rows for Kept<'_, '_> {
    fn find(&mut self, kind: Kind, by: By<'_>) -> Result<Option<Row>, Unavailable> {
        let remembers = !matches!(place_of(kind), Place::Table(_));
        let mut known = if remembers { memory::rows(self.inside, kind) } else { Vec::new() };
        if let Some(at) = known.iter().position(|row| is_it(kind, row, by)) {
            return Ok(Some(known.swap_remove(at)));
        }
        let (Place::Remembered(table) | Place::Table(table)) = place_of(kind) else {
            return Ok(None);
        };
        let condition = match by {
            By::Id(id) => format!("WHERE ID = {}", quoted(id)),
            By::Name(_, name) if kind == Kind::Realm => format!("WHERE NAME = {}", quoted(name)),
            By::Name(realm, name) => {
                format!("WHERE REALM_ID = {} AND NAME = {}", quoted(realm), quoted(name))
            }
        };
        let found = self.select(table, &condition)?.into_iter().next();
        if let Some(row) = found.as_ref().filter(|_| remembers) {
            self.remember(kind, row);
        }
        Ok(found)
    }

    fn list(&mut self, kind: Kind, realm: &str) -> Result<Vec<Row>, Unavailable> {
        let (Place::Remembered(table) | Place::Table(table)) = place_of(kind) else {
            let rows = memory::rows(self.inside, kind).into_iter();
            return Ok(rows.filter(|row| row.realm == realm).collect());
        };
        let condition = if kind == Kind::Realm {
            String::new()
        } else {
            format!("WHERE REALM_ID = {}", quoted(realm))
        };
        self.select(table, &condition)
    }

    fn put(&mut self, kind: Kind, row: &Row) -> Result<(), Unavailable> {
        if let Place::Remembered(table) | Place::Table(table) = place_of(kind) {
            let (id, realm, name) = (quoted(&row.id), quoted(&row.realm), quoted(&row.name));
            let data = quoted(&row.data.to_string());
            self.ask(&format!(
                "UPDATE {table} SET NAME = {name}, DATA = {data} WHERE ID = {id}; \
                 INSERT IGNORE INTO {table} (ID, REALM_ID, NAME, DATA) VALUES ({id}, {realm}, {name}, {data})"
            ))?;
        }
        if !matches!(place_of(kind), Place::Table(_)) {
            self.remember(kind, row);
        }
        Ok(())
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Result<(), Unavailable> {
        if let Place::Remembered(table) | Place::Table(table) = place_of(kind) {
            self.ask(&format!("DELETE FROM {table} WHERE ID = {}", quoted(id)))?;
        }
        let mut rows = memory::rows(self.inside, kind);
        rows.retain(|row| row.id != id);
        memory::set_rows(self.inside, kind, &rows);
        Ok(())
    }

    fn next_number(&mut self) -> Result<u64, Unavailable> {
        let number = memory::remembered(self.inside, "number").unwrap_or(0) + 1;
        memory::remember(self.inside, "number", &number);
        Ok(number)
    }

    fn forget_cached(&mut self, kinds: &[Kind]) {
        for kind in kinds {
            memory::set_rows(self.inside, *kind, &[]);
        }
    }
}
