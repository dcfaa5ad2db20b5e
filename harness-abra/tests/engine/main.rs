//! The crate against a real Docker Engine. Skipped loudly unless `CCCI_ENGINE_TESTS` is set; each test works in a
//! stack of its own and leaves nothing behind.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends with a panic; outside of test functions clippy cannot tell"
)]

mod inside;
mod observing;
mod platform;
mod recipe;
mod removal;
mod world;
