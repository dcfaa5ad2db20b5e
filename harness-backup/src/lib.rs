//! Data truth for backups: which stores an app has, markers in each of them, probes of what a backup made, a coverage
//! audit; in a crate of its own because it is of use to any backup tool.
//!
//! It builds on what a recipe's labels claim:
//!
//! ```
//! use harness_core::recipe::Compose;
//!
//! let text = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1\n    deploy:\n      labels:\n        - backupbot.backup=true\n";
//! let compose = Compose::parse("compose.yml", text).expect("a compose file");
//! assert!(compose.backup().enabled);
//! ```

mod audit;
pub mod client;
mod find;
mod home;
mod image;
mod listing;
pub mod marker;
pub mod probe;
mod reach;
pub mod snapshot;
mod sqlite;
mod stores;

pub use audit::{Audit, Audited, Held, Outside, audit};
pub use find::{Found, find};
pub use harness_core::ledger::{Age, Fate, LedgerEntry, LedgerEvent};
pub use harness_core::store::{Coverage, Product, Standing, Store, Unprotected, Unrecognized};
pub use home::data_directory;
pub use image::{product_of, product_of_image};
pub use listing::{Known, ListBy, ListedFile, Listing, is_part_of};
pub use marker::{Marker, MarkerError};
pub use reach::{Executed, Reach, ReachError};
pub use stores::{Stores, UnknownStore, stores};
