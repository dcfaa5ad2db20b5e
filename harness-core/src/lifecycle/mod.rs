//! One run: plan → ops → tiers → teardown. Generic over [`crate::platform::Platform`] and [`Trials`]; says what
//! happens as events and nothing else. Main item: [`Job`].

mod job;
mod ops;
mod ready;
mod run;
mod stop;
mod teardown;
mod tiers;
mod trials;

pub use job::{Job, Keep, Limits, RecipeStates, defined_services};
pub use stop::StopSignal;
pub use trials::{Trials, TrialsEnded};
