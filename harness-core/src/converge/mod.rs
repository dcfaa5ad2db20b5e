//! Decides from observations whether an app has converged: pure, shared by every platform. Main items: [`decide`],
//! [`Before`].

mod crash;
mod decide;
mod decided;
mod orphans;
mod paused;

pub use crash::{CRASHES_UNTIL_HOPELESS, SETTLED_AFTER};
pub use decide::{Before, decide};
pub use decided::Decided;
pub use orphans::orphans;
pub use paused::is_only_paused;

#[cfg(test)]
pub(crate) mod sample;
