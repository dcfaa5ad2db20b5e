//! What the process has in memory, and loses when it ends: files of the container that no volume holds.

use harness_sso::fake::{Kind, Row};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::world::Inside;

/// Where it lies.
const MEMORY: &str = "/tmp/keycloak";

/// Returns what is remembered under a name.
pub(super) fn remembered<T: DeserializeOwned>(inside: &Inside<'_>, name: &str) -> Option<T> {
    serde_json::from_slice(inside.read(&format!("{MEMORY}/{name}.json"))?).ok()
}

/// Remembers something until the process ends.
pub(super) fn remember(inside: &mut Inside<'_>, name: &str, value: &impl Serialize) {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    let written = inside.write_new(&format!("{MEMORY}/{name}.json"), bytes);
    debug_assert!(written.is_ok(), "a container's own files can be written");
}

/// Forgets everything: a new process.
pub(super) fn forget_all(inside: &mut Inside<'_>) {
    for path in inside.below(MEMORY) {
        let removed = inside.remove(&path);
        debug_assert!(removed.is_ok(), "a container's own files can be removed");
    }
}

/// Returns when it serves.
pub(super) fn ready(inside: &Inside<'_>) -> Option<Timestamp> {
    remembered(inside, "ready")
}

/// Says when it serves.
pub(super) fn set_ready(inside: &mut Inside<'_>, at: Timestamp) {
    remember(inside, "ready", &at);
}

/// Returns the rows of a kind that are remembered.
pub(super) fn rows(inside: &Inside<'_>, kind: Kind) -> Vec<Row> {
    remembered(inside, name_of(kind)).unwrap_or_default()
}

/// Remembers these rows of a kind and no others.
pub(super) fn set_rows(inside: &mut Inside<'_>, kind: Kind, rows: &[Row]) {
    remember(inside, name_of(kind), &rows);
}

const fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Realm => "realms",
        Kind::Client => "clients",
        Kind::User => "users",
        Kind::Group => "groups",
        Kind::Role => "roles",
        Kind::Session => "sessions",
        Kind::Login => "logins",
        Kind::Code => "codes",
    }
}
