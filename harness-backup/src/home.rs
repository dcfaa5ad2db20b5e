//! Where a database server keeps its data. Main function: [`data_directory`].

use harness_core::recipe::Service;
use harness_core::store::Product;

/// From this major version on, PostgreSQL's own image keeps data in a folder named for the version.
const VERSIONED: u32 = 18;

/// Returns the data directory of a database server in its container: by variables and the command where they say it,
/// else where its image has it. None for what is no server with such a directory.
pub fn data_directory(product: Product, service: &Service) -> Option<String> {
    let image = service.image.as_deref().unwrap_or_default();
    let bitnami = image.contains("bitnami");
    let of_image = |bitnamis: &str, official: &str| {
        if bitnami { bitnamis.to_owned() } else { official.to_owned() }
    };
    let home = match product {
        Product::Files | Product::Sqlite => return None,
        Product::Postgres => variable(service, "PGDATA").unwrap_or_else(|| postgres(image)),
        Product::MySql => option(service, "--datadir")
            .unwrap_or_else(|| of_image("/bitnami/mysql/data", "/var/lib/mysql")),
        Product::MariaDb if image.contains("linuxserver/") => "/config/databases".to_owned(),
        Product::MariaDb => option(service, "--datadir")
            .unwrap_or_else(|| of_image("/bitnami/mariadb/data", "/var/lib/mysql")),
        Product::Redis => {
            option(service, "--dir").unwrap_or_else(|| of_image("/bitnami/redis/data", "/data"))
        }
        Product::MongoDb => option(service, "--dbpath")
            .unwrap_or_else(|| of_image("/bitnami/mongodb/data/db", "/data/db")),
        Product::ClickHouse => of_image("/bitnami/clickhouse/data", "/var/lib/clickhouse"),
        Product::S3 if image.contains("garage") => "/var/lib/garage/data".to_owned(),
        Product::S3 => variable(service, "MINIO_VOLUMES")
            .or_else(|| served_folder(service))
            .unwrap_or_else(|| of_image("/bitnami/minio/data", "/data")),
    };
    let home = home.trim_end_matches('/');
    (home.starts_with('/') && !home.contains(['$', '{'])).then(|| home.to_owned())
}

fn postgres(image: &str) -> String {
    if image.contains("bitnami") {
        return "/bitnami/postgresql/data".to_owned();
    }
    if image.contains("timescaledb-ha") {
        return "/home/postgres/pgdata/data".to_owned();
    }
    let plain = image.split('@').next().unwrap_or_default();
    let (name, tag) = plain.rsplit_once(':').unwrap_or((plain, ""));
    let digits: String = tag.chars().take_while(char::is_ascii_digit).collect();
    let is_official = name.rsplit('/').next() == Some("postgres") && !name.contains("immich");
    match digits.parse::<u32>() {
        Ok(major) if is_official && major >= VERSIONED => {
            format!("/var/lib/postgresql/{major}/docker")
        }
        Ok(_) | Err(_) => "/var/lib/postgresql/data".to_owned(),
    }
}

fn variable(service: &Service, name: &str) -> Option<String> {
    let value = service.environment.iter().find(|(n, _)| n == name)?.1.clone()?;
    (!value.is_empty()).then_some(value)
}

/// Returns the value of an option on the command line, after `=` or as the next word.
fn option(service: &Service, name: &str) -> Option<String> {
    let words = service.runtime.command.as_deref().unwrap_or_default();
    let at = words.iter().position(|w| w == name || w.strip_prefix(name).is_some_and(is_value))?;
    match words[at].strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
        Some(value) => Some(value.to_owned()),
        None => words.get(at + 1).cloned(),
    }
}

fn is_value(rest: &str) -> bool {
    rest.starts_with('=')
}

/// Returns the folder of `server /data`.
fn served_folder(service: &Service) -> Option<String> {
    let words = service.runtime.command.as_deref().unwrap_or_default();
    let after = words.iter().skip_while(|word| *word != "server").skip(1);
    after.into_iter().find(|word| word.starts_with('/')).cloned()
}

#[cfg(test)]
mod tests {
    use harness_core::recipe::Compose;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Product::Postgres, "image: postgres:15.18", Some("/var/lib/postgresql/data"))]
    #[case(Product::Postgres, "image: postgres:18-alpine", Some("/var/lib/postgresql/18/docker"))]
    #[case(Product::Postgres, "image: postgres:latest", Some("/var/lib/postgresql/data"))]
    #[case(Product::Postgres, "image: pgvector/pgvector:pg18", Some("/var/lib/postgresql/data"))]
    #[case(
        Product::Postgres,
        "image: postgres:18\n    environment: [PGDATA=/var/lib/postgresql/data/pgdata/]",
        Some("/var/lib/postgresql/data/pgdata")
    )]
    #[case(Product::Postgres, "image: bitnami/postgresql:16", Some("/bitnami/postgresql/data"))]
    #[case(Product::Postgres, "image: x:1\n    environment: ['PGDATA=${WHERE}']", None)]
    #[case(Product::MariaDb, "image: mariadb:11", Some("/var/lib/mysql"))]
    #[case(
        Product::MySql,
        "image: mysql:8\n    command: mysqld --datadir=/srv/my",
        Some("/srv/my")
    )]
    #[case(
        Product::MySql,
        "image: mysql:8\n    command: mysqld --datadir /srv/my",
        Some("/srv/my")
    )]
    #[case(Product::Redis, "image: redis:7", Some("/data"))]
    #[case(Product::MongoDb, "image: mongo:7", Some("/data/db"))]
    #[case(
        Product::S3,
        "image: minio/minio\n    command: server --console-address :9001 /export",
        Some("/export")
    )]
    #[case(Product::Files, "image: nginx:1", None)]
    fn a_server_keeps_its_data_where_it_is_told_to(
        #[case] product: Product,
        #[case] lines: &str,
        #[case] home: Option<&str>,
    ) {
        let text = format!("services:\n  db:\n    {lines}\n");
        let compose = Compose::parse("compose.yml", &text).unwrap();
        assert_eq!(data_directory(product, &compose.services[0]).as_deref(), home);
    }
}
