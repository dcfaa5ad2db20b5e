//! harness-backup
