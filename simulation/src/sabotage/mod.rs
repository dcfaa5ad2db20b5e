//! Whether a suite has teeth: its app is sabotaged in one way at a time, and the suite must end red. Main functions:
//! [`measure`], [`explained`].

mod cli;
mod explained;
mod score;

pub(crate) use cli::{Args, run};
pub use explained::{Explained, InvalidExplanation, explained};
pub use score::{End, NotGreen, Outcome, Score, measure};
