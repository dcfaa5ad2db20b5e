//! A suite to begin with, proposed from the recipe's own files: what `cc-ci new` writes. Main items: [`Proposal`],
//! [`files`](fn@files).
//!
//! What is written compiles and is true: it checks what can be known from the files, and leaves out what only somebody
//! who knows the app can say. There is no custom check in it, so the level stays 3 until one is written.

mod files;
mod health;
mod parity;
mod proposal;
mod settings;
mod suite;

pub use files::{File, files};
pub use proposal::{Database, Port, Proposal, Volume};
