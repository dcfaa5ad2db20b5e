//! What the runner is told, with where each value comes from: flag > variable > file > default. Main type:
//! [`Settings`].

mod abra;
mod file;
mod resolve;

pub use abra::{NoAbra, check_abra};
pub use file::{FileError, ServerFile, SettingsFile};
pub use resolve::{Given, Provenance, Setting, Settings, SettingsError, state_dir};
