//! The runner of cc-ci: takes a recipe through its tiers on a platform and says what was proven.
//!
//! The binary `cc-ci` is a thin `main` around [`cli`]. An importer who wants the lifecycle without the command line
//! uses `harness_core::lifecycle::Job` with `harness_abra::Swarm`, and [`trials::TrialsProcess`] for the checks.

pub mod artefacts;
pub mod cli;
pub mod gc;
pub mod lease;
pub mod output;
pub mod prepare;
pub mod run;
pub mod settings;
pub mod signals;
pub mod source;
pub mod target;
pub mod trials;
