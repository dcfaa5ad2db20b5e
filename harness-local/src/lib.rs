//! harness-local

pub mod router;
