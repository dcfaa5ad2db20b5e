//! Seeds and checks as they are run: as libtest-mimic trials of a process of their own, by one worker, one after
//! another, or in the process and the task of the run that asks for them.

mod in_process;
mod list;
mod one;
mod panics;
mod session;

pub use in_process::TrialsInProcess;
#[cfg(test)]
pub(crate) use list::trials_of;
pub(crate) use list::{Phases, attached, of_every_tier, unattached};
pub(crate) use panics::note_where_panics_happen;
