//! A small SQL engine under the stand-ins for databases. Main types: [`Session`], [`Server`].
//!
//! Tables are rows of text. Statements are read by a real SQL parser, in the dialect of the database that is played; of
//! what it reads, that is done which recipes' scripts, hooks and checks use. All else is refused by name with the words
//! "not played by a stand-in", and never half done.

mod account;
mod change;
mod define;
mod dump;
mod error;
mod evaluate;
mod query;
mod session;
mod shown;
mod split;
mod store;
mod virtual_tables;

pub(super) use dump::{definition, insert, quoted};
pub(super) use session::{Done, Flavor, Outcome, Session};
pub(super) use split::{Piece, pieces};
pub(super) use store::{Cell, Database, Server, Table};

#[cfg(test)]
mod tests;
