//! Data truth for backups: markers for each store, probes of dumps, a coverage audit; in a crate of its own because it
//! is of use to any backup tool.
//!
//! Nothing is here yet. It will build on what a recipe's labels claim:
//!
//! ```
//! use harness_core::recipe::Compose;
//!
//! let text = "version: \"3.8\"\nservices:\n  app:\n    image: nginx:1\n    deploy:\n      labels:\n        - backupbot.backup=true\n";
//! let compose = Compose::parse("compose.yml", text).expect("a compose file");
//! assert!(compose.backup().enabled);
//! ```
