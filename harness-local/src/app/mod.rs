//! Stand-ins: what plays the apps' images on the engine in memory. Main type: [`StandIns`].
//!
//! Every stand-in is deterministic and keeps nothing: what an app knows is in its container's files and volumes.
//! Scripts of recipes are run by a small `shell`, with the programs that they really use.

mod curl;
mod db;
mod files;
mod find;
mod generic;
mod ghost;
mod library;
mod nginx;
mod nginx_conf;
mod nginx_pages;
#[cfg(test)]
mod play;
mod programs;
mod shell;
mod sql;
mod streams;

pub use library::StandIns;
