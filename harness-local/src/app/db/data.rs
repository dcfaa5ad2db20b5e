//! A server's data directory: one readable file for each database, one for the users.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

use super::image::Product;
use crate::app::sql::{Database, Server};
use crate::world::Inside;

/// Where a product keeps its data.
pub(super) fn folder(product: Product, inside: &Inside<'_>) -> String {
    match product {
        Product::MySql | Product::MariaDb => "/var/lib/mysql".to_owned(),
        Product::Postgres => {
            let set = inside.env.get("PGDATA").cloned();
            set.unwrap_or_else(|| "/var/lib/postgresql/data".to_owned())
        }
    }
}

/// Returns the file that is there from the first moment, and the file with the users, which is there at the end.
pub(super) const fn marks(product: Product) -> (&'static str, &'static str) {
    match product {
        Product::MySql | Product::MariaDb => ("ibdata1", "mysql/users.json"),
        Product::Postgres => ("PG_VERSION", "global/users.json"),
    }
}

fn file(product: Product, folder: &str, database: &str) -> String {
    match product {
        Product::MySql | Product::MariaDb => format!("{folder}/{database}/tables.json"),
        Product::Postgres => format!("{folder}/base/{database}/tables.json"),
    }
}

/// How far a data directory is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing was made yet.
    Empty,
    /// Making it was interrupted.
    HalfMade,
    /// It can be used.
    Whole(Box<Server>),
    /// This file of it cannot be read.
    Damaged(String),
}

/// Looks at a data directory.
pub(super) fn look(product: Product, inside: &Inside<'_>) -> State {
    let folder = folder(product, inside);
    let (first, last) = marks(product);
    let has = |name: &str| inside.read(&format!("{folder}/{name}"));
    let Some(users) = has(last) else {
        return if has(first).is_some() { State::HalfMade } else { State::Empty };
    };
    if has(first).is_none() {
        return State::Damaged(format!("{folder}/{first}"));
    }
    let Ok(users) = serde_json::from_slice::<BTreeMap<String, String>>(users) else {
        return State::Damaged(format!("{folder}/{last}"));
    };
    let mut server = Server { users, ..Server::default() };
    for path in inside.below(&folder) {
        let inner = path.strip_suffix("/tables.json").and_then(|p| p.strip_prefix(&folder));
        let Some(name) = inner.and_then(|p| p.rsplit('/').next()) else { continue };
        let read = inside.read(&path).and_then(read);
        match read {
            Some(database) => drop(server.databases.insert(name.to_owned(), database)),
            None => return State::Damaged(path),
        }
    }
    State::Whole(Box::new(server))
}

thread_local! {
    /// What was read last, by its bytes: a server reads its files once, and this one would for each request.
    static LATEST: RefCell<VecDeque<(Vec<u8>, Database)>> = const { RefCell::new(VecDeque::new()) };
}

/// So many databases are remembered.
const REMEMBERED: usize = 8;

/// Reads a database from its bytes; none if they are damaged.
fn read(bytes: &[u8]) -> Option<Database> {
    LATEST.with_borrow_mut(|latest| {
        if let Some((_, known)) = latest.iter().find(|(known, _)| known == bytes) {
            return Some(known.clone());
        }
        let read: Database = serde_json::from_slice(bytes).ok()?;
        if latest.len() >= REMEMBERED {
            latest.pop_front();
        }
        latest.push_back((bytes.to_vec(), read.clone()));
        Some(read)
    })
}

/// Writes what changed.
pub(super) fn store(product: Product, inside: &mut Inside<'_>, before: &Server, after: &Server) {
    let folder = folder(product, inside);
    // A data directory that may only be read or has vanished keeps nothing, as a real one.
    let mut write = |path: &str, bytes: Vec<u8>| {
        if inside.write_new(path, bytes).is_err() {
            tracing::debug!(path, "a simulated database cannot write");
        }
    };
    if before.users != after.users || before.users.is_empty() {
        write(&format!("{folder}/{}", marks(product).1), pretty(&after.users));
    }
    for (name, database) in &after.databases {
        if before.databases.get(name) != Some(database) {
            write(&file(product, &folder, name), pretty(database));
        }
    }
    for name in before.databases.keys().filter(|n| !after.databases.contains_key(*n)) {
        if inside.remove(&file(product, &folder, name)).is_err() {
            tracing::debug!(name, "a simulated database cannot be removed");
        }
    }
}

fn pretty(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("rows of text can be written as JSON")
}
