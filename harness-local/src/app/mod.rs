//! Stand-ins: what plays the apps' images on the engine in memory. Main type: [`StandIns`].
//!
//! Every stand-in is deterministic and keeps nothing: what an app knows is in its container's files and volumes.
//! Scripts of recipes are run by a small `shell`, with the programs that they really use.

mod curl;
mod find;
mod generic;
mod library;
mod nginx;
mod nginx_conf;
mod nginx_pages;
mod programs;
mod shell;

pub use library::StandIns;
