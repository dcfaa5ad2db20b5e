//! SQLite files that an app's variables name. Main function: [`named_files`].

use harness_core::recipe::Service;

/// Endings that no other kind of file has.
const ENDINGS: &[&str] = &[".sqlite", ".sqlite3", ".db3"];

/// Ways in which a variable says that a path is one of a SQLite database.
const SCHEMES: &[&str] = &["sqlite+aiosqlite://", "sqlite3://", "sqlite://", "sqlite:", "file:"];

/// Returns the SQLite files that a service's variables name, by absolute path, each once. What a variable leaves open
/// (a relative path, a file's name alone) is not guessed.
pub(crate) fn named_files(service: &Service) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (name, value) in &service.environment {
        let Some(path) = value.as_deref().and_then(|value| named(name, value)) else { continue };
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

fn named(name: &str, value: &str) -> Option<String> {
    let plain = value.trim().split(['?', '#']).next().unwrap_or_default();
    let scheme = SCHEMES.iter().find(|s| plain.starts_with(**s)).copied().unwrap_or_default();
    let rest = plain.strip_prefix(scheme)?;
    // Some take three slashes for an absolute path, some four.
    let path = if scheme.is_empty() {
        rest.to_owned()
    } else {
        format!("/{}", rest.strip_prefix('/')?.trim_start_matches('/'))
    };
    let is_path = path.len() > 1
        && path.starts_with('/')
        && !path.ends_with('/')
        && !path.contains([':', ',', ' ', '$', '{', '*'])
        && !path.split('/').any(|part| part == "..");
    let name = name.to_ascii_uppercase();
    let of_database = ["SQLITE", "DATABASE", "DB"].iter().any(|word| name.contains(word));
    let is_database = scheme.starts_with("sqlite")
        || ENDINGS.iter().any(|ending| path.ends_with(ending))
        || (path.ends_with(".db") && of_database)
        || (name.contains("SQLITE") && path.rsplit('/').next().is_some_and(|f| f.contains('.')));
    (is_path && is_database).then_some(path)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("DATABASE_URL", "sqlite:////data/app.db", Some("/data/app.db"))]
    #[case("DATABASE_URL", "sqlite:///data/app.db?mode=rwc", Some("/data/app.db"))]
    #[case("DATABASE_URL", "sqlite3:///data/app", Some("/data/app"))]
    #[case("DATABASE_URL", "file:/app/data/kuma.db", Some("/app/data/kuma.db"))]
    #[case("GITEA__database__PATH", "/data/gitea/gitea.db", Some("/data/gitea/gitea.db"))]
    #[case("DRONE_DATABASE_DATASOURCE", "/data/database.sqlite", Some("/data/database.sqlite"))]
    #[case("PDS_ACCOUNT", "/pds/account.sqlite", Some("/pds/account.sqlite"))]
    #[case("SQLITE_FILE", "/data/store.dat", Some("/data/store.dat"))]
    #[case("DATABASE_URL", "sqlite://app.db", None)]
    #[case("DATABASE_URL", "postgres://db/app.db", None)]
    #[case("DATABASE_FILE", "app.db", None)]
    #[case("SQLITE_DIR", "/data", None)]
    #[case("SQLITE_ENABLED", "true", None)]
    #[case("GEOIP_FILE", "/data/GeoLite2.mmdb", None)]
    #[case("ALIASES", "/etc/postfix/aliases.db", None)]
    #[case("DB_PATH", "/data/../etc/x.db", None)]
    #[case("DB_PATH", "/data/${NAME}.db", None)]
    fn only_what_a_variable_says_is_taken(
        #[case] name: &str,
        #[case] value: &str,
        #[case] path: Option<&str>,
    ) {
        assert_eq!(named(name, value).as_deref(), path, "{name}={value}");
    }
}
