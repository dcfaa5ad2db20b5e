//! Stand-ins for databases behind the command lines that recipes and checks use.
//!
//! What a database keeps lies as files in its data directory, so a lost volume, a restored file and a half-made data
//! directory have the consequences that they have with the real one. A client speaks to a server of the same container
//! or of another service; what it cannot do is refused by name.

mod asked;
mod client;
mod data;
mod image;
mod mysql;
mod mysql_dump;
mod options;
mod pg_dump;
mod postgres;
mod psql_shown;
mod redis;
mod sqlite;

pub(super) use asked::{Login, NoRows, quoted, rows, rows_in_file};
pub(super) use client::{Ask, Reply, Silence, Want, connect};
pub(super) use image::{DatabaseImage, Product};
pub(super) use redis::Redis;

use super::programs::Machine;
use crate::world::Io;

/// The clients that can be run in any container.
pub(super) const CLIENTS: [&str; 16] = [
    "mysql",
    "mariadb",
    "mysqladmin",
    "mariadb-admin",
    "mysqldump",
    "mariadb-dump",
    "psql",
    "pg_isready",
    "createdb",
    "dropdb",
    "pg_dump",
    "pg_dumpall",
    "pg_restore",
    "sqlite3",
    "redis-cli",
    "valkey-cli",
];

/// Runs a database's client; none when the program is no such client.
pub(super) fn client(
    machine: &mut Machine<'_, '_>,
    program: &str,
    words: &[&str],
    io: &mut Io<'_>,
) -> Option<i64> {
    Some(match program {
        "mysql" | "mariadb" => mysql::mysql(machine, words, io),
        "mysqladmin" | "mariadb-admin" => mysql::admin(machine, words, io),
        "mysqldump" | "mariadb-dump" => mysql_dump::dump(machine, program, words, io),
        "psql" => postgres::psql(machine, words, io),
        "pg_isready" => postgres::isready(machine, words, io),
        "createdb" | "dropdb" => postgres::database(machine, program, words, io),
        "pg_dump" => pg_dump::dump(machine, words, io),
        "pg_dumpall" => pg_dump::dump_all(machine, words, io),
        "pg_restore" => pg_dump::restore(machine, words, io),
        "sqlite3" => sqlite::sqlite3(machine, words, io),
        "redis-cli" | "valkey-cli" => redis::cli(machine, words, io),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
