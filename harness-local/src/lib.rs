//! harness-local
