//! Databases, known by their images.

use std::fmt;

/// A database that keeps what an app must not lose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
    /// Redis, or one that speaks like it.
    Redis,
    /// MongoDB.
    Mongo,
}

impl Engine {
    /// Returns the database that an image is of, whoever made it.
    pub fn of_image(image: &str) -> Option<Self> {
        let plain = image.split('@').next().unwrap_or_default();
        let last = plain.rsplit('/').next().unwrap_or_default();
        match last.split(':').next().unwrap_or_default() {
            "postgres" | "postgresql" | "pgautoupgrade" | "pgvector" | "pgvecto-rs" | "postgis" => {
                Some(Self::Postgres)
            }
            "mysql" | "mysql-server" => Some(Self::MySql),
            "mariadb" => Some(Self::MariaDb),
            "redis" | "valkey" | "keydb" | "dragonfly" => Some(Self::Redis),
            "mongo" | "mongodb" => Some(Self::Mongo),
            _ => None,
        }
    }

    /// Returns whether a row of a table can be planted in it.
    pub const fn has_tables(self) -> bool {
        match self {
            Self::Postgres | Self::MySql | Self::MariaDb => true,
            Self::Redis | Self::Mongo => false,
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
            Self::Redis => "Redis",
            Self::Mongo => "MongoDB",
        })
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("mariadb:10.11.18", Some(Engine::MariaDb))]
    #[case("docker.io/library/postgres:16-alpine@sha256:0", Some(Engine::Postgres))]
    #[case("registry:5000/x/pgautoupgrade", Some(Engine::Postgres))]
    #[case("mysql", Some(Engine::MySql))]
    #[case("valkey/valkey:8", Some(Engine::Redis))]
    #[case("mongo:7", Some(Engine::Mongo))]
    #[case("nginx:1.26", None)]
    #[case("prodrigestivill/postgres-backup-local:16", None)]
    fn a_database_is_known_by_its_image(#[case] image: &str, #[case] engine: Option<Engine>) {
        assert_eq!(Engine::of_image(image), engine);
    }
}
