//! `homeserver.yaml`, as far as the stand-in goes by it. Main type: [`Config`].

use serde::Deserialize;

use super::DATA;
use crate::world::Inside;

/// What the configuration says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Config {
    pub(super) server_name: String,
    pub(super) database: Database,
    pub(super) signing_key_path: String,
    pub(super) media_store_path: String,
    /// Without it nobody is registered by a shared secret.
    pub(super) registration_shared_secret: Option<String>,
}

/// Where everything is kept.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Database {
    name: String,
    pub(super) args: Args,
}

/// How the database is reached.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Args {
    pub(super) host: String,
    pub(super) user: String,
    pub(super) password: String,
    pub(super) dbname: String,
}

impl Config {
    /// Reads it; the error is what the real one would print.
    pub(super) fn read(inside: &Inside<'_>) -> Result<Self, String> {
        let named = inside.env.get("SYNAPSE_CONFIG_PATH").cloned();
        let path = named.unwrap_or_else(|| format!("{DATA}/homeserver.yaml"));
        let bytes = inside.read(&path).ok_or_else(|| format!("there is no {path}"))?;
        let text = String::from_utf8_lossy(bytes);
        let config: Self = serde_saphyr::from_str(&text)
            .map_err(|e| format!("Error in configuration {path}: {e}"))?;
        if config.database.name == "psycopg2" {
            Ok(config)
        } else {
            Err(format!("the database {} is not played by a stand-in", config.database.name))
        }
    }
}
