//! Stand-ins: what plays the apps' images on the engine in memory. Main type: [`StandIns`].
//!
//! Every stand-in is deterministic and keeps nothing: what an app knows is in its container's files and volumes.
//! Scripts of recipes are run by a small `shell`, with the programs that they really use.
//!
//! A suite may bring stand-ins of its own: a file `stand_in.rs` in its folder (`recipe-tests/recipes/<recipe>/`) is
//! built into this crate and found by its place. It has `pub(crate) fn stand_ins() -> Vec<StandIn>`, each with the name
//! of an image and how one of a tag is made; what it does not do itself it gives to [`run_program`]. What is no one
//! recipe's own (databases, web servers) belongs here.

mod curl;
mod db;
mod files;
mod find;
mod generic;
mod library;
mod nginx;
mod nginx_cache;
mod nginx_conf;
mod nginx_pages;
#[cfg(test)]
mod play;
mod programs;
mod shell;
mod sql;
mod streams;
mod suites;

pub use library::{StandIn, StandIns};
pub use programs::run_program;
