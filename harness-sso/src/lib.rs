//! harness-sso
