//! The plan: pure, printed by `cc-ci plan`, executed by a run; nothing decides again later. Main items: [`Plan`],
//! [`decide`].

mod base;
mod decide;

pub use base::{Base, NoBase, choose_base};
pub use decide::{Input, Plan, Planned, PlannedTier, decide};
