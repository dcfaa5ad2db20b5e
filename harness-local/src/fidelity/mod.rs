//! Whether the engine in memory does what a Docker Engine does: scenarios that both play, and what is compared.
//!
//! [`scenarios`] are data. [`play`] takes one through a [`Side`] (the engine in memory is [`Memory`]; a test program
//! that may talk to a Docker Engine brings the other) and keeps a [`History`] of all that a harness could observe.
//! [`compare`] holds two histories against each other; [`page`] is the table of it all.

mod catalog;
mod compare;
mod history;
mod images;
mod memory;
mod page;
mod play;
mod scenario;
mod snapshot;

pub use catalog::scenarios;
pub use compare::{Difference, compare};
pub use history::{History, STABLE, Shown};
pub use images::Scripts;
pub use memory::{Memory, SEEDS};
pub use page::{SHOWN_ON, page, row};
pub use play::{PlayError, Side, outcome, play};
pub use scenario::{Act, Goal, Scenario, Step};

#[cfg(test)]
mod tests;
