//! What keeps data, known by its image, its command or its variables: one table for everyone. Main functions:
//! [`product_of_image`], [`product_of`].

use harness_core::recipe::Service;
use harness_core::store::Product;

/// Images by the last part of their names, whoever made them.
const IMAGES: &[(Product, &[&str])] = &[
    (
        Product::Postgres,
        &[
            "postgres",
            "postgresql",
            "postgresql-repmgr",
            "alpine-postgres",
            "pgautoupgrade",
            "postgres-autoupgrade",
            "pgvector",
            "pgvecto-rs",
            "vchord-postgres",
            "vchord-suite",
            "postgis",
            "alpine-postgis",
            "timescaledb",
            "timescaledb-ha",
            "percona-distribution-postgresql",
            "spilo",
            "citus",
            "immich-postgres",
            "zulip-postgresql",
        ],
    ),
    (
        Product::MySql,
        &[
            "mysql",
            "mysql-server",
            "alpine-mysql",
            "percona",
            "percona-server",
            "percona-xtradb-cluster",
        ],
    ),
    (Product::MariaDb, &["mariadb", "mariadb-galera", "alpine-mariadb"]),
    (
        Product::Redis,
        &[
            "redis",
            "redis-stack",
            "redis-stack-server",
            "valkey",
            "valkey-bundle",
            "keydb",
            "dragonfly",
            "garnet",
            "kvrocks",
        ],
    ),
    (
        Product::MongoDb,
        &[
            "mongo",
            "mongodb",
            "mongodb-community-server",
            "mongodb-enterprise-server",
            "percona-server-mongodb",
        ],
    ),
    (Product::ClickHouse, &["clickhouse", "clickhouse-server"]),
    (
        Product::S3,
        &[
            "minio",
            "garage",
            "amd64_garage",
            "arm64_garage",
            "seaweedfs",
            "cloudserver",
            "rustfs",
            "versitygw",
        ],
    ),
];

/// Servers of data that nothing here can plant in or look into, by the last part of their images' names.
const UNKNOWN: &[&str] = &[
    "arangodb",
    "cassandra",
    "cockroach",
    "consul",
    "couchbase",
    "couchdb",
    "elasticsearch",
    "etcd",
    "ferretdb",
    "influxdb",
    "manticore",
    "meilisearch",
    "memgraph",
    "neo4j",
    "openldap",
    "opensearch",
    "oxigraph",
    "prometheus",
    "qdrant",
    "rabbitmq",
    "rethinkdb",
    "scylla",
    "solr",
    "surrealdb",
    "tarantool",
    "typesense",
    "victoria-metrics",
    "virtuoso-opensource-7",
    "weaviate",
];

/// Programs that a service is told to start.
const PROGRAMS: &[(Product, &[&str])] = &[
    (Product::Postgres, &["postgres"]),
    (Product::MySql, &["mysqld"]),
    (Product::MariaDb, &["mariadbd", "mariadbd-safe"]),
    (Product::Redis, &["redis-server", "valkey-server", "keydb-server"]),
    (Product::MongoDb, &["mongod"]),
    (Product::ClickHouse, &["clickhouse-server"]),
    (Product::S3, &["minio", "garage"]),
];

/// Variables that only the server's own image reads, with where that image keeps its data: clients are given the same
/// passwords, so the variable alone says nothing.
const VARIABLES: &[(Product, &[&str], &[&str])] = &[
    (
        Product::Postgres,
        &["PGDATA", "POSTGRES_PASSWORD", "POSTGRES_PASSWORD_FILE", "POSTGRESQL_PASSWORD"],
        &["/var/lib/postgresql", "/var/lib/pgsql", "/bitnami/postgresql"],
    ),
    (
        Product::MariaDb,
        &["MARIADB_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD_FILE", "MARIADB_PASSWORD"],
        &["/var/lib/mysql", "/var/lib/mariadb", "/bitnami/mariadb"],
    ),
    (
        Product::MySql,
        &["MYSQL_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD_FILE", "MYSQL_PASSWORD"],
        &["/var/lib/mysql", "/bitnami/mysql"],
    ),
    (
        Product::MongoDb,
        &["MONGO_INITDB_ROOT_USERNAME", "MONGO_INITDB_DATABASE"],
        &["/data/db", "/bitnami/mongodb"],
    ),
    (Product::ClickHouse, &["CLICKHOUSE_DB", "CLICKHOUSE_USER"], &["/var/lib/clickhouse"]),
    (Product::S3, &["MINIO_ROOT_USER", "MINIO_ROOT_USER_FILE", "MINIO_ACCESS_KEY"], &["/data"]),
];

/// Returns what an image keeps data with, whoever made it.
pub fn product_of_image(image: &str) -> Option<Product> {
    let name = plain_name(image);
    IMAGES.iter().find(|(_, names)| names.contains(&name)).map(|(product, _)| *product)
}

/// Returns what a service keeps data with: by its image, else by the program that it is told to start, else by
/// variables that only such an image reads together with a volume where it keeps its data.
pub fn product_of(service: &Service) -> Option<Product> {
    let by_image = service.image.as_deref().and_then(product_of_image);
    by_image.or_else(|| by_command(service)).or_else(|| by_variables(service))
}

/// Returns the name of a server of data that nothing here can plant in, if the service is one.
pub(crate) fn unknown_server(service: &Service) -> Option<&'static str> {
    let name = plain_name(service.image.as_deref()?);
    UNKNOWN.iter().copied().find(|known| *known == name)
}

/// Returns the last part of an image's name, without tag and digest.
fn plain_name(image: &str) -> &str {
    let plain = image.split('@').next().unwrap_or_default();
    let last = plain.rsplit('/').next().unwrap_or_default();
    last.split(':').next().unwrap_or_default()
}

fn by_command(service: &Service) -> Option<Product> {
    let runtime = &service.runtime;
    let first = |words: &Option<Vec<String>>| words.iter().flatten().next().cloned();
    let words = [first(&runtime.entrypoint), first(&runtime.command)];
    words.iter().flatten().find_map(|word| {
        let program = word.rsplit('/').next().unwrap_or_default();
        PROGRAMS.iter().find(|(_, names)| names.contains(&program)).map(|(product, _)| *product)
    })
}

fn by_variables(service: &Service) -> Option<Product> {
    let has = |names: &[&str]| service.environment.iter().any(|(n, _)| names.contains(&n.as_str()));
    let keeps = |homes: &[&str]| {
        let written = service.mounts.iter().filter(|m| m.volume.is_some() && !m.read_only);
        let mut targets = written.map(|m| m.target.trim_end_matches('/'));
        targets.any(|t| homes.iter().any(|h| t.strip_prefix(h).is_some_and(is_end_of_part)))
    };
    let found = VARIABLES.iter().find(|(_, names, homes)| has(names) && keeps(homes));
    found.map(|(product, ..)| *product)
}

fn is_end_of_part(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

#[cfg(test)]
mod tests {
    use harness_core::recipe::Compose;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("mariadb:10.11.18", Some(Product::MariaDb))]
    #[case("docker.io/library/postgres:16-alpine@sha256:0", Some(Product::Postgres))]
    #[case("registry:5000/x/pgautoupgrade", Some(Product::Postgres))]
    #[case("pgautoupgrade/pgautoupgrade:16-alpine", Some(Product::Postgres))]
    #[case("ghcr.io/immich-app/postgres:14-vectorchord0.4.3", Some(Product::Postgres))]
    #[case("tensorchord/pgvecto-rs:pg14-v0.2.0@sha256:9", Some(Product::Postgres))]
    #[case("pgvector/pgvector:pg16", Some(Product::Postgres))]
    #[case("postgis/postgis:16-3.4", Some(Product::Postgres))]
    #[case("timescale/timescaledb-ha:pg16", Some(Product::Postgres))]
    #[case("bitnami/postgresql:16", Some(Product::Postgres))]
    #[case("mysql", Some(Product::MySql))]
    #[case("percona/percona-server:8.0", Some(Product::MySql))]
    #[case("percona/percona-server-mongodb:7", Some(Product::MongoDb))]
    #[case("lscr.io/linuxserver/mariadb:11", Some(Product::MariaDb))]
    #[case("valkey/valkey:8", Some(Product::Redis))]
    #[case("docker.dragonflydb.io/dragonflydb/dragonfly", Some(Product::Redis))]
    #[case("mongo:7", Some(Product::MongoDb))]
    #[case("clickhouse/clickhouse-server:24.3", Some(Product::ClickHouse))]
    #[case("quay.io/minio/minio:RELEASE.2024-01-01T00-00-00Z", Some(Product::S3))]
    #[case("dxflrs/garage:v1.0.0", Some(Product::S3))]
    #[case("nginx:1.26", None)]
    #[case("minio/mc", None)]
    #[case("ghost:6.44.1", None)]
    #[case("matrixdotorg/synapse:v1.149.1", None)]
    #[case("prodrigestivill/postgres-backup-local:16", None)]
    #[case("quay.io/prometheuscommunity/postgres-exporter", None)]
    #[case("oliver006/redis_exporter", None)]
    fn a_database_is_known_by_its_image(#[case] image: &str, #[case] product: Option<Product>) {
        assert_eq!(product_of_image(image), product);
    }

    #[rstest]
    #[case::command("command: postgres -c max_connections=300", Some(Product::Postgres))]
    #[case::entrypoint("entrypoint: [/usr/sbin/mysqld]", Some(Product::MySql))]
    #[case::args_of_an_app("command: node server.js postgres", None)]
    #[case::server(
        "environment: [POSTGRES_PASSWORD_FILE=/x]\n    volumes: ['v:/var/lib/postgresql/data']",
        Some(Product::Postgres)
    )]
    #[case::client("environment: [POSTGRES_PASSWORD_FILE=/x]\n    volumes: ['v:/data']", None)]
    #[case::reader(
        "environment: [POSTGRES_PASSWORD=x]\n    volumes: ['v:/var/lib/postgresql/data:ro']",
        None
    )]
    #[case::alike(
        "environment: [POSTGRES_PASSWORD=x]\n    volumes: ['v:/var/lib/postgresql-dumps']",
        None
    )]
    fn an_image_of_ones_own_is_known_by_what_it_is_told(
        #[case] lines: &str,
        #[case] product: Option<Product>,
    ) {
        let text =
            format!("services:\n  db:\n    image: example/own:1\n    {lines}\nvolumes: {{v: }}\n");
        let compose = Compose::parse("compose.yml", &text).unwrap();
        assert_eq!(product_of(&compose.services[0]), product);
    }

    #[test]
    fn no_name_stands_for_two_things() {
        let known = IMAGES.iter().flat_map(|(_, names)| names.iter());
        let all: Vec<_> = known.chain(UNKNOWN).collect();
        let unlike: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(all.len(), unlike.len());
    }
}
