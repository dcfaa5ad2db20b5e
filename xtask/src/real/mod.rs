//! `cargo xtask test --real`: every recipe with a folder on a real engine, one after another, and a table of how it
//! went.

mod memory;
mod run;
mod table;

pub(crate) use run::run;
