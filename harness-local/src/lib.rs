//! harness-local

pub mod abra;
pub mod bundle;
pub mod engine;
pub mod router;
