//! One run: plan → ops → tiers → teardown. Generic over [`crate::platform::Platform`] and [`Trials`]; says what
//! happens as events and nothing else. Main item: [`Job`].

mod asked;
mod attempts;
mod backup;
mod bounded;
mod defined;
mod disaster;
mod hooked;
mod job;
mod needed;
mod ops;
mod probes;
mod reach;
mod ready;
mod run;
mod stop;
mod taken_port;
mod teardown;
mod tiers;
mod trials;
mod warm;

#[cfg(test)]
mod backup_tests;
#[cfg(test)]
mod fake;
#[cfg(test)]
mod fake_platform;
#[cfg(test)]
mod needed_tests;
#[cfg(test)]
mod ops_tests;
#[cfg(test)]
mod probes_tests;
#[cfg(test)]
mod ready_tests;
#[cfg(test)]
mod run_tests;
#[cfg(test)]
mod steps_tests;
#[cfg(test)]
mod tiers_tests;
#[cfg(test)]
mod warm_tests;

pub(crate) use attempts::{Made, after, is_made_again, what_was_wrong};
pub(crate) use tiers::{Judged, TierEnd, judge, judge_step, silent};

pub use attempts::ATTEMPTS;
pub use defined::defined_services;
pub use disaster::ACROSS_VERSIONS;
pub use job::{Job, Keep, Limits, RecipeStates};
pub use needed::Needed;
pub use reach::Reach;
pub use stop::StopSignal;
pub use trials::{Trials, TrialsEnded};
