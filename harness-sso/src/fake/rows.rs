//! What a Keycloak keeps, as rows. Main items: [`Rows`], [`Memory`].

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub enum Kind {
    /// A realm.
    Realm,
    /// A client of a realm.
    Client,
    /// A user of a realm.
    User,
    /// A group of a realm.
    Group,
    /// A role of a realm.
    Role,
    /// A session of a user: somebody who is logged in.
    Session,
    /// A login that was begun.
    Login,
    /// A code that was given and not yet brought.
    Code,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Realm,
        Self::Client,
        Self::User,
        Self::Group,
        Self::Role,
        Self::Session,
        Self::Login,
        Self::Code,
    ];
}

/// A row.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Row {
    /// Its id, which no other row of its kind has.
    pub id: String,
    /// The id of the realm that it is in; of a realm its own.
    pub realm: String,
    /// Its name, which no other row of its kind in the realm has.
    pub name: String,
    /// All else.
    pub data: Value,
}

/// What a row is found by.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Its id.
    Id(&'a str),
    /// Its name, in a realm; of a realm its name alone.
    Name(&'a str, &'a str),
}

/// The rows cannot be reached: the database does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unavailable(pub String);

/// Where a Keycloak keeps what it knows.
pub trait Rows {
    /// Returns a row.
    ///
    /// # Errors
    /// The rows cannot be reached.
    fn find(&mut self, kind: Kind, by: By<'_>) -> Result<Option<Row>, Unavailable>;

    /// Returns all rows of a kind in a realm, the oldest first; of realms all there are.
    ///
    /// # Errors
    /// The rows cannot be reached.
    fn list(&mut self, kind: Kind, realm: &str) -> Result<Vec<Row>, Unavailable>;

    /// Keeps a row, over one with the same id.
    ///
    /// # Errors
    /// The rows cannot be reached.
    fn put(&mut self, kind: Kind, row: &Row) -> Result<(), Unavailable>;

    /// Forgets a row. None to forget is fine.
    ///
    /// # Errors
    /// The rows cannot be reached.
    fn remove(&mut self, kind: Kind, id: &str) -> Result<(), Unavailable>;

    /// Returns a number that was never returned before.
    ///
    /// # Errors
    /// The rows cannot be reached.
    fn next_number(&mut self) -> Result<u64, Unavailable>;

    /// Looks rows of these kinds up anew from here on, whatever it remembers.
    fn forget_cached(&mut self, _kinds: &[Kind]) {}
}

/// Rows in memory.
#[derive(Debug, Default)]
pub struct Memory {
    rows: Vec<(Kind, Row)>,
    number: u64,
}

impl Rows for Memory {
    fn find(&mut self, kind: Kind, by: By<'_>) -> Result<Option<Row>, Unavailable> {
        let is_it = |row: &Row| match by {
            By::Id(id) => row.id == id,
            By::Name(realm, name) => {
                (kind == Kind::Realm || row.realm == realm) && row.name == name
            }
        };
        let found = self.rows.iter().find(|(of, row)| *of == kind && is_it(row));
        Ok(found.map(|(_, row)| row.clone()))
    }

    fn list(&mut self, kind: Kind, realm: &str) -> Result<Vec<Row>, Unavailable> {
        let in_it = |row: &Row| kind == Kind::Realm || row.realm == realm;
        let rows = self.rows.iter().filter(|(of, row)| *of == kind && in_it(row));
        Ok(rows.map(|(_, row)| row.clone()).collect())
    }

    fn put(&mut self, kind: Kind, row: &Row) -> Result<(), Unavailable> {
        match self.rows.iter_mut().find(|(of, known)| *of == kind && known.id == row.id) {
            Some((_, known)) => *known = row.clone(),
            None => self.rows.push((kind, row.clone())),
        }
        Ok(())
    }

    fn remove(&mut self, kind: Kind, id: &str) -> Result<(), Unavailable> {
        self.rows.retain(|(of, row)| *of != kind || row.id != id);
        Ok(())
    }

    fn next_number(&mut self) -> Result<u64, Unavailable> {
        self.number += 1;
        Ok(self.number)
    }
}
