//! The core of cc-ci: what a run is, decided and waited for, without knowing where apps run.
//!
//! Start at [`platform::Platform`] (where apps run), [`plan`] (what will be done), [`converge`] (whether it is up)
//! and [`process`] (the one way to start a command). Nothing here prints, exits, or reads the environment, except
//! [`process::BaseEnv::capture`] on behalf of a binary's `main`.

pub mod cause;
pub mod census;
pub mod chain;
pub mod converge;
pub mod event;
pub mod http;
pub mod lifecycle;
pub mod lint;
pub mod name;
pub mod observation;
pub mod plan;
pub mod platform;
pub mod process;
pub mod recipe;
pub mod report;
pub mod run_file;
pub mod secret;
pub mod suite;
pub mod tier;
pub mod wait;
