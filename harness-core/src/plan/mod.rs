//! The plan: pure, printed by `cc-ci plan`, executed by a run; nothing decides again later. Main items: [`Plan`],
//! [`decide`].

mod base;
mod brings;
mod decide;

pub use base::{Base, NoBase, choose_base};
pub use brings::Brings;
pub use decide::{Across, Input, Plan, Planned, PlannedDependency, PlannedTier, decide};
