//! The vocabulary of what keeps an app's data. Main types: [`Store`], [`Product`], [`Coverage`], [`Unrecognized`].
//!
//! Stores are found by `harness-backup`; the run file hands them to checks.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::name::ServiceName;

/// Something in which an app keeps data: the files of a volume, or a database.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Store {
    /// What keeps the data.
    pub product: Product,
    /// The service through which it is reached.
    pub service: ServiceName,
    /// Files: where that service mounts the volume. SQLite: the database's file in its container. Otherwise: the
    /// server's data directory in its container, if it is known.
    pub at: String,
    /// The volume that it lies in, by name in the compose file; none where nothing is mounted there.
    pub volume: Option<String>,
    /// What the recipe's labels say that a backup takes of it.
    pub coverage: Coverage,
}

impl Store {
    /// Returns the name by which settings, results and errors mean this store: `content` for the files of a volume,
    /// `db:mariadb` for a database server, `app:sqlite:/data/app.db` for a database in a file.
    pub fn id(&self) -> String {
        match self.product {
            Product::Files => {
                self.volume.clone().unwrap_or_else(|| format!("{}:{}", self.service, self.at))
            }
            Product::Sqlite => format!("{}:sqlite:{}", self.service, self.at),
            Product::Postgres
            | Product::MySql
            | Product::MariaDb
            | Product::Redis
            | Product::MongoDb
            | Product::ClickHouse
            | Product::S3 => format!("{}:{}", self.service, self.product.word()),
        }
    }
}

/// A server of data that is none of the products known here. The files of its volumes are stores all the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unrecognized {
    /// The service.
    pub service: ServiceName,
    /// What it is, by the name of its image.
    pub what: String,
}

/// What keeps data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Product {
    /// Files of a volume.
    Files,
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
    /// A SQLite database in a file.
    Sqlite,
    /// Redis, or a server that speaks like it.
    Redis,
    /// MongoDB: recognized, and nothing is planted in it.
    MongoDb,
    /// ClickHouse: recognized, and nothing is planted in it.
    ClickHouse,
    /// A server of objects over S3: recognized, and nothing is planted in it.
    S3,
}

impl Product {
    /// Every product.
    pub const ALL: [Self; 9] = [
        Self::Files,
        Self::Postgres,
        Self::MySql,
        Self::MariaDb,
        Self::Sqlite,
        Self::Redis,
        Self::MongoDb,
        Self::ClickHouse,
        Self::S3,
    ];

    /// Returns the word that settings and results use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
            Self::Sqlite => "sqlite",
            Self::Redis => "redis",
            Self::MongoDb => "mongodb",
            Self::ClickHouse => "clickhouse",
            Self::S3 => "s3",
        }
    }

    /// Returns whether it is a server that keeps tables, in which a row can be planted over SQL.
    pub const fn is_sql_server(self) -> bool {
        match self {
            Self::Postgres | Self::MySql | Self::MariaDb => true,
            Self::Files
            | Self::Sqlite
            | Self::Redis
            | Self::MongoDb
            | Self::ClickHouse
            | Self::S3 => false,
        }
    }

    /// Returns whether it is a server of data with a process of its own, not files that an app opens itself.
    pub const fn is_server(self) -> bool {
        match self {
            Self::Files | Self::Sqlite => false,
            Self::Postgres
            | Self::MySql
            | Self::MariaDb
            | Self::Redis
            | Self::MongoDb
            | Self::ClickHouse
            | Self::S3 => true,
        }
    }
}

/// Shows it as its makers write it.
impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Files => "files",
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
            Self::Redis => "Redis",
            Self::MongoDb => "MongoDB",
            Self::ClickHouse => "ClickHouse",
            Self::S3 => "S3",
        })
    }
}

/// What the recipe's labels say that a backup takes of a store. A claim, not a proof.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "coverage", rename_all = "kebab-case")]
pub enum Coverage {
    /// Its volume, whole.
    Whole,
    /// These paths of its volume, relative to the volume's root. For a database they hold a dump, if a hook makes one.
    Paths {
        /// The paths.
        paths: Vec<String>,
    },
    /// Nothing: why, as it fits after "not covered: ".
    Nothing {
        /// The reason.
        reason: String,
    },
}

/// A store of which no backup holds what it should, or of which nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Unprotected {
    /// The store, as [`Store::id`] names it; the service of one that is not recognized.
    pub store: String,
    /// How much it holds, where that could be seen.
    pub bytes: Option<u64>,
    /// What that means.
    pub status: Standing,
    /// Why: what the labels or the backup lack, who accepts it, or what cannot be looked into.
    pub reason: String,
}

/// How much a store holds, and whether it is as the install made it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct StoreSeen {
    /// The store, as [`Store::id`] names it.
    pub store: String,
    /// The volume that it lies in.
    pub volume: Option<String>,
    /// How much it holds, where that could be seen.
    pub bytes: Option<u64>,
    /// Whether it changed since the install, where that could be seen. What the harness plants counts as a change.
    pub changed: Option<bool>,
}

/// What it means that no backup holds a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is lost with the server.
    Unprotected,
    /// The recipe or the suite accepts that.
    Accepted,
    /// It may be in the backup: nothing here can look into it.
    Unrecognized,
}

impl Standing {
    /// Returns the word that results use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unprotected => "unprotected",
            Self::Accepted => "accepted",
            Self::Unrecognized => "unrecognized",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(product: Product, at: &str, volume: Option<&str>) -> Store {
        Store {
            product,
            service: ServiceName::try_from("db".to_owned()).expect("a service's name"),
            at: at.to_owned(),
            volume: volume.map(str::to_owned),
            coverage: Coverage::Whole,
        }
    }

    #[test]
    fn a_store_has_one_name_everywhere() {
        assert_eq!(store(Product::Files, "/data", Some("content")).id(), "content");
        assert_eq!(store(Product::MariaDb, "/var/lib/mysql", Some("mysql")).id(), "db:mariadb");
        assert_eq!(store(Product::Sqlite, "/d/a.db", Some("d")).id(), "db:sqlite:/d/a.db");
        for product in Product::ALL {
            assert_eq!(serde_json::to_value(product).unwrap(), product.word());
        }
        for standing in [Standing::Unprotected, Standing::Accepted, Standing::Unrecognized] {
            assert_eq!(serde_json::to_value(standing).unwrap(), standing.word());
        }
    }
}
