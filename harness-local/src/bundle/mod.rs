//! Recipes that come with the program: made here, in the shape of real ones, for machines that reach no forge and
//! for tests that must be the same every time. Main functions: [`names`], [`build`].
//!
//! A bundled recipe is a folder below `recipes/` with a `repo.toml`, which tells its history commit by commit, and
//! the folders whose files the commits take. [`build`] makes a git repository of it; the same folder gives the same
//! commit ids every time. [`BROKEN`] says of the recipes that are broken on purpose how each of them must fail.

mod broken;
mod embedded;
mod history;
mod manifest;
mod repository;
mod stream;

pub use broken::{BROKEN, Broken, Ending, OnEngine, TRIED, WILD};
pub use embedded::names;
pub use history::HistoryError;
pub use manifest::InvalidManifest;
pub use repository::{BundleError, build};
