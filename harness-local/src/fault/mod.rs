//! What may go wrong on purpose: named, parameterised, composable. Main types: [`Fault`], [`What`], [`Kind`].
//!
//! A fault is written `name[:parameter][@where]`: `registry-429@prepull`, `crash-loop:3@upgrade`, `host-slow:10`,
//! `kill@event:417`. [`CLASSES`] is the one table of all of them: the help text, the reference in `docs/` and the
//! generator [`random`] are made from it. [`Faulty`] plays them on a simulated server; those of what an app needs begin
//! where [`Told`] hears that trials do.

mod amount;
mod at;
mod beside;
mod classes;
mod draw;
mod faulty;
mod orders;
mod parse;
mod platform;
mod script;
mod what;

pub use amount::{Amount, Parameter};
pub use at::{At, Phase, Places};
pub use beside::Told;
pub use classes::{CLASSES, Class, help};
pub use draw::{Shape, random};
pub use faulty::Faulty;
pub use parse::{Fault, InvalidFault};
pub use what::{Kind, What};

#[cfg(test)]
mod beside_tests;
#[cfg(test)]
mod play;
#[cfg(test)]
mod play_tests;
#[cfg(test)]
mod tests;
