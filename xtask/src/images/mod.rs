//! Local images for machines that reach no container registry: built from package registries, under the names that
//! recipes use, and only when their ingredients changed.
//!
//! An image of such a name that was not built here (a real one, pulled) is never touched: it is the better one.

mod base;
mod build;
mod crates;
mod drone;
mod ensure;
mod frontend;
mod ghost;
mod gitea;
mod go;
mod maven;
mod mirror;
mod npm;
mod prune;
mod pypi;
mod recipe_hash;
mod run;
mod table;

pub(crate) use ensure::{ensure_images, remove_images};
pub(crate) use run::{Args, run};
