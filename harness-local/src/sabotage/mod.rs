//! Apps that are broken on purpose, to see whether their suites notice. Main types: [`Sabotage`], [`Class`].
//!
//! A fault ([`crate::fault`]) asks whether the harness stands what happens around it; a sabotage asks whether a suite
//! has teeth. Each is named, changes one thing on the simulated server, and knows afterwards whether it came to
//! anything: one that found nothing to break proves nothing and is not counted. What the generic floor plants is
//! spared where that is possible, so that the suite must notice by itself.

mod answers;
mod classes;
mod conversations;
mod data;
mod saboteur;
mod what;

pub use classes::{CLASSES, Class, InvalidSabotage};
pub(crate) use conversations::Turn;
pub(crate) use data::Volumes;
pub use data::{Half, Parity, Which};
pub(crate) use saboteur::Saboteur;
pub use what::{Area, AtRestore, AtUpgrade, InAnswers, InBackup, InConversations, Sabotage};
