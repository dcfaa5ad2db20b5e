//! Seeds and checks as libtest-mimic trials: all of one process are run by one worker, one after another.

mod list;
mod one;
mod panics;
mod session;

pub(crate) use list::{attached, unattached};
pub(crate) use panics::note_where_panics_happen;
