//! What Drone is started with. Main type: [`Settings`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::coded::digest;
use crate::world::Inside;

/// Where it is kept: a script exports some of it, which is in no container's own environment.
const KEPT: &str = "/tmp/drone/settings.json";

/// What Drone is started with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Settings {
    /// Its own address.
    pub(super) address: String,
    /// The address of its Gitea.
    pub(super) gitea: String,
    pub(super) client: String,
    pub(super) secret: String,
    /// Where its database is.
    pub(super) database: String,
    /// The account that it makes by itself.
    pub(super) create: BTreeMap<String, String>,
    /// What its sessions are sealed with: each start draws another one.
    pub(super) seal: String,
}

impl Settings {
    /// Reads the environment and keeps it until the next start.
    pub(super) fn keep(inside: &mut Inside<'_>) -> Self {
        let of = |name: &str, usual: &str| {
            let value = inside.env.get(name).cloned().unwrap_or_default();
            if value.is_empty() { usual.to_owned() } else { value }
        };
        let proto = of("DRONE_SERVER_PROTO", "http");
        let create = of("DRONE_USER_CREATE", "");
        let pairs = create.split(',').filter_map(|pair| pair.split_once(':'));
        let drawn = digest(&format!("{} {}", inside.now, of("DRONE_RPC_SECRET", "")));
        let settings = Self {
            address: format!("{proto}://{}", of("DRONE_SERVER_HOST", "localhost")),
            gitea: of("DRONE_GITEA_SERVER", "").trim_end_matches('/').to_owned(),
            client: of("DRONE_GITEA_CLIENT_ID", ""),
            secret: of("DRONE_GITEA_CLIENT_SECRET", ""),
            database: of("DRONE_DATABASE_DATASOURCE", "/data/database.sqlite"),
            create: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            seal: of("DRONE_COOKIE_SECRET", &drawn),
        };
        let bytes = serde_json::to_vec(&settings).unwrap_or_default();
        let written = inside.write_new(KEPT, bytes);
        debug_assert!(written.is_ok(), "a container's own files can be written");
        settings
    }

    /// Returns what it was started with.
    pub(super) fn read(inside: &Inside<'_>) -> Self {
        let kept = inside.read(KEPT).and_then(|bytes| serde_json::from_slice(bytes).ok());
        kept.unwrap_or_default()
    }
}
