//! Markers: data of our own in every kind of store, without code for any recipe.
//!
//! A marker is planted, read after each event, and broken before a restore, so that its return proves something. All
//! three can be done again. A read waits until the store can be asked, and never for the right answer.
//!
//! Main items: [`Marker`], [`plant_all`], [`read_all`], [`break_all`].

mod act;
mod database;
mod error;
mod files;
mod keys;
mod planted;
mod seen;

pub use act::{break_all, break_it, plant, plant_all, read, read_all};
pub use error::MarkerError;
pub use planted::{BROKEN, Marker, is_marker_file};
pub use seen::untouched;

#[cfg(test)]
mod sample;
