//! harness-core

pub mod name;
pub mod process;
pub mod secret;
