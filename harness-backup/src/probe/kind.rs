//! What a file is, by how it begins. Main type: [`Kind`].

use std::fmt;

use harness_core::store::Product;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `pg_dump`, as SQL.
    PgDump,
    /// `pg_dumpall`.
    PgDumpAll,
    /// `pg_dump --format=custom`.
    PgCustom,
    /// The table of contents of `pg_dump --format=directory` or `tar`; the data are files beside it.
    PgToc,
    /// `mysqldump` or `mariadb-dump`.
    MySqlDump,
    /// `mysqldump` or `mariadb-dump` without its comments.
    MySqlBare,
    /// `.dump` of `sqlite3`.
    SqliteDump,
    /// A SQLite database.
    SqliteFile,
    /// A Redis database.
    RedisRdb,
    /// `mongodump --archive`.
    MongoArchive,
    /// An archive of files.
    Tar,
    /// Anything else.
    Other,
}

/// How binary files begin.
const MAGIC: &[(&[u8], Kind)] = &[
    (b"SQLite format 3\0", Kind::SqliteFile),
    (b"REDIS0", Kind::RedisRdb),
    (b"\x6d\xe2\x99\x81", Kind::MongoArchive),
];

/// Lines at the beginning of dumps, and what they tell. The first row that fits decides: a dump of all databases holds
/// dumps of one.
const FIRST_LINES: &[(&str, Kind)] = &[
    ("-- PostgreSQL database cluster dump", Kind::PgDumpAll),
    ("-- PostgreSQL database dump", Kind::PgDump),
    ("-- MySQL dump ", Kind::MySqlDump),
    ("-- MariaDB dump ", Kind::MySqlDump),
    ("/*!40101 SET @OLD_CHARACTER_SET_CLIENT=", Kind::MySqlBare),
    ("/*!40101 SET @saved_cs_client", Kind::MySqlBare),
    ("/*M!999999\\- enable the sandbox mode */", Kind::MySqlBare),
];

/// Where those lines are looked for, in bytes: a hook may say something first.
const FIRST: usize = 2048;

impl Kind {
    /// Returns what begins like this.
    pub(super) fn of(head: &[u8]) -> Self {
        if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| head.starts_with(magic)) {
            return *kind;
        }
        if head.starts_with(b"PGDMP") {
            return super::format::pg_kind(head);
        }
        if head.get(257..262) == Some(b"ustar") {
            return Self::Tar;
        }
        let text = String::from_utf8_lossy(&head[..head.len().min(FIRST)]);
        if text.starts_with("PRAGMA foreign_keys=OFF;") || text.starts_with("BEGIN TRANSACTION;") {
            return Self::SqliteDump;
        }
        let is_there = |line: &str| text.lines().any(|l| l.starts_with(line));
        FIRST_LINES.iter().find(|(line, _)| is_there(line)).map_or(Self::Other, |(_, kind)| *kind)
    }

    /// Returns whether it is what a tool made so that a database can be read in again.
    pub const fn is_dump(self) -> bool {
        match self {
            Self::PgDump
            | Self::PgDumpAll
            | Self::PgCustom
            | Self::PgToc
            | Self::MySqlDump
            | Self::MySqlBare
            | Self::SqliteDump
            | Self::MongoArchive => true,
            Self::SqliteFile | Self::RedisRdb | Self::Tar | Self::Other => false,
        }
    }

    /// Returns whether it holds data of such a product, as a dump or as the product's own file.
    pub const fn is_of(self, product: Product) -> bool {
        match self {
            Self::PgDump | Self::PgDumpAll | Self::PgCustom | Self::PgToc => {
                matches!(product, Product::Postgres)
            }
            Self::MySqlDump | Self::MySqlBare => {
                matches!(product, Product::MySql | Product::MariaDb)
            }
            Self::SqliteDump | Self::SqliteFile => matches!(product, Product::Sqlite),
            Self::RedisRdb => matches!(product, Product::Redis),
            Self::MongoArchive => matches!(product, Product::MongoDb),
            Self::Tar | Self::Other => false,
        }
    }
}

/// Shows it as it fits after "a" or "the".
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::PgDump => "dump by pg_dump",
            Self::PgDumpAll => "dump by pg_dumpall",
            Self::PgCustom => "dump by pg_dump (custom format)",
            Self::PgToc => "table of contents by pg_dump",
            Self::MySqlDump => "dump by mysqldump or mariadb-dump",
            Self::MySqlBare => "dump by mysqldump or mariadb-dump without comments",
            Self::SqliteDump => "dump by sqlite3",
            Self::SqliteFile => "SQLite database",
            Self::RedisRdb => "Redis database",
            Self::MongoArchive => "dump by mongodump",
            Self::Tar => "archive of files",
            Self::Other => "file",
        })
    }
}
