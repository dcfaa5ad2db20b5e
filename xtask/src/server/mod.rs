//! The local server on an engine: network, certificates, router, backup bot, and the file that tells others of it.

mod backupbot;
mod certificates;
mod network;
mod router;
mod server_file;

pub(crate) use backupbot::{ensure_backupbot, remove_backupbot};
pub(crate) use certificates::{ensure_certificates, remove_certificates};
pub(crate) use network::{ensure_network, remove_network};
pub(crate) use router::{ensure_router, remove_router};
pub(crate) use server_file::{remove_server_file, write_server_file};

/// Apps get names under this.
pub(crate) const SUFFIX: &str = "ccci.test";

/// The label of everything that `up` makes on an engine.
const OURS: &str = "cc-ci.local-server=true";

/// The label that says how something was configured: another value, and it is made anew.
const CONFIG_HASH: &str = "cc-ci.config-hash";
