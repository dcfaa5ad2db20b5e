//! What Keycloak is told by its environment, and how it asks its database. Main types: [`Settings`], [`ask`].

use harness_sso::fake::Unavailable;
use serde::{Deserialize, Serialize};

use super::{Keycloak, memory};
pub(super) use crate::app::db::quoted;
use crate::app::db::{Login, NoRows, rows};
use crate::app::programs::Machine;
use crate::world::{Inside, Request};

/// What the process was started with.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Settings {
    /// Its own address, where it is told one.
    pub(super) base: String,
    /// Whom it makes the administrator of a new database, with a password.
    pub(super) admin: Option<(String, String)>,
    vendor: String,
    host: String,
    database: String,
    user: String,
    password: String,
}

impl Settings {
    /// Keeps what the process is started with: what a script exports is in no container's own environment. A new
    /// process remembers nothing else.
    pub(super) fn remember(inside: &mut Inside<'_>) {
        let of = |name: &str| inside.env.get(name).cloned().unwrap_or_default();
        let or = |name: &str, usual: &str| {
            let value = of(name);
            if value.is_empty() { usual.to_owned() } else { value }
        };
        let admin = (of("KC_BOOTSTRAP_ADMIN_USERNAME"), of("KC_BOOTSTRAP_ADMIN_PASSWORD"));
        let is_named = !admin.0.is_empty() && !admin.1.is_empty();
        let settings = Self {
            base: of("KC_HOSTNAME").trim_end_matches('/').to_owned(),
            admin: is_named.then_some(admin),
            vendor: or("KC_DB", "dev-file"),
            host: or("KC_DB_URL_HOST", "localhost"),
            database: or("KC_DB_URL_DATABASE", "keycloak"),
            user: of("KC_DB_USERNAME"),
            password: of("KC_DB_PASSWORD"),
        };
        memory::forget_all(inside);
        memory::remember(inside, "settings", &settings);
    }

    /// Returns what the process was started with, or why it cannot serve with it.
    pub(super) fn read(inside: &Inside<'_>) -> Result<Self, String> {
        let settings: Self = memory::remembered(inside, "settings")
            .ok_or_else(|| "it was never started".to_owned())?;
        if !["mariadb", "mysql"].contains(&settings.vendor.as_str()) {
            return Err(format!("the database {} is not played by a stand-in", settings.vendor));
        }
        Ok(settings)
    }

    /// Returns the address at which a request reaches it: its own, or the one that is asked for.
    pub(super) fn base_for(&self, request: &Request) -> String {
        if self.base.contains("://") {
            return self.base.clone();
        }
        let of = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let scheme = of("x-forwarded-proto").unwrap_or("http");
        let asked = of("x-forwarded-host").or_else(|| of("host")).unwrap_or("localhost");
        format!("{scheme}://{}", if self.base.is_empty() { asked } else { &self.base })
    }
}

/// Returns how many changes the tables of a version have behind them. The numbers are made up; that they differ is not.
pub(super) fn changes_of(version: &str) -> usize {
    let mut numbers = version.split('.').map(|n| n.parse::<usize>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    major * 4 + minor * 3
}

/// The tables that it makes, as far as they are played.
pub(super) const TABLES: &str = "CREATE TABLE REALM (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext);
    CREATE TABLE CLIENT (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext);
    CREATE TABLE USER_ENTITY (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext);
    CREATE TABLE KEYCLOAK_GROUP (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext);
    CREATE TABLE KEYCLOAK_ROLE (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext);
    CREATE TABLE OFFLINE_USER_SESSION (ID varchar(36) NOT NULL PRIMARY KEY, REALM_ID varchar(36), NAME varchar(255), DATA longtext)";

/// Asks the database; returns the rows of the last statement.
pub(super) fn ask(
    keycloak: &Keycloak,
    inside: &mut Inside<'_>,
    settings: &Settings,
    sql: &str,
) -> Result<Vec<Vec<String>>, Unavailable> {
    let login = Login {
        host: settings.host.clone(),
        port: 3306,
        user: settings.user.clone(),
        password: Some(settings.password.clone()),
        database: Some(settings.database.clone()),
    };
    rows(&mut Machine { image: keycloak, inside }, &login, sql).map_err(|why| {
        let Settings { host, user, .. } = settings;
        Unavailable(match why {
            NoRows::UnknownHost => format!("UnknownHostException: {host}"),
            NoRows::Nobody => format!("Connection refused: {host}:3306"),
            NoRows::Denied => format!("Access denied for user '{user}'"),
            NoRows::Failed(said) => said,
        })
    })
}
