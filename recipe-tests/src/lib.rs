//! recipe-tests
