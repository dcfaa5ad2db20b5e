//! harness-abra
