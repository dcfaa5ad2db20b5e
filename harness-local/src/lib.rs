//! harness-local

pub mod abra;
pub mod backupbot;
pub mod bundle;
pub mod engine;
pub mod router;
